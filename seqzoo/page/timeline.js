"use strict";
document.querySelectorAll(".timeline").forEach(zoomable);

function zoomable(box, number) {
  const data = JSON.parse(box.querySelector("script").textContent);
  const times = moments(data.times), count = times.length, first = times[0], last = times[count - 1];
  if (count < 3 || last <= first) return;
  const svg = box.querySelector("svg"), plot = svg.querySelector(".plot"), told = box.querySelector("output");
  const strip = svg.cloneNode(false), height = 270, left = 62, right = 10, top = 24, bottom = 26, small = 44;
  let view = [first, last], width = 1000, held = null;
  const pointers = new Map();

  strip.setAttribute("class", "strip");
  strip.setAttribute("aria-hidden", "true");
  svg.after(strip);
  const buttons = document.createElement("span");
  buttons.className = "buttons";
  for (const [text, name, act] of [["−", "zoom out", () => zoom(2)], ["+", "zoom in", () => zoom(0.5)],
    ["◀", "earlier", () => move(-0.3)], ["▶", "later", () => move(0.3)], ["all", "show all", () => show(first, last)]]) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: text, title: name, onclick: act });
    button.setAttribute("aria-label", name);
    buttons.append(button);
  }
  box.prepend(buttons);
  box.classList.add("live");

  function moments(said) {
    if (said.labels) return said.labels.map((_, i) => i);
    const found = [said.start];
    if (said.steps) for (const step of said.steps) found.push(found[found.length - 1] + step * said.unit);
    else while (found.length < said.count) found.push(found[0] + found.length * said.unit);
    return found;
  }
  function place(moment) { // the number of the first moment that is not before it
    let low = 0, high = count;
    while (low < high) { const middle = (low + high) >> 1; if (times[middle] < moment) low = middle + 1; else high = middle; }
    return low;
  }
  const across = (moment, [a, b] = view) => left + (moment - a) / (b - a) * (width - left - right);
  const back = (x) => view[0] + (x - left) / (width - left - right) * (view[1] - view[0]);
  const shortest = Math.max((last - first) / count * 4, 1e-9);

  function columns(low, high, range) { // runs without gaps of [x, least, largest], one for each unit of the picture
    const runs = [[]], a = Math.max(0, place(range[0]) - 1), b = Math.min(count - 1, place(range[1]));
    for (let i = a; i <= b; i++) {
      let run = runs[runs.length - 1];
      if (low[i] == null || high[i] == null) { if (run.length) runs.push([]); continue; }
      const x = across(times[i], range), before = run[run.length - 1];
      if (before && Math.floor(before[0]) === Math.floor(x)) {
        before[1] = Math.min(before[1], low[i]); before[2] = Math.max(before[2], high[i]);
      } else run.push([x, low[i], high[i]]);
    }
    return runs.filter((run) => run.length);
  }
  const at = ([x, value], up) => x.toFixed(1) + "," + up(value).toFixed(1);
  function line(run, up) {
    const ends = run.flatMap(([x, a, b]) => a === b ? [[x, a]] : [[x, a], [x, b]]);
    return "M" + ends.map((end) => at(end, up)).join("L") + (ends.length === 1 ? "h0.1" : "");
  }
  const area = (run, up) => "M" + [...run.map(([x, a]) => [x, a]), ...run.map(([x, , b]) => [x, b]).reverse()]
    .map((end) => at(end, up)).join("L") + "Z";

  function picture(range, from, to, axes) {
    const lines = data.lines.map(([, values]) => columns(values, values, range));
    const bands = data.band ? columns(data.band[1], data.band[2], range) : [];
    let low = Infinity, high = -Infinity;
    for (const run of [...lines.flat(), ...bands]) for (const [, a, b] of run) { low = Math.min(low, a); high = Math.max(high, b); }
    if (low > high) [low, high] = [0, 1];
    const more = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
    [low, high] = [low < 0 ? low - more : Math.max(0, low - more), high + more];
    const up = (value) => from + (value - low) / (high - low) * (to - from);
    let text = axes ? sides(low, high, up) + along(range) : "";
    text += `<clipPath id="clip${number}"><rect x="${left}" width="${width - left - right}" height="${height}"/></clipPath><g clip-path="url(#clip${number})">`;
    if (bands.length) text += `<path class="band" d="${bands.map((run) => area(run, up)).join("")}"/>`;
    lines.forEach((runs, i) => { text += `<path class="line thin s${i % 6}" d="${runs.map((run) => line(run, up)).join("")}"/>`; });
    text += "</g>";
    const future = data.from === null ? -1 : across(times[data.from], range);
    if (future > left && future < width - right) text += `<path class="diagonal" d="M${future},${to}V${from}"/>` +
      (axes ? `<text class="tick" x="${future - 5}" y="${to + 10}" text-anchor="end">the future →</text>` : "");
    return text;
  }
  function sides(low, high, up) {
    const power = 10 ** Math.floor(Math.log10((high - low) / 5));
    const step = power * [1, 2, 5, 10].find((m) => power * m >= (high - low) / 5 * 0.999);
    let text = "";
    for (let i = Math.ceil(low / step); i * step <= high; i++) {
      const y = up(i * step).toFixed(1);
      text += `<path class="grid" d="M${left},${y}H${width - right}"/>` +
        `<text class="tick" x="${left - 7}" y="${+y + 4}" text-anchor="end">${short(i * step || 0)}</text>`;
    }
    return text;
  }
  const short = (v) => Math.abs(v) >= 1e9 ? +(v / 1e9).toPrecision(5) + "G" : Math.abs(v) >= 1e6 ?
    +(v / 1e6).toPrecision(5) + "M" : (+v.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 6 });
  function along([a, b]) {
    const most = Math.max(2, Math.floor((width - left) / 105)), span = (b - a) / most, ticks = [];
    const steps = data.times.labels ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 2e4, 5e4] :
      [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 1209600];
    const step = steps.find((one) => one >= span);
    if (step) for (let t = Math.ceil(a / step) * step; t <= b; t += step) ticks.push([t, written(t, step)]);
    else {
      const months = [1, 3, 6, 12, 24, 60, 120, 240, 600].find((one) => one >= span / 2629746) || 1200, from = new Date(a * 1000);
      const start = (month) => Date.UTC(Math.floor(month / 12), month % 12) / 1000;
      let month = Math.ceil((from.getUTCFullYear() * 12 + from.getUTCMonth()) / months) * months;
      for (; start(month) <= b; month += months)
        if (start(month) >= a) ticks.push([start(month), new Date(start(month) * 1000).toISOString().slice(0, months >= 12 ? 4 : 7)]);
    }
    return ticks.map(([t, text]) => `<text class="tick" x="${Math.min(across(t), width - 34)}" y="${height - 8}" text-anchor="middle">${text}</text>`).join("");
  }
  function written(moment, step) {
    if (data.times.labels) return String(moment);
    const text = new Date(moment * 1000).toISOString();
    return step >= 86400 ? text.slice(0, 10) : step >= 60 ? text.slice(5, 16).replace("T", " ") : text.slice(11, 19);
  }

  function draw() {
    width = Math.max(300, svg.clientWidth || 1000);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    strip.setAttribute("viewBox", `0 0 ${width} ${small}`);
    plot.innerHTML = picture(view, height - bottom, top, true) + '<path class="cursor"/>';
    const [a, b] = view.map((end) => across(end, [first, last]));
    strip.innerHTML = picture([first, last], small - 3, 3, false) +
      `<rect class="window" x="${a}" y="1" width="${Math.max(3, b - a)}" height="${small - 2}" rx="3"/>`;
  }
  let waiting = false;
  function soon() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); });
  }
  function show(a, b) {
    const span = Math.min(last - first, Math.max(shortest, b - a));
    const from = Math.min(last - span, Math.max(first, (a + b - span) / 2));
    view = [from, from + span];
    soon();
  }
  const zoom = (by, around = (view[0] + view[1]) / 2) => show(around - (around - view[0]) * by, around + (view[1] - around) * by);
  const move = (by) => { const step = by * (view[1] - view[0]); const a = Math.min(last - (view[1] - view[0]), Math.max(first, view[0] + step)); show(a, a + view[1] - view[0]); };

  function read(x) {
    let i = Math.min(count - 1, place(back(x)));
    if (i && back(x) - times[i - 1] < times[i] - back(x)) i--;
    const stamp = data.times.labels ? data.times.labels[i] : new Date(times[i] * 1000).toISOString().slice(0, 16).replace("T", " ").replace(" 00:00", "");
    const number = (v) => v == null ? "–" : v.toLocaleString("en", { maximumSignificantDigits: 5 });
    const parts = data.lines.map(([name, values]) => `${name} ${number(values[i])}`);
    if (data.band && data.band[1][i] != null) parts.push(`${data.band[0]} ${number(data.band[1][i])} to ${number(data.band[2][i])}`);
    told.textContent = [stamp, ...parts].join("  ·  ");
    const line = plot.querySelector(".cursor");
    if (line) line.setAttribute("d", `M${across(times[i]).toFixed(1)},${top}V${height - bottom}`);
  }
  const inside = (event, element) => (event.clientX - element.getBoundingClientRect().left) * width / element.getBoundingClientRect().width;

  svg.addEventListener("pointerdown", (event) => {
    box.focus({ preventScroll: true });
    pointers.set(event.pointerId, inside(event, svg));
    svg.setPointerCapture(event.pointerId);
    held = { x: inside(event, svg), view: [...view], touch: event.pointerType !== "mouse", spread: spread() };
  });
  const spread = () => { const [a, b] = [...pointers.values()]; return b === undefined ? 0 : Math.abs(a - b); };
  svg.addEventListener("pointermove", (event) => {
    const x = inside(event, svg);
    if (pointers.has(event.pointerId)) pointers.set(event.pointerId, x);
    if (pointers.size === 2 && held.spread > 10) {
      const by = held.spread / Math.max(10, spread()), [a, b] = held.view, middle = (a + b) / 2;
      return show(middle - (middle - a) * by, middle + (b - middle) * by);
    }
    if (held && held.touch) {
      const by = (held.x - x) / (width - left - right) * (held.view[1] - held.view[0]), span = held.view[1] - held.view[0];
      const a = Math.min(last - span, Math.max(first, held.view[0] + by));
      return show(a, a + span);
    }
    read(x);
    if (held) {
      const [a, b] = [held.x, x].sort((one, two) => one - two);
      let mark = plot.querySelector(".window");
      if (!mark) plot.insertAdjacentHTML("beforeend", `<rect class="window" y="${top}" height="${height - top - bottom}"/>`);
      mark = plot.querySelector(".window");
      mark.setAttribute("x", a); mark.setAttribute("width", b - a);
    }
  });
  function released(event) {
    const x = inside(event, svg);
    pointers.delete(event.pointerId);
    if (held && !held.touch && Math.abs(x - held.x) > 6) { const [a, b] = [back(held.x), back(x)].sort((one, two) => one - two); show(a, b); }
    else if (held && held.touch && Math.abs(x - held.x) < 6) read(x);
    held = null;
  }
  svg.addEventListener("pointerup", released);
  svg.addEventListener("pointercancel", (event) => { pointers.delete(event.pointerId); held = null; });
  svg.addEventListener("dblclick", () => show(first, last));
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page must go on scrolling
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, back(inside(event, svg)));
  }, { passive: false });
  function brush(event) {
    if (!event.buttons) return;
    const middle = first + (inside(event, strip) - left) / (width - left - right) * (last - first), span = view[1] - view[0];
    const a = Math.min(last - span, Math.max(first, middle - span / 2));
    show(a, a + span);
  }
  strip.addEventListener("pointerdown", (event) => {
    strip.setPointerCapture(event.pointerId);
    if (view[1] - view[0] >= last - first) view = [first, first + (last - first) / 8];
    brush(event);
  });
  strip.addEventListener("pointermove", brush);
  box.addEventListener("keydown", (event) => {
    const act = { "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2),
      Home: () => move(-1e6), End: () => move(1e6), 0: () => show(first, last), Escape: () => show(first, last) }[event.key];
    if (act && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); act(); }
  });
  told.textContent = "Point at the picture to read a moment.";
  addEventListener("beforeprint", () => { view = [first, last]; draw(); });
  new ResizeObserver(soon).observe(svg);
  draw();
}

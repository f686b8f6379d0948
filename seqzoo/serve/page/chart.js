// What was observed, and what comes next, as one picture.

const WIDTH = 720, HEIGHT = 260, LEFT = 56, RIGHT = 12, TOP = 10, BOTTOM = 26;

function draw(tag, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

/** An SVG of one series: times, observed, forecast rows with "80% low" and the like. */
export function chart({ times, observed, forecast }) {
  const begin = Math.max(0, observed.length - Math.max(40, 4 * forecast.length));
  const past = observed.slice(begin), steps = past.length + forecast.length;
  const names = Object.keys(forecast[0]);
  const levels = names.filter((name) => name.endsWith(" low")).map((name) => name.slice(0, -" low".length)).reverse();
  const all = [...past.filter((value) => value !== null), ...forecast.flatMap((row) => names.map((name) => row[name]).filter((value) => typeof value === "number"))];
  const low = Math.min(...all), high = Math.max(...all, low + 1e-9);
  const x = (i) => LEFT + (i * (WIDTH - LEFT - RIGHT)) / Math.max(1, steps - 1);
  const y = (value) => HEIGHT - BOTTOM - ((value - low) * (HEIGHT - TOP - BOTTOM)) / (high - low);
  const at = (i, value) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`;
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "observed values, then the forecast with its intervals" });
  for (const value of [low, (low + high) / 2, high]) {
    svg.append(draw("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }));
    svg.append(draw("text", { class: "tick", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value.toPrecision(4)));
  }
  const ahead = forecast.map((row, i) => past.length + i);
  for (const level of levels) {
    const up = forecast.map((row, i) => at(ahead[i], row[`${level} high`]));
    const down = forecast.map((row, i) => at(ahead[i], row[`${level} low`])).reverse();
    svg.append(draw("polygon", { class: "band", points: [...up, ...down].join(" ") }));
  }
  const seen = past.map((value, i) => (value === null ? "" : at(i, value))).filter(Boolean);
  svg.append(draw("polyline", { class: "line s5", points: seen.join(" ") }));
  svg.append(draw("polyline", { class: "line s0", points: [seen.at(-1), ...forecast.map((row, i) => at(ahead[i], row.forecast))].join(" ") }));
  svg.append(draw("text", { class: "tick", x: LEFT, y: HEIGHT - 6 }, times[begin]));
  svg.append(draw("text", { class: "tick", x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, forecast.at(-1).time));
  return svg;
}

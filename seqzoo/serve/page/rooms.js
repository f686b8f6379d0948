// A panel for each room: what is asked, and how an answer looks. Each function takes a model and gives elements.

import { ask, complain, latest, make, settled, stream } from "/page/app.js";
import { chart } from "/page/chart.js";
import { fileOf, recorder } from "/page/sound.js";

const percent = (share) => `${(100 * share).toFixed(1)}%`;

function field(label, element) {
  return make("p", { class: "field" }, make("label", { for: element.id }, label), element);
}

function area(id, text, oninput, rows = 4) {
  const box = make("textarea", { id, rows, spellcheck: "false", oninput });
  box.value = text;
  return box;
}

function result(id = "answer") {
  return make("div", { id, class: "answer", "aria-live": "polite" });
}

// --- texts ------------------------------------------------------------------------------------------

function bars(probabilities) {
  const rows = Object.entries(probabilities).sort((a, b) => b[1] - a[1]).slice(0, 6);
  return make("div", { class: "bars" }, ...rows.map(([name, share]) =>
    make("div", {}, make("span", {}, name), make("progress", { max: 1, value: share, "aria-label": name }), make("span", { class: "n" }, percent(share)))));
}

function moved(words, top) {
  const largest = Math.max(...words.map(([, weight]) => Math.abs(weight)), 1e-9);
  const spans = words.flatMap(([word, weight]) => {
    const strength = Math.min(10, Math.ceil((10 * Math.abs(weight)) / largest));
    const told = `${weight >= 0 ? "+" : "−"}${percent(Math.abs(weight))} for ${top}`;
    return [make("span", { class: `${weight >= 0 ? "for" : "against"}${strength}`, title: told }, word), " "];
  });
  return make("p", { class: "words" }, ...spans);
}

/** A box that is asked about as it is typed into: `show` makes elements of an answer. */
function typed(model, question, show, rows = 4) {
  const out = result();
  const work = latest(async (signal) => {
    if (!box.value.trim()) return out.replaceChildren();
    out.replaceChildren(...show(await ask(model, { text: box.value, ...question }, signal)));
  });
  const box = area("text", model.example.text, settled(work), rows);
  work();
  return [field("A text", box), out];
}

function classify(model) {
  return typed(model, { explain: true }, (said) => {
    const head = make("p", { class: "label" }, make("b", {}, said.label), ` ${percent(said.confidence)}`);
    if (!said.words) return [head, bars(said.probabilities), make("p", { class: "soft" }, "The model knows no word of this.")];
    const key = make("p", { class: "soft" }, make("span", { class: "for6" }, `speaks for ${said.top}`), " ", make("span", { class: "against6" }, "speaks against it"));
    return [head, bars(said.probabilities), moved(said.words, said.top), key];
  });
}

function tag(model) {
  return typed(model, {}, (said) => {
    const kinds = [...new Set(said.spans.map((span) => span.kind))].sort();
    const letters = [...said.text]; // the service counts code points, JavaScript half of some
    const parts = [];
    let place = 0;
    for (const span of said.spans) {
      parts.push(letters.slice(place, span.start).join(""));
      const colour = kinds.indexOf(span.kind) % 6;
      parts.push(make("mark", { class: `k${colour}`, title: percent(span.confidence) }, span.text, make("small", {}, span.kind)));
      place = span.end;
    }
    return [make("p", { class: "words" }, ...parts, letters.slice(place).join(""))];
  });
}

function translate(model) {
  return typed(model, { explain: true }, (said) => {
    const parts = [make("p", { class: "label", id: "translation" }, said.text)];
    if (!said.known) parts.push(make("p", { class: "soft" }, "The model knows no letter of this: it is given back."));
    for (const sentence of said.attention || []) parts.push(looked(sentence));
    if (said.attention?.length) parts.push(make("p", { class: "soft" }, "Point at a word, or reach it with Tab, to see what was looked at while it was written."));
    return parts;
  }, 3);
}

function looked({ source, target, shares }) {
  const above = source.map((word) => make("span", { class: "source" }, word));
  const shade = (i) => above.forEach((span, j) => {
    span.className = i === null ? "source" : `source h${Math.round(10 * shares[i][j])}`;
    span.title = i === null ? "" : percent(shares[i][j]);
  });
  const below = target.map((word, i) => make("span", {
    class: "target", tabindex: 0, onpointerenter: () => shade(i), onfocus: () => shade(i), onpointerleave: () => shade(null), onblur: () => shade(null),
  }, word));
  return make("div", { class: "attention" }, make("p", {}, ...above), make("p", {}, ...below));
}

// --- texts that go on ------------------------------------------------------------------------------

function generate(model) {
  const out = make("pre", { id: "answer", class: "passage", "aria-live": "polite" });
  const mean = make("output", { id: "mean", class: "soft" });
  const prime = area("prime", model.prime, () => {}, 2);
  const heat = make("input", { id: "temperature", type: "range", min: 0, max: 1.5, step: 0.05, value: model.temperature, oninput: () => shown() });
  const told = make("output", { for: "temperature" });
  const length = make("input", { id: "length", type: "number", min: 1, max: 2000, value: Math.min(model.length, 2000) });
  const seed = make("input", { id: "seed", type: "number", min: 0, value: 0 });
  const shown = () => (told.textContent = Number(heat.value).toFixed(2));
  let stop = null;
  const button = make("button", { id: "write", onclick: () => (stop ? stop.abort() : write()) }, "Write");
  async function write() {
    stop = new AbortController();
    button.textContent = "Stop";
    complain();
    out.replaceChildren();
    let bits = 0, steps = 0;
    const question = { prime: prime.value, length: Number(length.value), temperature: Number(heat.value), seed: Number(seed.value) };
    try {
      await stream(model, question, (piece) => {
        if (piece.error) complain(piece.error);
        if (piece.begun) out.append(make("b", {}, piece.begun));
        for (const [text, surprise] of piece.made || []) {
          out.append(make("span", { class: `h${Math.min(10, Math.round(surprise))}`, title: `${surprise.toFixed(1)} bits` }, text));
          bits += surprise;
          steps += 1;
        }
        if (steps) mean.textContent = `${steps} ${model.unit}s, ${(bits / steps).toFixed(2)} bits each`;
      }, stop.signal);
    } catch (error) {
      if (error.name !== "AbortError") complain(error.message);
    }
    stop = null;
    button.textContent = "Write";
  }
  shown();
  const scale = make("p", { class: "soft" }, "Surprise: ", ...[1, 3, 5, 7, 9].map((bits) => make("span", { class: `h${bits}` }, ` ${bits} bits `)));
  const heatRow = make("p", { class: "field" }, make("label", { for: "temperature" }, "Temperature "), told, heat);
  return [field("It begins with", prime), heatRow, make("div", { class: "row" }, field("Length", length), field("Seed", seed), button), out, mean, scale];
}

// --- series ------------------------------------------------------------------------------------------

function forecast(model) {
  const out = result();
  const time = make("input", { id: "time", placeholder: "found by itself" });
  const target = make("input", { id: "target", placeholder: model.target });
  const show = latest(async (signal, file) => {
    const question = { csv: await file.text(), time: time.value, target: target.value };
    const said = await ask(model, question, signal);
    const parts = said.series.slice(0, 3).flatMap((one) => [make("h2", {}, one.series || said.target), chart(one), table(one.forecast)]);
    if (said.mended.length) parts.push(make("p", { class: "soft" }, `Mended: ${said.mended.join("; ")}`));
    out.replaceChildren(...parts);
  });
  const input = make("input", { id: "file", type: "file", accept: ".csv,.tsv,text/csv", onchange: () => input.files[0] && show(input.files[0]) });
  const drop = make("label", {
    id: "drop", class: "drop", for: "file",
    ondragover: (event) => event.preventDefault(),
    ondrop: (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) show(event.dataTransfer.files[0]);
    },
  }, make("b", {}, "Drop a CSV here"), make("span", {}, `or choose a file: a column of times, ${[model.target, ...model.columns].join(", ")}; a row every ${model.step}`), input);
  return [drop, make("div", { class: "row" }, field("Column of times", time), field("Column to forecast", target)), out];
}

function table(rows) {
  const names = Object.keys(rows[0]).filter((name) => name !== "series");
  const cell = (value) => make("td", {}, typeof value === "number" ? value.toPrecision(5) : value);
  const body = rows.slice(0, 24).map((row) => make("tr", {}, ...names.map((name) => cell(row[name]))));
  return make("div", { class: "scroll" }, make("table", {}, make("tr", {}, ...names.map((name) => make("th", {}, name))), ...body));
}

// --- sound -------------------------------------------------------------------------------------------

function transcribe(model) {
  const out = result();
  const player = make("audio", { controls: true, hidden: true });
  const hear = latest(async (signal, file) => {
    const { sound, url } = await fileOf(file);
    player.src = url;
    player.hidden = false;
    const said = await ask(model, { sound }, signal);
    const words = said.words.flatMap((word) => [make("button", {
      class: `word h${Math.round(10 * (1 - word.confidence))}`, title: `${word.start.toFixed(2)}–${word.end.toFixed(2)} s, ${percent(word.confidence)}`,
      onclick: () => { player.currentTime = word.start; player.play(); },
    }, word.text), " "]);
    const head = make("p", { class: "label", id: "transcript" }, said.text || "(nothing)");
    const sure = `${percent(said.confidence)} sure of all of it · ${said.seconds.toFixed(1)} s${said.sure ? "" : " · unsure"}`;
    out.replaceChildren(head, make("p", {}, ...words), make("p", { class: "soft" }, [sure, ...said.doubts].join(" · ")));
  });
  const input = make("input", { id: "file", type: "file", accept: "audio/*", onchange: () => input.files[0] && hear(input.files[0]) });
  const sample = () => hear(new Blob([Uint8Array.from(atob(model.example.sound), (letter) => letter.charCodeAt(0))], { type: "audio/flac" }));
  const record = recorder(hear, complain);
  return [make("div", { class: "row" }, record, make("button", { id: "sample", onclick: sample }, "A sample"), field("A recording", input)), player, out];
}

export const panels = { classify, forecast, generate, tag, transcribe, translate };

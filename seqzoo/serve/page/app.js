// The shell of the page: which rooms there are, asking the service, saying what went wrong.

import { panels } from "/page/rooms.js";

const $ = (id) => document.getElementById(id);
let token = sessionStorage.getItem("token") || "";
let models = [];

/** An element: tag, attributes (on… are listeners), children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Say what went wrong, or that nothing does. */
export function complain(text = "") {
  $("alert").textContent = text;
}

async function answered(path, options = {}) {
  const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...options.headers };
  const answer = await fetch(path, { ...options, headers });
  if (answer.ok) return answer;
  if (answer.status === 401) $("token").hidden = false;
  const said = await answer.json().catch(() => ({ error: `the service answers ${answer.status}` }));
  throw new Error(said.hint ? `${said.error} (${said.hint})` : said.error);
}

function posted(question, signal) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(question), signal };
}

/** Ask a model one question: the answer. */
export async function ask(model, question, signal) {
  const path = `/${model.task}?model=${encodeURIComponent(model.name)}`;
  return (await answered(path, posted(question, signal))).json();
}

/** Ask for an answer in pieces: `told` gets each as it comes. */
export async function stream(model, question, told, signal) {
  const path = `/${model.task}/stream?model=${encodeURIComponent(model.name)}`;
  const reader = (await answered(path, posted(question, signal))).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) told(JSON.parse(event.slice("data: ".length)));
  }
}

/** Run what may fail; only the newest of a panel's questions is answered. */
export function latest(work) {
  let running = null;
  return async (...given) => {
    running?.abort();
    const mine = (running = new AbortController());
    try {
      await work(mine.signal, ...given);
      if (mine === running) complain();
    } catch (error) {
      if (error.name !== "AbortError" && mine === running) complain(error.message);
    }
  };
}

/** Wait until nothing has happened for a moment. */
export function settled(work, wait = 250) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, wait);
  };
}

function worth(model) {
  const parts = [model.name];
  if (model.parameters) parts.push(`${model.parameters.toLocaleString("en")} parameters`);
  const line = make("p", { class: "soft worth" }, parts.join(" · "));
  if (model.verdict) line.append(make("span", { class: model.wins ? "verdict win" : "verdict lose" }, model.verdict));
  return line;
}

function curl(model) {
  const body = JSON.stringify(model.example);
  const short = body.length > 300 ? `${body.slice(0, 300)} …` : body;
  const auth = token ? " -H 'Authorization: Bearer TOKEN'" : "";
  const text = `curl ${location.origin}/${model.task}${auth} -H 'Content-Type: application/json' -d '${short.replaceAll("'", "'\\''")}'`;
  return make("details", {}, make("summary", {}, "From a terminal"), make("pre", { class: "code" }, text));
}

function open(task, name = "") {
  const here = models.filter((model) => model.task === task);
  const model = here.find((one) => one.name === name) || here[0];
  for (const tab of $("rooms").children) {
    const chosen = tab.dataset.task === task;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
  }
  complain();
  const choices = here.length > 1 ? [choice(here, model)] : [];
  $("panel").setAttribute("aria-label", task);
  $("panel").replaceChildren(...choices, make("section", { class: task }, ...panels[task](model)), worth(model), curl(model));
  history.replaceState(null, "", `#${task}`);
}

function choice(here, model) {
  const options = here.map((one) => make("option", { selected: one === model }, one.name));
  const select = make("select", { id: "model", onchange: (event) => open(model.task, event.target.value) }, ...options);
  return make("p", {}, make("label", { for: "model" }, "Model "), select);
}

function tab(task) {
  return make("button", { role: "tab", "data-task": task, "aria-controls": "panel", onclick: () => open(task) }, task);
}

function walk(event) {
  const tabs = [...$("rooms").children];
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
  next.focus();
  next.click();
}

async function start() {
  try {
    models = (await (await answered("/models")).json()).filter((model) => panels[model.task]);
  } catch (error) {
    complain(error.message);
    return;
  }
  $("token").hidden = true;
  complain();
  const tasks = [...new Set(models.map((model) => model.task))];
  $("rooms").replaceChildren(...tasks.map(tab));
  const wanted = location.hash.slice(1);
  open(tasks.includes(wanted) ? wanted : tasks[0]);
}

$("rooms").addEventListener("keydown", walk);
$("token").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("secret").value;
  sessionStorage.setItem("token", token);
  start();
});
start();

// What the reader does: filters, keys and the address, which holds all that is chosen.

const controls = { q: byId("query"), outcome: byId("outcome"), became: byId("became"), model: byId("model"), operation: byId("operation"), sort: byId("sort") };
const detail = byId("detail");

function options(select, title, values) {
  select.replaceChildren(new Option(title, ""), ...values.map((value) => new Option(value, value)));
  select.parentElement.hidden = values.length < 2 && select !== controls.outcome;
}

function distinct(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.keys()].filter(Boolean).sort((a, b) => counts.get(b) - counts.get(a));
}

function draw() {
  const test = tests.find((test) => test.name === state.test);
  document.body.classList.toggle("reading", Boolean(test));
  if (test) document.body.classList.remove("whole");
  byId("overview").setAttribute("aria-pressed", String(!test));
  drawList();
  // Drawn once: their styles are dear to read.
  byId("charts").hidden = Boolean(test);
  byId("view").replaceChildren(...(test ? drawTest(test) : drawOverview()).filter(Boolean));
  const chosen = test && state.call ? byId(`call-${state.call}`) : null;
  if (chosen) chosen.scrollIntoView({ block: "start" });
  else detail.scrollTop = 0;
  mark();
}

/** Choose what is shown by the filters. */
function choose(changes) {
  Object.assign(state, changes);
  drawTest.all = false;
  for (const [name, control] of Object.entries(controls)) if (control.value !== state[name]) control.value = state[name];
  search();
  const all = found.count === calls.length && found.tests.length === tests.length;
  byId("clear").hidden = Object.keys(NOTHING).every((name) => name === "sort" || state[name] === "");
  byId("count").textContent = all
    ? `${many(tests.length, "test")}, ${many(calls.length, "call")}`
    : `${count(found.tests.length)} of ${many(tests.length, "test")}, ${count(found.count)} of ${many(calls.length, "call")}`;
  list.scrollTop = 0;
  reveal();
  draw();
  address();
}

function open(name, call = 0) {
  Object.assign(state, { test: name, call });
  reveal();
  draw();
  address();
}

const REST = 200;
let later = 0;
// What the address holds, as far as it was read or written here.
let held = "";

/** Keep in the address what is chosen, once the reader rests: some browsers refuse to do so at every letter. */
function address() {
  clearTimeout(later);
  later = setTimeout(addressNow, REST);
}

function addressNow() {
  const told = Object.entries(state).filter(([name, value]) => value && value !== NOTHING[name]);
  const hash = String(new URLSearchParams(told));
  // A link that was followed meanwhile is told of in a moment, and what it leads to must not be written over.
  if (location.hash !== held || held.slice(1) === hash) return;
  history.replaceState(null, "", `#${hash}`);
  held = location.hash;
}

function fromAddress() {
  held = location.hash;
  const told = new URLSearchParams(held.slice(1));
  if (told.get("theme")) document.documentElement.dataset.theme = told.get("theme");
  const values = Object.fromEntries(Object.keys(NOTHING).map((name) => [name, told.get(name) ?? NOTHING[name]]));
  if (!ORDERS[values.sort]) values.sort = "run";
  choose({ ...values, test: told.get("test") ?? "", call: Number(told.get("call")) || 0 });
}

/** The run as a whole, which on a small screen covers the list. */
function overview() {
  open("");
  document.body.classList.add("whole");
}

function back() {
  open("");
  document.body.classList.remove("whole");
}

function stepCall(by) {
  const test = tests.find((test) => test.name === state.test);
  if (test?.calls.length) open(test.name, Math.max(1, Math.min(test.calls.length, state.call + by)));
}

function theme() {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  recolour();
}

const KEYS = {
  "/": () => controls.q.select(),
  j: () => step(1),
  k: () => step(-1),
  n: () => stepCall(1),
  p: () => stepCall(-1),
  f: () => choose({ outcome: state.outcome === "failed" ? "" : "failed" }),
  o: overview,
  t: theme,
  "?": () => byId("keys").showModal(),
  Escape: () => (getComputedStyle(detail).position === "fixed" ? back() : choose(NOTHING)),
};

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || byId("keys").open) return;
  if (event.target.matches("input, select")) {
    if (event.key === "Escape") event.target.blur();
    if (event.key === "Enter" && event.target === controls.q) list.focus();
    return;
  }
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

options(controls.outcome, "All tests", distinct(tests.map((test) => test.outcome || test.kind)));
options(controls.became, "All calls", distinct(calls.map((call) => call.outcome)));
options(controls.model, "All models", distinct(calls.map((call) => call.model)));
options(controls.operation, "All operations", distinct(calls.map((call) => call.operation)));
controls.sort.replaceChildren(...Object.entries(ORDERS).map(([value, [title]]) => new Option(title, value)));
for (const [name, control] of Object.entries(controls)) control.addEventListener("input", () => choose({ [name]: control.value }));
byId("clear").addEventListener("click", () => choose(NOTHING));
byId("overview").addEventListener("click", overview);
byId("theme").addEventListener("click", theme);
byId("help").addEventListener("click", KEYS["?"]);
byId("close").addEventListener("click", () => byId("keys").close());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
addEventListener("hashchange", fromAddress);
fromAddress();
window.requestIdleCallback?.(searchable);

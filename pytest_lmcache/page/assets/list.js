// The tests that match, as a list of which only the rows in sight exist.

const ROW = 52;
const list = byId("list");
const spacer = byId("spacer");
const MARKS = { passed: "✓", failed: "✕", skipped: "–" };

function drawList() {
  spacer.style.height = `${found.tests.length * ROW}px`;
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 4);
  const last = Math.min(found.tests.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 4);
  const rows = found.tests.slice(first, last).map((test, offset) => row(test, first + offset));
  spacer.replaceChildren(...rows);
  const chosen = found.tests.findIndex((test) => test.name === state.test);
  list.setAttribute("aria-activedescendant", chosen >= first && chosen < last ? `test-${chosen}` : "");
}

function row(test, at) {
  const chosen = test.name === state.test;
  const part = test.matching < test.calls.length ? `${count(test.matching)} of ` : "";
  const mark = test.kind === "test" ? MARKS[test.outcome] ?? "·" : "◆";
  return el(
    "div",
    {
      role: "option",
      id: `test-${at}`,
      class: `row ${test.outcome || test.kind}`,
      style: `top: ${at * ROW}px`,
      title: test.name,
      "aria-selected": String(chosen),
      "aria-setsize": found.tests.length,
      "aria-posinset": at + 1,
      onclick: () => open(test.name),
    },
    el("span", { class: "mark", "aria-label": test.outcome || test.kind }, mark),
    el("span", { class: "name" }, test.title),
    el("span", { class: "file" }, test.file || test.kind),
    el("span", { class: `verdict ${worst(test)}` }, [dollars(test.cost || null), part + (part ? many(test.calls.length, "call") : test.verdict)].filter(Boolean).join(" · ")),
  );
}

/** The outcome of a test's calls that matters most. */
function worst(test) {
  return ["missed", "live", "injected", "recorded", "refreshed", "replayed"].find((name) => test.calls.some((call) => call.outcome === name)) ?? "";
}

/** Bring the test that is open into sight. */
function reveal() {
  const at = found.tests.findIndex((test) => test.name === state.test);
  if (at < 0) return;
  if (at * ROW < list.scrollTop) list.scrollTop = at * ROW;
  else if ((at + 1) * ROW > list.scrollTop + list.clientHeight) list.scrollTop = (at + 1) * ROW - list.clientHeight;
}

function step(by) {
  const at = found.tests.findIndex((test) => test.name === state.test);
  const next = at < 0 && by !== Infinity ? 0 : Math.max(0, Math.min(found.tests.length - 1, at + by));
  if (found.tests[next]) open(found.tests[next].name);
}

list.addEventListener("scroll", drawList, { passive: true });
list.addEventListener("keydown", (event) => {
  const page = Math.max(1, Math.floor(list.clientHeight / ROW) - 1);
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[event.key];
  if (by !== undefined) step(by);
  else if (event.key === "Enter") byId("detail").focus();
  else return;
  event.preventDefault();
});
new ResizeObserver(drawList).observe(list);

// The run as a whole, or as much of it as matches.

function drawOverview() {
  const shown = calls.filter((call) => found.calls[call.index]);
  const part = shown.length < calls.length;
  const refused = found.tests.filter((test) => test.refusals.length || test.outcome === "failed");
  return [
    el("button", { type: "button", class: "back", onclick: back }, "← All tests"),
    el("h2", {}, part ? "Overview of what matches" : "Overview"),
    el("div", { class: "tiles" }, ...tiles(shown)),
    run.notes.length ? el("section", { class: "card notes" }, el("h3", {}, "Warnings"), el("ul", {}, ...run.notes.map((note) => el("li", {}, note)))) : "",
    refused.length ? el("section", { class: "card" }, el("h3", {}, `Failed (${count(refused.length)})`), el("ul", { class: "failed-tests" }, ...refused.slice(0, 12).map(failedTest)),
      refused.length > 12 ? el("p", {}, el("button", { type: "button", onclick: () => choose({ outcome: "failed" }) }, `All ${count(refused.length)}`)) : "") : "",
    shown.length ? el("section", { class: "card" }, el("h3", {}, "Calls over time"), timeline(shown, "runLane", { pick: (call) => open(tests[call.test].name, call.at + 1), label: "All calls of the run over time" }), legend(shown)) : "",
    run.cut ? el("p", { class: "empty" }, `There is much text in this run: each piece of a message is cut to ${count(run.cut)} characters here. The recordings have all of it.`) : "",
    calls.length ? "" : el("p", { class: "empty" }, "No test of this run asked a model."),
    part && shown.length ? el("p", { class: "empty" }, "By model, of the whole run:") : "",
  ];
}

function failedTest(test) {
  const first = (test.refusals[0] ?? "").split("\n", 1)[0].replace(/^lmcache: /, "");
  return el("li", {}, el("button", { type: "button", onclick: () => open(test.name) }, test.name), el("small", {}, first || "its calls were answered: the failure is its own"));
}

function tiles(shown) {
  const by = (name) => shown.filter((call) => call.outcome === name);
  const ran = found.tests.filter((test) => test.kind === "test");
  const outcomes = ["failed", "passed", "skipped"].map((name) => [ran.filter((test) => test.outcome === name).length, name]);
  const became = ["missed", "live", "injected", "recorded", "refreshed", "replayed"].map((name) => [by(name).length, name]);
  const listed = (counts) => counts.filter(([number]) => number).map(([number, name]) => `${count(number)} ${name}`).join(", ");
  const saved = by("replayed");
  const paid = shown.filter((call) => call.outcome === "recorded" || call.outcome === "refreshed");
  const cached = total(shown, "cached");
  return [
    tile(count(ran.length), ran.length === 1 ? "test" : "tests", listed(outcomes)),
    tile(count(shown.length), shown.length === 1 ? "call" : "calls", listed(became)),
    tile(short(total(shown, "tokensIn") + total(shown, "tokensOut")), "tokens", `${count(total(shown, "tokensIn"))} asked, ${count(total(shown, "tokensOut"))} answered${cached ? `, ${count(cached)} from the prompt cache` : ""}`),
    tile(dollars(total(paid, "cost")), "paid", `${dollars(total(saved, "cost"))} saved by replays`),
    tile(seconds(total(shown, "latency")), "by providers", `${seconds(total(shown, "took"))} in this run`),
  ];
}

const tile = (figure, unit, more) => el("div", { class: "tile card" }, el("b", {}, figure), " ", unit, el("small", {}, more));

function legend(shown) {
  const names = ["replayed", "recorded", "refreshed", "injected", "live", "missed"].filter((name) => shown.some((call) => call.outcome === name));
  return names.length < 2 ? "" : el("p", { class: "legend" }, ...names.map((name) => badge(name)));
}

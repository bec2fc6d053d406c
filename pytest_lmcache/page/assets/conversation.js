// One test: what was refused to it, its calls over time, and each call as a conversation.

const PAGE = 40;
const LONG = { characters: 1400, lines: 18 };

function drawTest(test) {
  const chosenCalls = test.calls.filter((call) => found.calls[call.index]);
  const some = chosenCalls.length && chosenCalls.length < test.calls.length && !drawTest.all;
  const shown = some ? chosenCalls : test.calls;
  const chosen = test.calls[state.call - 1];
  const at = chosen ? Math.max(0, shown.indexOf(chosen)) : 0;
  const from = Math.floor(at / PAGE) * PAGE;
  const pick = (call) => open(test.name, call.at + 1);
  const turnPage = (to) => open(test.name, shown[to].at + 1);
  const pages = () =>
    shown.length <= PAGE ? "" : el("p", { class: "pages" },
      el("button", { type: "button", disabled: from === 0, onclick: () => turnPage(from - PAGE) }, "← Earlier"),
      ` Calls ${count(from + 1)} to ${count(Math.min(from + PAGE, shown.length))} of ${count(shown.length)} `,
      el("button", { type: "button", disabled: from + PAGE >= shown.length, onclick: () => turnPage(from + PAGE) }, "Later →"));
  return [
    el("button", { type: "button", class: "back", onclick: back }, "← All tests"),
    el("h2", {}, el("span", { class: "file" }, test.file ? `${test.file}::` : ""), test.title),
    el("p", { class: "facts" },
      badge(test.outcome || test.kind), badge(test.verdict, worst(test)), badge(test.mode, "quiet"),
      test.place && test.place !== test.file ? el("code", {}, test.place) : "",
      test.calls.length ? amountsOf(test.calls) : ""),
    ...test.refusals.map(refusal),
    test.calls.length > 1 ? timeline(test.calls, "lane", { pick, chosen, height: 150, label: `The calls of ${test.title} over time` }) : "",
    some || drawTest.all
      ? el("p", { class: "some" }, some ? `${count(shown.length)} of ${many(test.calls.length, "call")} match. ` : "",
          el("button", { type: "button", onclick: () => { drawTest.all = some; draw(); } }, some ? "Show all" : "Show matching calls only"))
      : "",
    pages(),
    ...shown.slice(from, from + PAGE).map((call) => drawCall(test, call, call === chosen)),
    pages(),
    test.calls.length ? "" : el("p", { class: "empty" }, "This test asked no model."),
  ];
}

function amountsOf(calls) {
  const [asked, said] = [total(calls, "tokensIn"), total(calls, "tokensOut")];
  return [many(calls.length, "call"), asked || said ? `${count(asked)} → ${count(said)} tokens` : "", dollars(total(calls, "cost") || null), total(calls, "latency") ? `${seconds(total(calls, "latency"))} by the provider` : ""]
    .filter(Boolean)
    .join(" · ");
}

const badge = (text, kind = text) => el("span", { class: `badge ${kind}` }, text);

/** A text with the words that differ marked. */
function compared(text) {
  return text.split(/(\[-[^]*?-\]|\{\+[^]*?\+\})/).map((piece) => {
    if (/^\[-[^]*-\]$/.test(piece)) return el("del", {}, piece.slice(2, -2));
    if (/^\{\+[^]*\+\}$/.test(piece)) return el("ins", {}, piece.slice(2, -2));
    return piece;
  });
}

/** What was refused to a test, and the command that helps. */
function refusal(text) {
  const pre = el("pre", { class: "words", tabindex: "0" }, ...compared(text));
  const command = /To record it: {2}(.+)/.exec(text)?.[1];
  return el("section", { class: "card refusal", "aria-label": "What was refused" }, pre, command ? copying(command, "Copy the command") : "");
}

function drawCall(test, call, chosen) {
  const before = earlier(test, call);
  const asked = call.asked.slice(before.length);
  const tokens = call.tokensIn || call.tokensOut ? `${count(call.tokensIn)} → ${count(call.tokensOut)} tokens` : "";
  return el("article", { class: `card call ${chosen ? "chosen" : ""}`, id: `call-${call.at + 1}` },
    el("header", {},
      el("b", {}, `#${call.at + 1}`), badge(call.outcome), call.verified ? badge(`verify: ${call.verified[0]}`, call.verified[2] ? "failed" : "quiet") : "", el("b", { class: "model" }, call.model || call.operation),
      el("span", {}, [call.operation, call.stream ? "streamed" : "", call.tier === "provider" || call.tier === "none" ? "" : `from ${call.tier}`, call.number > 1 ? `asked for the ${ordinal(call.number)} time` : ""].filter(Boolean).join(" · ")),
      el("span", { class: "figures" }, [tokens, call.cached ? `${count(call.cached)} cached` : "", dollars(call.cost), call.latency ? seconds(call.latency) : ""].filter(Boolean).join(" · ")),
      el("span", { class: "here", title: "In this run" }, `at ${seconds(call.began)}, took ${seconds(call.took)} here`)),
    el("div", { class: "turns" },
      before.length ? folded(`${many(before.length, "message")} as in #${before.call.at + 1}`, () => before.turns.map(turn)) : "",
      ...asked.map(turn),
      ...call.answered.map((number) => turn(number, "answer")),
      call.verified && run.texts[call.verified[1]] ? el("p", { class: "verified words" }, "Today: ", ...compared(run.texts[call.verified[1]])) : "",
      call.outcome === "missed" ? el("p", { class: "none" }, "Nothing recorded answers this call.") : "",
      call.outcome === "injected" ? el("p", { class: "none" }, "Here the test had the provider fail.") : "",
      call.outcome === "live" ? el("p", { class: "none" }, "Answered live; the answer was not recorded.") : ""),
    el("footer", {},
      call.settings.length ? folded(`Settings (${call.settings.length})`, () => [settings(call)]) : "",
      call.tools.length ? folded(`Tools (${call.tools.length})`, () => call.tools.map((tool) => el("p", { class: "tool" }, run.texts[tool]))) : "",
      call.outcome === "missed" || call.outcome === "live" ? "" : el("span", { class: "path" }, el("code", {}, call.recording), copying(call.recording, "Copy"))));
}

/** The messages that a call shares with the one before it that shares most: they are not read twice. */
function earlier(test, call) {
  let best = { length: 0, call: null, turns: [] };
  for (const other of test.calls.slice(Math.max(0, call.at - 4), call.at).reverse()) {
    let length = 0;
    while (length < other.asked.length && length < call.asked.length - 1 && other.asked[length] === call.asked[length]) length += 1;
    if (length === other.asked.length && length < call.asked.length - 1 && other.answered.length && same(other.answered[0], call.asked[length])) length += 1;
    if (length > best.length) best = { length, call: other, turns: call.asked.slice(0, length) };
  }
  return best.length > 1 ? best : { length: 0 };
}

/** Whether two messages say the same, whatever else is known of them. */
function same(one, other) {
  const [first, second] = [run.turns[one][2], run.turns[other][2]];
  return first.length === second.length && first.every(([kind, , text], at) => kind === second[at][0] && text === second[at][2]);
}

const ordinal = (number) => number + ({ 1: "st", 2: "nd", 3: "rd" }[number % 100 > 10 && number % 100 < 14 ? 0 : number % 10] ?? "th");

function settings(call) {
  return el("dl", { class: "settings" }, ...call.settings.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, run.texts[text])]));
}

/** Something that is drawn when it is opened. */
function folded(summary, content) {
  const box = el("details", { ontoggle: () => { if (box.open && box.children.length === 1) { box.append(...content()); mark(); } } }, el("summary", {}, summary));
  return box;
}

function turn(number, kind) {
  const [voice, note, pieces] = run.turns[number];
  return el("div", { class: `turn ${kind === "answer" ? "answer" : ""} ${/^[a-z]+$/.test(voice) ? voice : ""}` },
    el("div", { class: "voice" }, voice, note ? el("small", {}, note) : ""),
    el("div", { class: "said" }, ...(pieces.length ? pieces.map(piece) : [el("p", { class: "none" }, "nothing")])));
}

const ARROWS = { call: "calls ", result: "result ", thinking: "thinks ", payload: "file " };

function piece([kind, label, number]) {
  const text = run.texts[number];
  const long = text.length > LONG.characters || text.split("\n", LONG.lines + 1).length > LONG.lines;
  const body = el("div", { class: `text words ${long ? "long" : ""}` }, text);
  const more = el("button", { type: "button", class: "more", onclick: () => { const open = body.classList.toggle("open"); more.textContent = open ? "Less" : "All of it"; } }, "All of it");
  const head = ARROWS[kind] || label ? el("span", { class: "label" }, ARROWS[kind] ?? "", label) : "";
  return el("div", { class: `piece is-${kind}` }, head, body, long ? more : "");
}

/** Mark the words that are searched, where the browser can. */
function mark() {
  if (!window.CSS?.highlights) return;
  CSS.highlights.delete("found");
  const words = wordsOf(state.q);
  if (!words.length) return;
  const ranges = [];
  for (const element of byId("detail").querySelectorAll(".words, .path code, .model")) {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data.toLowerCase();
      if (text.length !== node.data.length) continue;
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0 && ranges.length < 2000; at = text.indexOf(word, at + word.length)) {
          ranges.push(new StaticRange({ startContainer: node, startOffset: at, endContainer: node, endOffset: at + word.length }));
        }
      }
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}

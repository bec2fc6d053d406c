// The run as it was told, and which of its calls match what is asked for.

const run = JSON.parse(byId("data").textContent);
const tests = run.tests.map((test, index) => {
  const calls = test.calls.map((row, at) => {
    const call = Object.fromEntries(run.columns.map((name, column) => [name, row[column]]));
    return Object.assign(call, { test: index, at });
  });
  const slash = test.name.lastIndexOf("::");
  const [file, title] = slash < 0 ? ["", test.name] : [test.name.slice(0, slash), test.name.slice(slash + 2)];
  return { ...test, index, calls, file, title, cost: total(calls, "cost"), latency: total(calls, "latency"), tokens: total(calls, "tokensIn") + total(calls, "tokensOut") };
});
const calls = tests.flatMap((test) => test.calls);
calls.forEach((call, index) => (call.index = index));

function total(calls, name) {
  return calls.reduce((sum, call) => sum + (call[name] ?? 0), 0);
}

const NOTHING = { q: "", outcome: "", became: "", model: "", operation: "", sort: "run" };
const state = { ...NOTHING, test: "", call: 0 };
/** What matches now: `tests` in their order, and for each call (by index) whether it does. */
const found = { tests: [], calls: new Uint8Array(calls.length), count: 0 };

// What is searched, in small letters, made when something is searched first; and what was found of the last words.
let searched = null;
const known = new Map();
const MOST_WORDS = 32;

function searchable() {
  searched ??= {
    texts: run.texts.map((text) => text.toLowerCase()),
    labels: run.turns.map((turn) => turn[2].map((piece) => piece[1] ?? "").join("\n").toLowerCase()),
    pieces: run.turns.map((turn) => turn[2].map((piece) => piece[2])),
    tests: tests.map((test) => [test.name, test.verdict, ...test.refusals].join("\n").toLowerCase()),
    calls: calls.map((call) => `${call.model}\n${call.recording}`.toLowerCase()),
    settings: calls.map((call) => call.settings.map((setting) => setting[1])),
  };
  return searched;
}

/** For one word: which tests and which calls have it. */
function having(word) {
  let has = known.get(word);
  if (!has) {
    if (known.size >= MOST_WORDS) known.clear();
    has = lookedUp(word);
    known.set(word, has);
  }
  return has;
}

function lookedUp(word) {
  const all = searchable();
  const inText = marked(all.texts, (text) => text.includes(word));
  const inTurn = marked(all.pieces, (pieces, at) => any(pieces, inText) || (all.labels[at] !== "" && all.labels[at].includes(word)));
  // A few letters are in the digest of some recording by chance.
  const heads = word.length > 3;
  const inCall = marked(calls, (call, at) =>
    any(call.asked, inTurn) || any(call.answered, inTurn) || any(call.tools, inText) || any(all.settings[at], inText) || (heads && all.calls[at].includes(word)));
  return { inTest: marked(all.tests, (name) => name.includes(word)), inCall };
}

function marked(things, has) {
  const marks = new Uint8Array(things.length);
  for (let at = 0; at < things.length; at += 1) if (has(things[at], at)) marks[at] = 1;
  return marks;
}

function any(numbers, marked) {
  for (let at = 0; at < numbers.length; at += 1) if (marked[numbers[at]]) return true;
  return false;
}

const wordsOf = (query) => Array.from(query.toLowerCase().matchAll(/"([^"]+)"?|[^\s"]+/g), (match) => match[1] ?? match[0]);
const ORDERS = {
  run: ["As in the suite", () => 0],
  cost: ["Dearest first", (a, b) => b.cost - a.cost],
  latency: ["Slowest first", (a, b) => b.latency - a.latency],
  tokens: ["Most tokens first", (a, b) => b.tokens - a.tokens],
  calls: ["Most calls first", (a, b) => b.calls.length - a.calls.length],
};

/** Whether calls are chosen by anything but the outcome of their test. */
const choosesCalls = () => Boolean(state.became || state.model || state.operation);

/** Find what matches the state. A word may be in the test's name or in the call; a test without calls has its name. */
function search() {
  const words = wordsOf(state.q).map(having);
  const all = (call) => {
    for (const word of words) if (!word.inTest[call.test] && !word.inCall[call.index]) return false;
    return true;
  };
  found.count = 0;
  found.calls.fill(0);
  found.tests = tests.filter((test) => {
    if (state.outcome && (test.outcome || test.kind) !== state.outcome) return false;
    let matching = 0;
    for (const call of test.calls) {
      if (state.became && call.outcome !== state.became) continue;
      if (state.model && call.model !== state.model) continue;
      if (state.operation && call.operation !== state.operation) continue;
      if (!all(call)) continue;
      found.calls[call.index] = 1;
      matching += 1;
    }
    test.matching = matching;
    found.count += matching;
    return matching > 0 || (!test.calls.length && !choosesCalls() && words.every(({ inTest }) => inTest[test.index]));
  });
  if (state.sort !== "run") found.tests.sort(ORDERS[state.sort][1]);
}

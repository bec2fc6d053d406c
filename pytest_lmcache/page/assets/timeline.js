// Calls over time: a bar each, calls that were under way at the same time below each other.

const LANE = { most: 18, least: 3 };

/** A drawing of calls. `lane` names their row; `chosen` is a call that stands out; `pick` is told of a click. */
function timeline(shown, lane, { pick, chosen, height = 190, label }) {
  const canvas = el("canvas", { role: "img", "aria-label": label });
  const tip = el("p", { class: "tip" });
  const hint = "drag to look closer, double-click for all";
  const box = el("div", { class: "timeline" }, canvas, tip);
  const end = Math.max(...shown.map((call) => call.began + call.took), 0);
  const begin = shown.reduce((least, call) => Math.min(least, call.began), Infinity);
  const whole = [begin, Math.max(end, begin + 0.001)];
  const lanes = shown.reduce((most, call) => Math.max(most, call[lane]), 0) + 1;
  const row = Math.max(LANE.least, Math.min(LANE.most, Math.floor((height - 22) / lanes)));
  // Known before it is drawn, so that nothing below moves when it is.
  const tall = Math.max(lanes * row + 22, 34);
  canvas.style.height = `${tall}px`;
  let span = whole;
  let drag = null;
  let over = null;

  let width = 600;
  const x = (time) => 2 + ((time - span[0]) / (span[1] - span[0])) * (width - 8);
  const time = (at) => span[0] + ((at - 2) / (width - 8)) * (span[1] - span[0]);
  const bar = (call) => [x(call.began), Math.max(2, x(call.began + call.took) - x(call.began))];

  function draw() {
    const scale = devicePixelRatio || 1;
    width = canvas.clientWidth;
    canvas.width = width * scale;
    canvas.height = tall * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const [ink, line] = [colour("dim"), colour("line")];
    for (const tick of ticks(span[0] - whole[0], span[1] - whole[0])) {
      const at = x(tick + whole[0]);
      pen.fillStyle = line;
      pen.fillRect(at, 0, 1, tall - 16);
      pen.fillStyle = ink;
      const text = tick ? seconds(tick) : "0";
      pen.fillText(text, Math.min(at + 3, width - pen.measureText(text).width - 2), tall - 4);
    }
    // Of many small bars in one place the first is enough, unless what became of them differs.
    const drawn = {};
    const columns = Math.ceil(width) + 1;
    let inked = "";
    for (const call of shown) {
      const left = x(call.began);
      const wide = Math.max(2, x(call.began + call.took) - left);
      if (left + wide < 0 || left > width) continue;
      if (wide <= 2 && !chosen) {
        const places = (drawn[call.outcome] ??= new Uint8Array(columns * lanes));
        const place = call[lane] * columns + Math.max(0, left | 0);
        if (places[place]) continue;
        places[place] = 1;
      }
      if (chosen) pen.globalAlpha = call === chosen ? 1 : 0.55;
      // A canvas reads its colours anew each time it is given one.
      if (call.outcome !== inked) pen.fillStyle = colour((inked = call.outcome));
      pen.fillRect(left, call[lane] * row + 1, Math.max(2, wide - 1), row - (row > 5 ? 2 : 1));
      if (call === chosen || call === over) {
        pen.globalAlpha = 1;
        pen.strokeStyle = colour("ink");
        pen.strokeRect(left - 1.5, call[lane] * row + 0.5, wide + 3, row - 1);
      }
    }
    pen.globalAlpha = 0.2;
    if (drag) pen.fillRect(Math.min(drag.from, drag.to), 0, Math.abs(drag.to - drag.from), tall - 16);
  }

  function under(event) {
    const level = Math.floor(event.offsetY / row);
    let [nearest, distance] = [null, 5];
    for (const call of shown) {
      if (call[lane] !== level) continue;
      const [left, wide] = bar(call);
      const away = Math.max(left - event.offsetX, event.offsetX - left - wide, 0);
      if (away < distance) [nearest, distance] = [call, away];
    }
    return nearest;
  }

  function told(call) {
    tip.textContent = call
      ? `${tests[call.test].title} #${call.at + 1} · ${call.model} · ${call.outcome} · began ${seconds(call.began - whole[0])}, took ${seconds(call.took)} here` +
        (call.latency ? `, ${seconds(call.latency)} by the provider` : "")
      : `${many(shown.length, "call")} in ${seconds(whole[1] - whole[0])}, ${lanes > 1 ? `up to ${lanes} at a time` : "one at a time"} · ${hint}`;
  }

  canvas.addEventListener("mousedown", (event) => (drag = { from: event.offsetX, to: event.offsetX }));
  canvas.addEventListener("mousemove", (event) => {
    if (drag) drag.to = event.offsetX;
    over = under(event);
    canvas.style.cursor = over ? "pointer" : "crosshair";
    told(over);
    draw();
  });
  canvas.addEventListener("mouseup", (event) => {
    const moved = drag && Math.abs(drag.to - drag.from) > 5;
    if (moved) span = [time(Math.min(drag.from, drag.to)), time(Math.max(drag.from, drag.to))];
    drag = null;
    const call = under(event);
    if (!moved && call) pick(call);
    else draw();
  });
  canvas.addEventListener("mouseleave", () => {
    over = drag = null;
    told(null);
    draw();
  });
  canvas.addEventListener("dblclick", () => {
    span = whole;
    draw();
  });
  new ResizeObserver(draw).observe(box);
  box.addEventListener("redraw", draw);
  told(null);
  return box;
}

function ticks(begin, end) {
  const rough = (end - begin) / 7;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.ceil(begin / step);
  return Array.from({ length: Math.max(0, Math.floor(end / step) - first + 1) }, (_, index) => (first + index) * step);
}

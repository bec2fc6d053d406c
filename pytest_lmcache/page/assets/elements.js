// Elements and amounts. All text of a run reaches the page through text nodes, never as markup.

const byId = (id) => document.getElementById(id);

/** An element with attributes (`on...` are listeners) and children, which are elements or text. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== "") element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== "" && child !== null && child !== undefined));
  return element;
}

const count = (number) => number.toLocaleString("en-US");
const many = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

function dollars(cost) {
  if (cost === null || cost === undefined) return "";
  if (cost === 0) return "$0";
  if (cost < 0.000001) return "<$0.000001";
  if (cost >= 1) return `$${cost.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `$${cost.toFixed(cost >= 0.01 ? 4 : 6)}`;
}

function seconds(amount) {
  if (amount === 0) return "0 s";
  if (amount < 0.00995) return `${(amount * 1000).toFixed(1)} ms`;
  if (amount < 0.9995) return `${Math.round(amount * 1000)} ms`;
  if (amount < 59.95) return `${amount.toFixed(amount < 9.95 ? 1 : 0)} s`;
  const whole = Math.round(amount);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${count(hours)}h ${minutes}m` : `${minutes}m ${whole % 60}s`;
}

/** A large number in three digits: 812, 3.2k, 48M. */
function short(number) {
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (number >= size * 0.9995) return `${(number / size).toFixed(number < 9.95 * size ? 1 : 0)}${unit}`;
  }
  return String(number);
}

const probe = el("i", { hidden: true });
document.body.append(probe);
let colours = {};

/** The colour that a variable of the style sheet has now, in a form that a canvas knows. */
function colour(name) {
  if (!colours[name]) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  return colours[name];
}

/** Draw what is drawn in colours again: others hold now. */
function recolour() {
  colours = {};
  document.querySelectorAll(".timeline").forEach((box) => box.dispatchEvent(new Event("redraw")));
}

function copying(text, label) {
  return el("button", {
    type: "button",
    class: "copy",
    onclick: async ({ currentTarget: button }) => {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = label), 1200);
    },
  }, label);
}

// A figure is a picture that needs no script. When a reader asks to explore one, plotly.js and the figure's data
// are loaded, and it is drawn in the place of the picture, in the colours of the page.
// Colours in a figure's JSON are roles: "@series-1" or "@series-1/0.25". A role is the custom property of
// the same name in site.css, so that light and dark need no second copy of the figure.

const ROLE = /^@([a-z0-9-]+)(?:\/([\d.]+))?$/;
const NARROW = 480;
const TITLE_LETTERS = 20;
const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, showTips: false };
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

let loading = null;

/** Load plotly.js once. */
function loadPlotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("vendor/plotly.min.js", import.meta.url).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error(`could not load ${script.src}`));
    document.head.append(script);
  });
  return loading;
}

/** Colour of a role token under the styles of the page; any other value unchanged. */
function resolve(value, styles) {
  const match = ROLE.exec(value);
  const hex = match && styles.getPropertyValue(`--${match[1]}`).trim();
  if (!hex) return value;
  if (!match[2]) return hex;
  const [red, green, blue] = [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
  return `rgba(${red},${green},${blue},${match[2]})`;
}

/** Deep copy with every role token resolved. */
function themed(value, styles) {
  if (typeof value === "string") return resolve(value, styles);
  if (Array.isArray(value)) return value.map((item) => themed(item, styles));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, themed(item, styles)]));
  }
  return value;
}

/** Break a long axis title into lines; Plotly would cut it. */
function wrapped(text) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line && line.length + word.length > TITLE_LETTERS) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines.join("<br>");
}

/** Make room on a phone. */
function narrow(layout) {
  layout.font = { ...layout.font, size: 11 };
  layout.margin = { ...layout.template.layout.margin, r: 8, ...layout.margin };
  for (const [name, axis] of Object.entries(layout)) {
    if (!/^[xy]axis\d*$/.test(name)) continue;
    axis.tickfont = { ...axis.tickfont, size: 10.5 };
    if (name.startsWith("x") && axis.title?.text) axis.title.text = wrapped(axis.title.text);
  }
}

class JourneyFigure {
  constructor(element) {
    this.element = element;
    this.picture = element.querySelector(".figure-plot");
    this.button = element.querySelector(".figure-explore");
    this.button?.addEventListener("click", () => (this.shown ? this.rest() : this.explore()));
  }

  get shown() {
    return this.element.dataset.drawn !== undefined;
  }

  /** Draw in the place of the picture, as high as it is. */
  async explore() {
    this.button.disabled = true;
    try {
      const inside = this.element.querySelector('script[type="application/json"]')?.textContent;
      const file = new URL(`../figures/${this.element.id}.json`, import.meta.url);
      const asked = inside ? JSON.parse(inside) : fetch(file).then((answer) => answer.json());
      [this.spec] = await Promise.all([this.spec ?? asked, loadPlotly()]);
      this.show();
    } catch {
      this.fail();
    }
    this.button.disabled = false;
    this.button.focus({ preventScroll: true });
  }

  show() {
    if (!this.plot) {
      this.plot = document.createElement("div");
      this.plot.className = "figure-live";
      this.picture.append(this.plot);
      new ResizeObserver(() => {
        if (this.shown && Math.abs(this.plot.clientWidth - this.width) > 1) this.draw();
      }).observe(this.picture);
    }
    this.height = this.picture.clientHeight;
    this.element.dataset.drawn = "";
    this.button.setAttribute("aria-pressed", "true");
    this.draw();
  }

  /** Back to the picture. */
  rest() {
    delete this.element.dataset.drawn;
    this.button.setAttribute("aria-pressed", "false");
  }

  draw() {
    const { data, layout } = themed(this.spec, getComputedStyle(document.body));
    this.width = this.plot.clientWidth;
    if (!this.width) return;
    Object.assign(layout, { width: this.width, height: this.height, uirevision: "kept" });
    layout.dragmode ??= false;
    if (this.width < NARROW) narrow(layout);
    if (reducedMotion.matches) layout.transition = { duration: 0 };
    window.Plotly.react(this.plot, data, layout, CONFIG);
  }

  fail() {
    const note = document.createElement("p");
    note.className = "figure-source";
    note.setAttribute("role", "status");
    note.textContent = "What draws this figure for exploring could not be loaded; the picture and its data are all there is.";
    this.button.replaceWith(note);
    this.button = note;
  }
}

const figures = [...document.querySelectorAll(".journey-figure")].map((element) => new JourneyFigure(element));

new MutationObserver(() => requestAnimationFrame(() => figures.filter((each) => each.shown).forEach((each) => each.draw())))
  .observe(document.body, { attributes: true, attributeFilter: ["class"] });

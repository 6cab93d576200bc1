// Draws every `.journey-figure` when it comes near the viewport, in the colours of the page.
// Colours in a figure's JSON are roles: "@series-1" or "@series-1/0.25". A role is the custom property of
// the same name in site.css, so that light and dark need no second copy of the figure.

const ROLE = /^@([a-z0-9-]+)(?:\/([\d.]+))?$/;
const NEAR = "600px";
const NARROW = 480;
const TITLE_LETTERS = 20;
const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, showTips: false };
const plotlyUrl = new URL("vendor/plotly.min.js", import.meta.url);
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

let loading = null;

/** Load plotly.js once. */
function loadPlotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = plotlyUrl.href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error(`could not load ${plotlyUrl}`));
    document.head.append(script);
  });
  return loading;
}

/** Load plotly.js while the page waits: printing does not wait for a promise. */
function loadPlotlyNow() {
  if (window.Plotly) return;
  const request = new XMLHttpRequest();
  request.open("GET", plotlyUrl.href, false);
  request.send();
  const script = document.createElement("script");
  script.textContent = request.responseText;
  document.head.append(script);
}

/** Colour of a role token under the styles of an element; any other value unchanged. */
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
    this.plot = element.querySelector(".figure-plot");
    this.json = element.querySelector('script[type="application/json"]');
    this.height = this.plot.clientHeight;
    this.drawn = false;
  }

  /** Draw or redraw. `:root` always has the light colours, which is what paper wants. */
  draw({ forPrint = false } = {}) {
    const styles = getComputedStyle(forPrint ? document.documentElement : document.body);
    this.spec ??= JSON.parse(this.json.textContent);
    const { data, layout } = themed(this.spec, styles);
    const width = this.plot.clientWidth;
    if (!width) return;
    Object.assign(layout, { width, height: this.height, uirevision: "kept" });
    layout.dragmode ??= false;
    if (width < NARROW) narrow(layout);
    if (reducedMotion.matches) layout.transition = { duration: 0 };
    window.Plotly.react(this.plot, data, layout, CONFIG);
    this.width = width;
    if (!this.drawn) {
      this.drawn = true;
      this.element.dataset.drawn = "";
      this.follow();
    }
  }

  /** Keep to the width of the page. */
  follow() {
    new ResizeObserver(() => {
      if (Math.abs(this.plot.clientWidth - this.width) > 1) this.draw();
    }).observe(this.plot);
  }

  fail() {
    this.plot.textContent = "This figure could not be drawn; its data are in the table below.";
    this.plot.style.height = "auto";
  }
}

const figures = [...document.querySelectorAll(".journey-figure")].map((element) => new JourneyFigure(element));

const near = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      const figure = figures.find((candidate) => candidate.element === entry.target);
      loadPlotly().then(
        () => {
          figure.draw();
          if (figure.drawn) near.unobserve(figure.element);
        },
        () => figure.fail(),
      );
    }
  },
  { rootMargin: NEAR },
);
figures.forEach((figure) => near.observe(figure.element));

const redrawAll = (options) => figures.filter((figure) => figure.drawn).forEach((figure) => figure.draw(options));

new MutationObserver(() => requestAnimationFrame(() => redrawAll())).observe(document.body, {
  attributes: true,
  attributeFilter: ["class"],
});

if (figures.length) {
  addEventListener("beforeprint", () => {
    loadPlotlyNow();
    figures.forEach((figure) => figure.draw({ forPrint: true }));
  });
  addEventListener("afterprint", () => redrawAll());
}

// What the tools share: a form whose state is in the address, small charts, and numbers as the report writes them.
const SVG = "http://www.w3.org/2000/svg";
const WAIT = 250;
const TEXT = 13;
/** Columns that fit on a phone. */
const WIDE = 3;

/** An element with attributes and children; text is never read as markup. */
export function node(name, attributes = {}, ...children) {
  const element = name.startsWith("svg:") ? document.createElementNS(SVG, name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const fixed = (digits) => ({ minimumFractionDigits: digits, maximumFractionDigits: digits });
export const minus = (text) => text.replace(/^-(?=0(\.0*)?$)/, "").replace("-", "\u2212");
export const number = (value, digits = 0) => minus(value.toLocaleString("en-GB", fixed(digits)));
export const percent = (value, digits = 1) => `${number(100 * value, digits)}%`;
export const points = (value, digits = 2) => `${value > 0 ? "+" : ""}${number(100 * value, digits)}\u202fpp`;
export const euros = (value, digits = 0) => number(value, digits).replace(/\d/, "€$&");
export const between = (low, high, format) => `${format(low)} to ${format(high)}`;

/** A table with a caption; cells are texts or elements, those after the first are numbers but in the columns `words`. On a phone the rows of a wide one are cards. */
export function table(caption, head, rows, words = new Set()) {
  const cell = (name, text, place, attributes) => node(name, { class: place && !words.has(place) ? "num" : null, ...attributes }, text);
  const row = (cells) => cells.map((text, place) => (place ? cell("td", text, place, { "data-label": head[place] }) : cell("th", text, place, { scope: "row" })));
  return node(
    "div",
    { class: "table-scroll", tabindex: 0, role: "region", "aria-label": caption },
    node(
      "table",
      { class: head.length > WIDE ? "compact stacked" : "compact" },
      node("caption", {}, caption),
      node("thead", {}, node("tr", {}, head.map((text, place) => cell("th", text, place, { scope: "col" })))),
      node("tbody", {}, rows.map((cells) => node("tr", {}, row(cells)))),
    ),
  );
}

/** Figures side by side: what, how much, and a remark. */
export function cards(entries) {
  return node(
    "dl",
    { class: "tool-cards" },
    entries.map(([what, value, remark]) =>
      node("div", {}, node("dt", {}, what), node("dd", { class: "tool-value" }, value), node("dd", {}, remark ?? "")),
    ),
  );
}

/** Round places of ticks between two ends. */
function ticks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((times) => times * power >= rough * 0.999);
  const places = [];
  for (let place = Math.ceil(low / step - 1e-9); place * step <= high * (1 + 1e-12) + 1e-12; place += 1) places.push(place * step);
  return places;
}

/**
 * A chart of lines over one axis, drawn again when its width changes.
 * `lines`: {points: [[x, y]], band: [[x, low, high]], name, look}; `marks`: {x, y, name, tall}, a tall one with a line down to the axis; `rule`: a level to compare with.
 */
export function chart({ label, x, y, lines, marks = [], rule, height = 280 }) {
  const holder = node("div", { class: "tool-chart" });
  const draw = () => {
    const width = Math.max(280, holder.clientWidth || 640);
    const xs = lines.flatMap(({ points }) => points.map(([place]) => place));
    const ys = lines.flatMap(({ points, band = [] }) => [...points.map(([, value]) => value), ...band.flatMap(([, ...ends]) => ends)]);
    if (rule !== undefined) ys.push(rule);
    let [low, high] = y.range ?? [Math.min(...ys), Math.max(...ys)];
    if (!(high > low)) [low, high] = [low - 1, high + 1];
    const marksOfY = ticks(low, high, 4);
    const left = 14 + 8 * Math.max(...marksOfY.map((tick) => y.format(tick).length));
    const [first, last] = [Math.min(...xs), Math.max(...xs)];
    const [right, top, bottom] = [6 + 3.8 * x.format(last).length, 26, 46];
    const across = (value) => left + ((value - first) / (last - first || 1)) * (width - left - right);
    const up = (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
    const path = (places) => places.map(([a, b], i) => `${i ? "L" : "M"}${across(a).toFixed(1)} ${up(b).toFixed(1)}`).join("");
    const text = (a, b, words, anchor = "middle", look = "") =>
      node("svg:text", { x: a.toFixed(1), y: b.toFixed(1), "text-anchor": anchor, class: look }, words);
    const level = (value, look) => node("svg:path", { class: look, d: `M${left} ${up(value).toFixed(1)}H${width - right}` });
    holder.replaceChildren(
      node(
        "svg:svg",
        { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label },
        marksOfY.map((tick) => [level(tick, "grid"), text(left - 8, up(tick) + 4, y.format(tick), "end")]).flat(),
        ticks(first, last, width < 480 ? 4 : 7).map((tick) => text(across(tick), height - bottom + 18, x.format(tick))),
        text(left, 14, y.title, "start"),
        text((left + width - right) / 2, height - 6, x.title),
        rule === undefined ? null : level(rule, "rule"),
        lines.map(({ band, look }) =>
          band ? node("svg:path", { class: `band ${look}`, d: `${path(band.map(([a, b]) => [a, b]))}${path(band.map(([a, , c]) => [a, c]).reverse()).replace("M", "L")}Z` }) : null,
        ),
        lines.map(({ points, look }) => node("svg:path", { class: `line ${look}`, d: path(points) })),
        marks.map(({ x: a, y: b, name, tall }) => {
          const anchor = across(a) > (left + width) / 2 ? "end" : "start";
          const shift = anchor === "end" ? -9 : 9;
          const beside = Math.max(top + TEXT, Math.min(height - bottom - 6, up(b) - 9));
          return [
            tall ? node("svg:path", { class: "rule", d: `M${across(a).toFixed(1)} ${height - bottom}V${top}` }) : "",
            node("svg:circle", { class: "mark", cx: across(a).toFixed(1), cy: up(b).toFixed(1), r: 5 }),
            text(across(a) + shift, tall ? height - bottom - 8 : beside, name, anchor, "name"),
          ];
        }).flat(),
      ),
    );
  };
  new ResizeObserver(draw).observe(holder);
  draw();
  const keys = lines.filter(({ name }) => name).map(({ name, look }) => node("li", { class: look }, name));
  return node("figure", { class: "tool-figure" }, holder, keys.length ? node("ul", { class: "tool-key" }, keys) : null);
}

/** A line as tall as a word: the course of some values from 0. */
export function spark(values, label) {
  const high = Math.max(...values, 1e-9);
  const places = values.map((value, i) => `${i ? "L" : "M"}${(2 + (i * 96) / Math.max(1, values.length - 1)).toFixed(1)} ${(22 - (20 * value) / high).toFixed(1)}`);
  return node("svg:svg", { class: "spark", viewBox: "0 0 100 24", role: "img", "aria-label": label }, node("svg:path", { class: "line look-1", d: places.join("") }));
}

/** What is wrong with a number that was typed, in a sentence; nothing when it is usable. */
function fault(field, text) {
  const value = Number(text);
  const unit = field.unit ? ` ${field.unit}` : "";
  if (text.trim() === "" || !Number.isFinite(value)) return `${field.label}: type a number.`;
  if (field.whole && !Number.isInteger(value)) return `${field.label}: type a whole number.`;
  if (value < field.low || value > field.high) return `${field.label} must lie between ${number(field.low, decimals(field.low))} and ${number(field.high, decimals(field.high))}${unit}.`;
  return "";
}

const decimals = (value) => (String(value).split(".")[1] ?? "").length;

/** One control with its label, unit and place for a message. */
function control(root, field, text) {
  const id = `${root.id}-${field.name}`;
  const described = [field.hint ? `${id}-hint` : "", `${id}-fault`].join(" ").trim();
  const shared = { id, name: field.name, "aria-describedby": described };
  const input = field.options
    ? node("select", shared, field.options.map(([value, words]) => node("option", { value, selected: value === text }, words)))
    : node("input", { ...shared, type: "number", min: field.low, max: field.high, step: "any", value: text, inputmode: field.whole ? "numeric" : "decimal", autocomplete: "off" });
  return node(
    "div",
    { class: field.wide ? "tool-field wide" : "tool-field", "data-field": field.name },
    node("label", { for: id }, field.label, field.unit ? node("span", { class: "tool-unit" }, ` (${field.unit})`) : null),
    input,
    field.hint ? node("p", { class: "tool-hint", id: `${id}-hint` }, field.hint) : null,
    node("p", { class: "tool-fault", id: `${id}-fault`, hidden: true }),
  );
}

/**
 * Bring a tool to life.
 *
 * `fields`: {name, label, unit, hint, low, high, whole, options, value, when, wide, more}; `show(values)` returns
 * the answer as a text, which is read aloud too, and the elements of the result; it may throw a RangeError whose
 * message is for the reader.
 * `presets`: {by, values, more}: the field whose choice sets others, what it sets, and the title under which fields
 * with `more` fold away.
 */
export function mount(root, fields, show, presets) {
  const result = root.querySelector(".tool-result");
  const asked = new URLSearchParams(location.search);
  const first = Object.fromEntries(fields.map((field) => [field.name, String(field.value)]));
  const usable = (field, text) => (field.options ? field.options.some(([value]) => value === text) : !fault(field, text));
  const starts = (choice) => ({ ...first, ...presets?.values[choice], ...(presets && { [presets.by]: choice }) });
  const wanted = presets && asked.get(presets.by);
  const begun = starts(wanted !== null && wanted in (presets?.values ?? {}) ? wanted : presets && first[presets.by]);
  const given = fields.map((field) => {
    const text = asked.get(field.name);
    return [field, control(root, field, text !== null && usable(field, text) ? text : begun[field.name])];
  });
  const [main, more] = [false, true].map((folded) => given.filter(([field]) => Boolean(field.more) === folded).map(([, box]) => box));
  const reset = node("button", { type: "button", class: "tool-reset" }, "Back to the start settings");
  const folded = more.length ? node("details", { class: "tool-more" }, node("summary", {}, presets.more), node("div", {}, more)) : null;
  const form = node("form", { class: "tool-form", "aria-label": "Settings" }, main, folded ?? "", reset);
  const head = root.querySelector(".tool-head");
  const spoken = node("p", { class: "tool-spoken", role: "status" });
  root.querySelector(".tool-note")?.remove();
  head.after(form);
  root.append(spoken);

  const texts = () => Object.fromEntries(fields.map((field) => [field.name, form.elements[field.name].value]));

  const update = () => {
    const now = texts();
    const values = Object.fromEntries(fields.map((field) => [field.name, field.options ? now[field.name] : Number(now[field.name])]));
    let wrong = false;
    for (const field of fields) {
      const [box, input] = [form.querySelector(`[data-field="${field.name}"]`), form.elements[field.name]];
      box.hidden = Boolean(field.when && !field.when(values));
      const message = field.options || box.hidden ? "" : fault(field, now[field.name]);
      const place = box.querySelector(".tool-fault");
      place.textContent = message;
      place.hidden = !message;
      if (message) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      wrong ||= Boolean(message);
    }
    if (wrong) {
      complain(form.querySelector(".tool-fault:not([hidden])").textContent);
      return;
    }
    try {
      const [answer, ...shown] = show(values);
      head.replaceChildren(node("p", { class: "tool-answer" }, answer));
      result.replaceChildren(...shown.filter(Boolean));
      spoken.textContent = answer;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      complain(error.message);
    }
    const usual = { ...starts(presets && now[presets.by]), ...(presets && { [presets.by]: first[presets.by] }) };
    const changed = Object.entries(now).filter(([name, text]) => text !== usual[name]);
    history.replaceState(null, "", `${location.pathname}${changed.length ? `?${new URLSearchParams(changed)}` : ""}${location.hash}`);
  };

  const complain = (message) => {
    head.replaceChildren(node("p", { class: "tool-problem" }, message));
    result.replaceChildren();
    spoken.textContent = message;
  };

  let waiting = 0;
  const fill = (texts) => {
    for (const field of fields) form.elements[field.name].value = texts[field.name];
  };
  form.addEventListener("input", ({ target }) => {
    if (presets && target.name === presets.by) fill(starts(target.value));
    clearTimeout(waiting);
    waiting = setTimeout(update, WAIT);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  reset.addEventListener("click", () => {
    fill(starts(presets && first[presets.by]));
    update();
  });
  update();
  root.dataset.ready = "";
  return { form, update };
}

/** The settings that the page starts from, as the build wrote them into it. */
export const settings = (root) => JSON.parse(root.querySelector('script[type="application/json"]').textContent);

/** Data of a tool; what cannot be loaded leaves the static result and says so. */
export async function load(root) {
  try {
    const answer = await fetch(new URL(root.dataset.file, document.baseURI));
    if (!answer.ok) throw new Error(String(answer.status));
    return await answer.json();
  } catch {
    root.dataset.failed = "";
    const note = root.querySelector(".tool-note");
    if (note) note.textContent = "The data of this tool could not be loaded; below is the result for the start settings. Load the page again to try once more.";
    return null;
  }
}

/** Start a tool when this is its page, and not when a test reads its functions. */
export function start(id, begin) {
  const root = typeof document === "undefined" ? null : document.querySelector(`.tool#${id}`);
  if (root) begin(root);
}

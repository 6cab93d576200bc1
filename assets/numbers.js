// Where a number comes from: a click, a tap or Enter on one shows its entry of the ledger, and on a cell of a
// result table what made the table. Both are fetched when first asked for.
const offset = document.querySelector('meta[name="quarto:offset"]')?.content || "./";
const site = new URL(offset, document.baseURI);
const GAP = 6;

const rowOf = (id) => new URL(`chapters/appendix/numbers.html#${id}`, site).href;

let ledger = null;
let places = null;
let card = null;
let asked = null;

/** Entries of numbers.json by id. */
function loadLedger() {
  ledger ??= fetch(new URL("numbers.json", site))
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`numbers.json: ${answer.status}`))))
    .then(({ numbers }) => new Map(numbers.map((number) => [number.id, number])));
  return ledger;
}

/** Where functions stand in the sources, and what saves each result table; nothing where it was not written. */
function loadPlaces() {
  places ??= fetch(new URL("sources.json", site))
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`sources.json: ${answer.status}`))))
    .catch(() => ({ code: "", functions: {}, tables: {} }));
  return places;
}

/** An element with text, never with markup: the ledger is data. */
function make(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text, ...properties });
}

/** A function's name, which leads to its line where the repository is known. */
function functionLink(name, { code, functions }) {
  const place = functions[name];
  return code && place ? make("a", name, { href: `${code}${place}` }) : name;
}

/** What is known about a number, as rows of a description list. */
function facts(number, known) {
  const query = number.query?.replace(/^.*\/|\.sql$/g, "");
  const anchor = `sql-${query?.replaceAll("_", "-")}`;
  const library = new URL(`chapters/appendix/sql-library.html#${anchor}`, site).href;
  const level = number.level && `${Math.round(100 * number.level)}%`;
  return [
    ["What", number.label],
    ["Interval", number.interval && `${number.interval} (${[level, number.method].filter(Boolean).join(", ")})`],
    ["Observations", number.n?.toLocaleString("en")],
    ["Computed by", functionLink(number.source, known)],
    ["SQL", query && make("a", query, number.query.includes("/") ? {} : { href: library })],
    ["Data", number.dataset],
  ].filter(([, value]) => value);
}

/** What is known about a cell of a result table: what it is in, and the function that saves the table. */
function cellFacts(cell, known) {
  const table = cell.closest("table");
  const result = table.dataset.result;
  const head = table.tHead?.rows[0]?.cells[cell.cellIndex]?.textContent;
  const names = [...cell.parentElement.cells].filter((each) => !each.classList.contains("num"));
  return [
    ["What", [names.map((each) => each.textContent).join(", "), head].filter(Boolean).join(": ")],
    ["Computed by", functionLink(known.tables[result] ?? `journey.findings.${result.split("/")[0]}.collect:collect`, known)],
    ["Table", `data/results/${result}.parquet`],
  ];
}

/** Fill the card. */
function fill(value, rows, more) {
  const list = document.createElement("dl");
  for (const [name, text] of rows) {
    const cell = document.createElement("dd");
    cell.append(text);
    list.append(make("dt", name), cell);
  }
  card.replaceChildren(make("p", value, { className: "number-card-value" }), list, ...more);
}

/** Put the card below the number, or above it where there is no room, within the window. */
function place(anchor) {
  const from = anchor.getBoundingClientRect();
  const { width, height } = card.getBoundingClientRect();
  const below = from.bottom + GAP + height <= innerHeight || from.top < height + GAP;
  card.style.top = `${below ? from.bottom + GAP : from.top - GAP - height}px`;
  card.style.left = `${Math.max(GAP, Math.min(from.left, document.documentElement.clientWidth - width - GAP))}px`;
}

/** Show where a number comes from; its row of the ledger where there can be no card. */
async function show(anchor) {
  const id = anchor.dataset.number;
  const known = await loadPlaces();
  const number = id && await loadLedger().then((numbers) => numbers.get(id), () => null);
  if (id && (!number || !HTMLElement.prototype.showPopover)) {
    location.href = rowOf(id);
    return;
  }
  if (!card) {
    card = make("div", "", { className: "number-card", popover: "auto", tabIndex: -1 });
    card.setAttribute("role", "dialog");
    card.setAttribute("aria-label", "Where this number comes from");
    document.body.append(card);
    addEventListener("scroll", () => { if (card.matches(":popover-open")) place(asked); }, { passive: true });
  }
  if (number) {
    fill(number.text, facts(number, known), [make("a", `${id} in the ledger`, { href: rowOf(id) })]);
  } else {
    fill(anchor.textContent, cellFacts(anchor.closest("td"), known), []);
  }
  asked = anchor;
  card.showPopover();
  place(anchor);
  card.focus({ preventScroll: true });
}

/** Every number that can be asked for is a button. A table is one stop of the keyboard: arrows move in it. */
function makeButtons() {
  for (const cell of document.querySelectorAll("table[data-result] > tbody > tr > td.num")) {
    if (cell.querySelector(".traced, a") || !/\d/.test(cell.textContent)) continue;
    const inner = make("span", "", { className: "traced" });
    inner.append(...cell.childNodes);
    cell.append(inner);
  }
  const tables = new Set();
  for (const number of document.querySelectorAll(".traced")) {
    if (number.closest("a")) continue;
    const table = number.closest("table");
    number.tabIndex = tables.has(table) ? -1 : 0;
    if (table) tables.add(table);
    number.role = "button";
    number.ariaHasPopup = "dialog";
  }
}

/** Go to the next number of a table in the direction of an arrow. */
function move(anchor, key) {
  const cell = anchor.closest("td, th");
  const row = cell?.parentElement;
  const step = { ArrowLeft: -1, ArrowUp: -1 }[key] ?? 1;
  const across = key === "ArrowLeft" || key === "ArrowRight";
  const line = across ? [...row.cells] : [...row.parentElement.rows].map((one) => one.cells[cell.cellIndex]);
  let at = line.indexOf(cell) + step;
  while (line[at] && !line[at].querySelector(".traced[role]")) at += step;
  const next = line[at]?.querySelector(".traced[role]");
  if (!next) return;
  anchor.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

addEventListener("click", (event) => {
  const anchor = event.target.closest?.(".traced[role]");
  if (anchor && !getSelection().toString()) show(anchor);
});
addEventListener("keydown", (event) => {
  const anchor = event.target.closest?.(".traced[role]");
  if (!anchor) return;
  if (event.key === "Enter" || event.key === " ") show(anchor);
  else if (event.key.startsWith("Arrow") && anchor.closest("td, th")) move(anchor, event.key);
  else return;
  event.preventDefault();
});
makeButtons();

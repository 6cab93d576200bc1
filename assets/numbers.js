// Where a number comes from: a click on one shows its entry of the ledger, which is fetched when first asked for.
const offset = document.querySelector('meta[name="quarto:offset"]')?.content || "./";
const site = new URL(offset, document.baseURI);
const GAP = 6;

const rowOf = (id) => new URL(`chapters/appendix/numbers.html#${id}`, site).href;

let ledger = null;
let card = null;

/** Entries of numbers.json by id. */
function loadLedger() {
  ledger ??= fetch(new URL("numbers.json", site))
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`numbers.json: ${answer.status}`))))
    .then(({ numbers }) => new Map(numbers.map((number) => [number.id, number])));
  return ledger;
}

/** An element with text, never with markup: the ledger is data. */
function make(name, text, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: text, ...properties });
}

/** What is known about a number, as rows of a description list. */
function facts(number) {
  const query = number.query?.replace(/^.*\/|\.sql$/g, "");
  const anchor = `sql-${query?.replaceAll("_", "-")}`;
  const library = new URL(`chapters/appendix/sql-library.html#${anchor}`, site).href;
  const level = number.level && `${Math.round(100 * number.level)}%`;
  return [
    ["What", number.label],
    ["Interval", number.interval && `${number.interval} (${[level, number.method].filter(Boolean).join(", ")})`],
    ["Observations", number.n?.toLocaleString("en")],
    ["Computed by", number.source],
    ["SQL", query && make("a", query, number.query.includes("/") ? {} : { href: library })],
    ["Data", number.dataset],
  ].filter(([, value]) => value);
}

/** Fill the card with one number. */
function fill(number) {
  const list = document.createElement("dl");
  for (const [name, value] of facts(number)) {
    const cell = document.createElement("dd");
    cell.append(value);
    list.append(make("dt", name), cell);
  }
  const link = make("a", `${number.id} in the ledger`, { href: rowOf(number.id) });
  card.replaceChildren(make("p", number.text, { className: "number-card-value" }), list, link);
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
  const number = await loadLedger().then((known) => known.get(id), () => null);
  if (!number || !HTMLElement.prototype.showPopover) {
    location.href = rowOf(id);
    return;
  }
  if (!card) {
    card = make("div", "", { className: "number-card", popover: "auto" });
    card.setAttribute("role", "dialog");
    card.setAttribute("aria-label", "Where this number comes from");
    document.body.append(card);
    addEventListener("scroll", () => card.hidePopover(), { passive: true });
  }
  fill(number);
  card.showPopover();
  place(anchor);
}

addEventListener("click", (event) => {
  const anchor = event.target.closest?.(".traced");
  if (anchor && !anchor.closest("a") && !getSelection().toString()) show(anchor);
});

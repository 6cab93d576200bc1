// Filters a long page as words are typed: the queries of the SQL library, the rows of the numbers ledger.
// The form names what it filters. Without this script the whole page is shown.
const form = document.querySelector("form.page-filter");
const words = form?.querySelector("input");
const status = form?.querySelector("[role=status]");
const items = form ? [...document.querySelectorAll(form.dataset.items)] : [];
const groupOf = (item) => item.parentElement.closest("section");
const groups = new Map([...new Set(items.map(groupOf))].map((group) => [group, []]));
// Long names hold invisible places to break a line.
const texts = new Map(items.map((item) => [item, item.textContent.replaceAll("\u200b", "").toLowerCase()]));
items.forEach((item) => groups.get(groupOf(item)).push(item));

/** Show the items that hold every word, hide the groups that are left empty, and say how many remain. */
function apply() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const item of items) {
    item.hidden = !wanted.every((word) => texts.get(item).includes(word));
    shown += item.hidden ? 0 : 1;
  }
  for (const [group, members] of groups) group.hidden = members.every((item) => item.hidden);
  status.textContent = `${shown} of ${items.length} ${form.dataset.noun}`;
}

/** The element that the address names; a fragment with a broken percent sign names none. */
function named() {
  try { return document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return null; }
}

/** A link to an item that is filtered away clears the filter; the form itself has moved every item down. */
function reveal() {
  const target = named();
  if (target?.closest("[hidden]")) {
    words.value = "";
    apply();
  }
  target?.scrollIntoView({ behavior: "instant" });
}

if (items.length) {
  words.value = new URLSearchParams(location.search).get("q") ?? "";
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  words.addEventListener("input", apply);
  addEventListener("hashchange", reveal);
  apply();
  reveal();
}

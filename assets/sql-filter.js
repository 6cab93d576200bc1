// Filters the queries of the SQL library as words are typed. Without this script the whole page is shown.
const form = document.getElementById("sql-filter");
const words = document.getElementById("sql-filter-words");
const status = document.getElementById("sql-filter-status");
const sections = [...document.querySelectorAll("section.sql-query")];
const groups = [...new Set(sections.map((section) => section.parentElement))];
const texts = new Map(sections.map((section) => [section, section.textContent.toLowerCase()]));

/** Show the sections that hold every word, hide the groups that are left empty, and say how many remain. */
function apply() {
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const section of sections) {
    section.hidden = !wanted.every((word) => texts.get(section).includes(word));
    shown += section.hidden ? 0 : 1;
  }
  for (const group of groups) {
    group.hidden = sections.every((section) => section.parentElement !== group || section.hidden);
  }
  status.textContent = `${shown} of ${sections.length} queries`;
}

/** A link to a query that is filtered away clears the filter. */
function reveal() {
  const target = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  if (target?.closest("[hidden]")) {
    words.value = "";
    apply();
    target.scrollIntoView();
  }
}

if (form && sections.length) {
  words.value = new URLSearchParams(location.search).get("q") ?? "";
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  words.addEventListener("input", apply);
  addEventListener("hashchange", reveal);
  apply();
  reveal();
}

// What Bootstrap's and Quarto's scripts would do: colour scheme, collapsing, contents, search.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const site = new URL(document.querySelector('meta[name="quarto:offset"]').content, document.baseURI);

// ---------- Height of the header, for what sticks below it ----------
const header = document.getElementById("quarto-header");
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--press-header", `${header.offsetHeight}px`);
}).observe(header);

// ---------- Colour scheme ----------
const toggle = document.querySelector(".quarto-color-scheme-toggle");

function showScheme(dark) {
  document.body.classList.toggle("quarto-dark", dark);
  document.body.classList.toggle("quarto-light", !dark);
  toggle.setAttribute("aria-checked", String(dark));
  toggle.classList.toggle("alternate", dark);
}

toggle.addEventListener("click", () => {
  const dark = !document.body.classList.contains("quarto-dark");
  try { localStorage.setItem("quarto-color-scheme", dark ? "alternate" : "default"); } catch { /* private window */ }
  showScheme(dark);
});
showScheme(document.body.classList.contains("quarto-dark"));

// ---------- Collapsing: navbar, sidebar, callouts ----------
function collapse(trigger, open) {
  const targets = all(trigger.dataset.bsTarget);
  const shown = open ?? !targets.some((target) => target.classList.contains("show"));
  for (const target of targets) target.classList.toggle("show", shown);
  for (const other of all("[data-bs-toggle=collapse][aria-expanded]")) {
    if (other.dataset.bsTarget !== trigger.dataset.bsTarget) continue;
    other.setAttribute("aria-expanded", String(shown));
    other.classList.toggle("collapsed", !shown);
  }
}
for (const trigger of all("[data-bs-toggle=collapse]")) {
  trigger.addEventListener("click", () => collapse(trigger));
  if (trigger.tagName === "BUTTON") continue;
  trigger.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    collapse(trigger);
  });
}

// A link into something closed opens it; a fragment with a broken percent sign names nothing.
function reveal() {
  let target = null;
  try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { /* no name */ }
  if (!target) return;
  for (let parent = target; parent; parent = parent.parentElement) {
    if (parent.tagName === "DETAILS") parent.open = true;
    const closed = parent.matches(".callout-collapse:not(.show)") && document.querySelector(`[aria-controls="${parent.id}"]`);
    if (closed) collapse(closed, true);
  }
  target.scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();

// ---------- Table of contents: the section that is read ----------
const contents = new Map(all("#TOC [data-scroll-target]").map((link) => [link.dataset.scrollTarget.slice(1), link]));
const sections = [...contents.keys()].map((id) => document.getElementById(id));

function follow() {
  const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  const passed = sections.filter((section) => section.getBoundingClientRect().top <= innerHeight * 0.25);
  const current = end ? sections.at(-1) : passed.at(-1) ?? sections[0];
  for (const [id, link] of contents) link.classList.toggle("active", current.id === id);
}
addEventListener("scroll", follow, { passive: true });
addEventListener("resize", follow);
follow();

// ---------- Wide content ----------
function reachable() {
  for (const box of all("pre, .quarto-float > figure > div, .table-scroll")) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
  }
}
addEventListener("load", reachable);
addEventListener("resize", reachable);

// ---------- Search: Pagefind's own dialog, loaded when it is first asked for ----------
async function search() {
  if (!document.querySelector("pagefind-modal")) {
    const bundle = new URL("pagefind/", site).href;
    document.head.insertAdjacentHTML("beforeend", `<link rel="stylesheet" href="${bundle}pagefind-component-ui.css">`);
    document.body.insertAdjacentHTML("beforeend", `<pagefind-config bundle-path="${bundle}" base-url="${site.pathname}"></pagefind-config>
      <pagefind-modal reset-on-close></pagefind-modal>`);
    await import(`${bundle}pagefind-component-ui.js`);
    const dialog = document.querySelector("pagefind-modal");
    dialog.addEventListener("click", (event) => { if (event.target.closest("a")) dialog.close(); });
  }
  await customElements.whenDefined("pagefind-modal");
  document.querySelector("pagefind-modal").open();
}
document.querySelector("#quarto-search button").addEventListener("click", search);
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  const glass = document.querySelector("#quarto-sidebar-glass.show");
  if (event.key === "Escape" && glass) collapse(glass, false);
  if (typing || !(event.key === "/" || (event.key === "k" && (event.ctrlKey || event.metaKey)))) return;
  event.preventDefault();
  search();
});

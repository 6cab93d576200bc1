// What Bootstrap's and Quarto's scripts would do: colour scheme, collapsing, menus, tabs, contents, search.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const offset = document.querySelector('meta[name="quarto:offset"]')?.content ?? "./";
const site = new URL(offset, document.baseURI);

// ---------- Height of the header, for what sticks below it ----------
const header = document.getElementById("quarto-header");
if (header) {
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--press-header", `${header.offsetHeight}px`);
  }).observe(header);
}

// ---------- Colour scheme ----------
const toggles = all(".quarto-color-scheme-toggle");

function showScheme(dark) {
  document.body.classList.toggle("quarto-dark", dark);
  document.body.classList.toggle("quarto-light", !dark);
  for (const link of all("link[data-scheme]")) link.media = (link.dataset.scheme === "dark") === dark ? "all" : "not all";
  for (const toggle of toggles) {
    toggle.setAttribute("aria-checked", String(dark));
    toggle.classList.toggle("alternate", dark);
  }
}

window.quartoToggleColorScheme = () => {
  const dark = !document.body.classList.contains("quarto-dark");
  try { localStorage.setItem("quarto-color-scheme", dark ? "alternate" : "default"); } catch { /* private window */ }
  showScheme(dark);
};
for (const toggle of toggles) toggle.addEventListener("click", window.quartoToggleColorScheme);
if (toggles.length) showScheme(document.body.classList.contains("quarto-dark"));

// ---------- Collapsing: navbar, sidebar, callouts ----------
function collapse(trigger, open) {
  const targets = all(trigger.dataset.bsTarget);
  const shown = open ?? !targets.some((target) => target.classList.contains("show"));
  for (const target of targets) target.classList.toggle("show", shown);
  for (const other of all("[data-bs-toggle=collapse]")) {
    if (other.dataset.bsTarget !== trigger.dataset.bsTarget || !other.hasAttribute("aria-expanded")) continue;
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

// ---------- Menus ----------
const menus = all("[data-bs-toggle=dropdown]");
function showMenu(button, open) {
  button.setAttribute("aria-expanded", String(open));
  button.nextElementSibling.classList.toggle("show", open);
}
for (const button of menus) {
  button.addEventListener("click", () => showMenu(button, button.getAttribute("aria-expanded") !== "true"));
}
document.addEventListener("click", (event) => {
  for (const button of menus) if (!button.parentElement.contains(event.target)) showMenu(button, false);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const button of menus) {
    if (button.parentElement.contains(document.activeElement)) button.focus();
    showMenu(button, false);
  }
  const glass = document.querySelector("#quarto-sidebar-glass.show");
  if (glass) collapse(glass, false);
});

// ---------- A link into something closed opens it ----------
function reveal() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
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

// ---------- Table of contents ----------
const contents = new Map(all("#TOC [data-scroll-target]").map((link) => [link.dataset.scrollTarget.slice(1), link]));
const sections = [...contents.keys()].map((id) => document.getElementById(decodeURIComponent(id))).filter(Boolean);
const margin = document.getElementById("quarto-margin-sidebar");
const notes = all("main .column-margin, main .column-page, main .column-screen, main .column-page-right");

function follow() {
  const line = innerHeight * 0.25;
  const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  const passed = sections.filter((section) => section.getBoundingClientRect().top <= line);
  const current = end ? sections.at(-1) : passed.at(-1) ?? sections[0];
  for (const [id, link] of contents) link.classList.toggle("active", current?.id === decodeURIComponent(id));
  if (!margin || !notes.length) return;
  const box = margin.getBoundingClientRect();
  const covered = notes.some((note) => {
    const other = note.getBoundingClientRect();
    return other.right > box.left && other.top < box.bottom && other.bottom > box.top;
  });
  margin.classList.toggle("overlapped", covered);
}
let waiting = false;
addEventListener("scroll", () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; follow(); });
}, { passive: true });
addEventListener("resize", follow);
follow();

// ---------- Code and wide content ----------
for (const block of all("div.sourceCode")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "code-copy-button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy code");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code").innerText);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  block.append(button);
}
for (const button of all(".code-tools-button")) {
  button.addEventListener("click", () => {
    const folds = all("details.code-fold");
    const open = folds.some((fold) => !fold.open);
    for (const fold of folds) fold.open = open;
    button.setAttribute("aria-expanded", String(open));
  });
}
function reachable() {
  for (const box of all("pre, .cell-output-display, .quarto-float > figure > div, .table-scroll")) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
  }
}
addEventListener("load", reachable);
addEventListener("resize", reachable);

// ---------- Search ----------
const opener = document.querySelector("#quarto-search button");
let dialog, engine, newest = 0;

function buildSearch() {
  dialog = document.createElement("dialog");
  dialog.className = "press-search";
  dialog.setAttribute("aria-label", "Search");
  dialog.innerHTML = `<form method="dialog" role="search"><input type="search" aria-label="Search the site" placeholder="Search" autocomplete="off">
    <button aria-label="Close search">Close</button></form><p role="status"></p><ol></ol>`;
  document.body.append(dialog);
  const input = dialog.querySelector("input");
  input.addEventListener("input", () => find(input.value.trim()));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    dialog.querySelector("li a")?.click();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("li a")) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const stops = [input, ...all("li a", dialog)];
    const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    stops.at(Math.min(next, stops.length - 1)).focus();
  });
}

async function find(text) {
  const turn = ++newest;
  const status = dialog.querySelector("[role=status]");
  const list = dialog.querySelector("ol");
  if (!text) { status.textContent = ""; list.replaceChildren(); return; }
  try {
    engine ??= await import(new URL("pagefind/pagefind.js", site).href);
    await engine.options({ baseUrl: site.pathname });
    const { results } = await engine.search(text);
    const pages = await Promise.all(results.slice(0, 10).map((result) => result.data()));
    if (turn !== newest) return;
    status.textContent = results.length ? `${results.length} ${results.length === 1 ? "page" : "pages"}` : "Nothing found";
    list.replaceChildren(...pages.map(({ url, meta, excerpt, sub_results: parts }) => {
      const best = parts?.find((part) => part.url.includes("#"));
      const item = document.createElement("li");
      const link = document.createElement("a");
      const title = document.createElement("strong");
      const extract = document.createElement("span");
      link.href = best?.url ?? url;
      title.textContent = best && best.title !== meta.title ? `${meta.title}: ${best.title}` : meta.title;
      extract.innerHTML = best?.excerpt ?? excerpt; // escaped by pagefind, with <mark> around the words found
      link.append(title, extract);
      item.append(link);
      return item;
    }));
  } catch {
    status.textContent = "The search index could not be loaded. It needs a web server.";
  }
}

function openSearch() {
  if (!dialog) buildSearch();
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input").select();
}
opener?.addEventListener("click", openSearch);
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (opener && !typing && (event.key === "/" || (event.key === "k" && (event.ctrlKey || event.metaKey)))) {
    event.preventDefault();
    openSearch();
  }
});

// What a page lacks for the keyboard, for screen readers and for copying. What a renderer has already is left alone.
const NAMES = [
  [".navbar", "Site"],
  [".quarto-secondary-nav", "Section"],
  ["#quarto-sidebar", "Pages"],
  [".page-navigation", "Previous and next page"],
  ["#quarto-margin-sidebar", "Beside the text"],
  ["#TOC", "On this page"],
];
const CONTENT = "quarto-document-content";

/** Name the landmarks; a page has several navigations, which are told apart by name alone. */
function nameLandmarks() {
  for (const [selector, name] of NAMES) {
    const landmark = document.querySelector(selector);
    if (!landmark || landmark.hasAttribute("aria-labelledby")) continue;
    if (!landmark.ariaLabel) landmark.ariaLabel = name;
    if (landmark.localName === "div") landmark.role ??= "complementary";
  }
}

/** Give what folds and unfolds the role, the tab stop and the keys of a button. */
function makeButton(toggle) {
  if (toggle.localName === "button") {
    toggle.removeAttribute("role");
    return;
  }
  if (toggle.getAttribute("role") === "button" && toggle.tabIndex === 0) return;
  toggle.setAttribute("role", "button");
  toggle.tabIndex = 0;
  // A name of its own would hide the text that it shows.
  if (toggle.textContent.trim()) toggle.removeAttribute("aria-label");
  toggle.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    toggle.click();
  });
}

/** Offer a way past the menus as the first stop of the keyboard. */
function addSkipLink() {
  if (document.querySelector(".skip-link")) return;
  const link = document.createElement("a");
  Object.assign(link, { className: "skip-link visually-hidden-focusable", href: `#${CONTENT}`, textContent: "Skip to main content" });
  document.body.prepend(link);
}

/** Only a link to this page is current: Quarto marks the first one on every page that the sidebar holds. */
function markCurrent() {
  const page = (address) => address.pathname.replace(/index\.html$/, "");
  for (const link of document.querySelectorAll(".navbar .nav-link[href]:is(.active, [aria-current])")) {
    if (page(new URL(link.href)) === page(location)) continue;
    link.classList.remove("active");
    link.removeAttribute("aria-current");
  }
}

/** Offer code for copying, where the renderer does not. */
function makeCopyable(code) {
  if (code.querySelector(".code-with-copy")) return;
  const button = document.createElement("button");
  const say = (text) => Object.assign(button, { textContent: text, ariaLabel: `${text} code` });
  Object.assign(button, { type: "button", className: "copy-code" });
  say("Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.querySelector("code").textContent);
    say("Copied");
    setTimeout(say, 1500, "Copy");
  });
  code.append(button);
}

nameLandmarks();
document.querySelectorAll("div.sourceCode").forEach(makeCopyable);
document.querySelectorAll('[data-bs-toggle="collapse"][aria-expanded]').forEach(makeButton);
addSkipLink();
markCurrent();

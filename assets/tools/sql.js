// A button at every query of the SQL library. What runs the query is loaded on the first press.
for (const section of document.querySelectorAll("section.sql-query")) {
  const fold = section.querySelector("details");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "sql-run", textContent: "Run and edit" });
  button.ariaLabel = `Run and edit: ${section.querySelector("h3").firstChild.textContent}`;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      (await import("./sql-page.js")).open(section, button);
    } catch {
      button.disabled = false;
      button.textContent = "Could not be loaded; try again";
    }
  });
  fold.after(button);
}

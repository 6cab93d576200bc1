// The editor of a query of the SQL library: its text, what runs it, and the result in place of the printed one.
import { Interrupted, run, stop, tables } from "./sql-engine.js";
import { minus, node, number, table } from "./tool.js";

const SHOWN = 200;
const TALL = 24;

document.head.append(node("link", { rel: "stylesheet", href: new URL("tools.css", import.meta.url) }));

/** Put an editor in the place of a query's text, and run it. */
export function open(section, start) {
  const fold = section.querySelector("details");
  const [first, printed] = [fold.querySelector("code").textContent, section.querySelector(".table-scroll")];
  const question = section.querySelector("h3").firstChild.textContent;
  const editor = node("textarea", { rows: Math.min(TALL, first.split("\n").length + 1), spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off", "aria-label": `SQL: ${question}` });
  const button = node("button", { type: "button", class: "sql-first", title: "Ctrl+Enter in the text" }, "Run");
  const reset = node("button", { type: "button" }, "Reset");
  const status = node("p", { role: "status" });
  const result = node("div", {});
  let running = false;

  const say = (words) => (status.textContent = words);
  const show = (...found) => {
    result.replaceChildren(...found);
    printed.hidden = found.length > 0;
    result.scrollIntoView({ block: "nearest" });
  };
  const begin = async () => {
    if (running) return;
    running = true;
    button.textContent = "Stop";
    try {
      const found = await run(editor.value, SHOWN, say);
      say(`${counted(found.count)} in ${number(found.seconds * 1000)} ms.`);
      show(drawn(found));
    } catch (error) {
      say("");
      show(...(await explained(error)));
    }
    running = false;
    button.textContent = "Run";
  };

  button.addEventListener("click", () => (running ? stop() : begin()));
  reset.addEventListener("click", () => {
    if (running) stop();
    editor.value = first;
    show();
    say("");
  });
  editor.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    begin();
  });
  editor.value = first;
  fold.replaceChildren(fold.querySelector("summary"), editor);
  fold.open = true;
  start.replaceWith(node("div", { class: "tool sql-live" }, node("div", { class: "sql-bar" }, button, reset, status), result));
  button.focus();
  begin();
}

const counted = (count) => (count === 1 ? "One row" : `${number(count)} rows`);

/** A result as a table; what is no number stands on the left. */
function drawn({ columns, count, rows }) {
  if (!columns.length) return node("p", {}, "The statement returns nothing.");
  const words = new Set([...columns.keys()].filter((place) => rows.some((row) => typeof row[place] === "string")));
  const caption = count > rows.length ? `The first ${number(rows.length)} of ${number(count)} rows` : counted(count);
  return table(caption, columns, rows.map((row) => row.map(written)), words);
}

/** A value as text: whole numbers in full, others to six digits. */
function written(value) {
  if (value === null) return "null";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return number(value);
  const digits = Math.min(21, Math.max(6, Math.trunc(Math.abs(value)).toString().length + 2));
  return minus(value.toLocaleString("en-GB", { maximumSignificantDigits: digits }));
}

/** What is wrong, in a sentence, with DuckDB's own words below. */
async function explained(error) {
  if (error instanceof Interrupted) return [node("p", { class: "tool-problem", role: "alert" }, error.message)];
  const names = (await tables().catch(() => [])).join(", ");
  const [, sentence] = [
    [/Permission Error|external extensions/, "This page reads nothing but the shop's tables: files, addresses and extensions are switched off."],
    [/^Parser Error/, "DuckDB cannot read this as SQL."],
    [/^Catalog Error: Table/, `There is no such table here. There are ${names}.`],
    [/^Binder Error: .*column/, "There is no such column here. DESCRIBE with the name of a table lists its columns; those that no query of the library reads are left out."],
    [/Out of Memory/i, "The browser's memory is not enough for this."],
    [/^/, "DuckDB refuses this."],
  ].find(([pattern]) => pattern.test(error.message));
  // DuckDB repeats where an error is.
  const words = [...new Set(error.message.split("\n\n"))].join("\n\n");
  return [node("p", { class: "tool-problem", role: "alert" }, sentence), node("pre", { tabindex: 0, "aria-label": "DuckDB's message" }, words)];
}

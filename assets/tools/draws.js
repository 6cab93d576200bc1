// Other draws of the shop: a seed in, which findings of the report stay out. Python judged them; findings.tools.draws.rows is the twin of `found`.
import { load, mount, node, settings, start, table } from "./tool.js";

const NOTHING = "\u2013";
const HEAD = ["Finding", "This report", "\u25c6 Truth here", "That shop", "\u25c6 Truth there", "Stays?"];
const TRUTHS = [2, 4];

/** What the page shows of a shop, one row a finding. */
export function found(file, seed) {
  const first = file.seeds[0];
  return file.findings.map(({ says, shops }) => {
    const all = Object.values(shops);
    return {
      says,
      report: shops[first].text,
      report_interval: shops[first].interval,
      report_truth: shops[first].truth || NOTHING,
      here: shops[seed].text,
      here_interval: shops[seed].interval,
      truth: shops[seed].truth || NOTHING,
      verdict: shops[seed].stays ? "stays" : "falls",
      holds: `${all.filter(({ stays }) => stays).length} of ${all.length} shops`,
    };
  });
}

const pair = (above, below) => node("span", {}, above, below ? node("span", { class: "interval" }, ` (${below})`) : "");

function show(file, { seed }) {
  const rows = found(file, seed);
  const stay = rows.filter(({ verdict }) => verdict === "stays").length;
  const own = seed === file.seeds[0] ? " It is the shop of this report." : "";
  const cells = rows.map((row) => [
    row.says,
    pair(row.report, row.report_interval),
    row.report_truth,
    pair(row.here, row.here_interval),
    row.truth,
    pair(row.verdict === "falls" ? node("strong", {}, row.verdict) : row.verdict, row.holds),
  ]);
  const shown = table(`This report and the shop with seed ${seed}`, HEAD, cells);
  for (const row of shown.querySelectorAll("tr")) for (const place of TRUTHS) row.children[place].classList.add("truth");
  return [`In the shop with seed ${seed}, ${stay} of ${rows.length} findings stay.${own}`, shown];
}

start("draws", async (root) => {
  const file = await load(root);
  if (!file) return;
  const options = file.seeds.map((seed, i) => [seed, i ? seed : `${seed}, this report`]);
  const { form, update } = mount(root, [{ name: "seed", label: "Seed of the shop", value: settings(root).seed, options }], (values) => show(file, values));
  const again = node("button", { type: "button", class: "tool-again" }, "Draw another shop");
  again.addEventListener("click", () => {
    const others = file.seeds.slice(1);
    form.elements.seed.value = others[(others.indexOf(form.elements.seed.value) + 1) % others.length];
    update();
  });
  form.prepend(again);
});

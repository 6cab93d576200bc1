// The what-if scorer's page: change what a visit looks like, see its chance to buy and what moves it.
import { contributions, probability } from "./whatif-engine.js";
import { cards, load, mount, node, number, percent, points, start, table } from "./tool.js";

const BARS = 10;

/** One field a feature; those that matter most come first, the rest folds away. */
function fields(file) {
  const rest = file.features.map((_, place) => place).filter((place) => !file.shown.includes(place));
  const field = (place, more) => {
    const { name, label, unit, hint, least, most, flag } = file.features[place];
    const value = String(file.visits[0].row[place]);
    if (flag) return { name, label, hint, more, value, options: [["0", "No"], ["1", "Yes"]] };
    return { name, label, unit, hint, more, value, low: least, high: most };
  };
  return [
    { name: "visit", label: "Start from", wide: true, value: "0", options: file.visits.map(({ label }, i) => [String(i), label]), hint: "Visits of the simulated shop, after three events" },
    ...file.shown.map((place) => field(place, false)),
    ...rest.map((place) => field(place, true)),
  ];
}

/** The values that each start gives to the other fields. */
const presets = (file) =>
  Object.fromEntries(file.visits.map(({ row }, i) => [String(i), Object.fromEntries(file.features.map(({ name }, place) => [name, String(row[place])]))]));

/** A row of the table of contributions: name and value, a bar to the left or right, the factor on the odds. */
function push(name, value, given, largest) {
  const width = (50 * Math.abs(given)) / largest;
  const rectangle = { class: given < 0 ? "down" : "up", x: (given < 0 ? 50 - width : 50).toFixed(2), y: 1, width: width.toFixed(2), height: 10 };
  return [
    node("span", {}, name, node("span", { class: "tool-unit" }, ` ${value}`)),
    node("svg:svg", { class: "push", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" }, node("svg:rect", rectangle), node("svg:path", { class: "grid", d: "M50 0V12" })),
    `\u00d7${number(Math.exp(given), 2)}`,
  ];
}

/** The table of what moves the chance: the largest contributions, and all others as one. */
function pushes(file, row) {
  const { given, average } = contributions(file, row);
  const order = given.map((_, place) => place).sort((a, b) => Math.abs(given[b]) - Math.abs(given[a]));
  const top = order.slice(0, BARS);
  const others = order.slice(BARS).reduce((sum, place) => sum + given[place], 0);
  const largest = Math.max(...top.map((place) => Math.abs(given[place])), Math.abs(others), 1e-9);
  const usual = 1 / (1 + Math.exp(-average));
  const shown = (place) => (file.features[place].flag ? (row[place] ? "yes" : "no") : number(row[place], row[place] % 1 ? 2 : 0));
  const caption = "What moves this visit\u2019s odds, against the average visit";
  return [
    table(caption, ["Feature", "Lower or higher", "Odds"], [
      ...top.map((place) => push(file.features[place].label, shown(place), given[place], largest)),
      push(`The other ${given.length - BARS} features`, "", others, largest),
    ]),
    node("p", { class: "tool-remark" }, `Exact TreeSHAP on the log-odds: the factors multiply the odds of the average visit (a chance of ${percent(usual, 1)}) to those of this one. They say how the model scores, not what would change a buyer\u2019s mind.`),
  ];
}

function show(file, values) {
  const row = file.features.map(({ name }) => Number(values[name]));
  const chance = probability(file, row);
  const helped = chance >= file.threshold;
  const started = probability(file, file.visits[Number(values.visit)].row);
  return [
    `This visit buys with a chance of ${percent(chance, 1)}: ${helped ? "above" : "below"} the ${percent(file.threshold, 1)} from which help pays.`,
    cards([
      ["Chance to buy", percent(chance, 1), `${percent(started, 1)} as the visit was`],
      ["Your changes", chance === started ? "None yet" : points(chance - started, 1), "against the visit as it was"],
      ["What to do", helped ? "Help" : "Leave alone", `help pays from ${percent(file.threshold, 1)}`],
    ]),
    ...pushes(file, row),
  ];
}

start("whatif", async (root) => {
  const file = await load(root);
  if (file) mount(root, fields(file), (values) => show(file, values), { by: "visit", values: presets(file), more: "All other features" });
});

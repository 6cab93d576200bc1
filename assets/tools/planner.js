// The experiment planner's page: settings in, visitors, days, a curve and boundaries out.
import { plan, ratePower, meanPower } from "./planner-engine.js";
import { cards, chart, euros, mount, node, number, percent, points, settings, start, table } from "./tool.js";

const isRate = ({ kind }) => kind === "rate";

/** The fields; `from` holds what the page starts with. */
const fields = (from) => [
  { name: "kind", label: "What is measured", options: [["rate", "Share who buy"], ["mean", "Amount a visitor"]] },
  { name: "baseline", label: "Share who buy today", unit: "%", low: 0.01, high: 99, when: isRate },
  { name: "lift", label: "Smallest change worth finding", unit: "pp", low: -50, high: 50, hint: "Percentage points, absolute", when: isRate },
  { name: "deviation", label: "Spread of the amount", unit: "€", low: 0.01, high: 1e6, hint: "Standard deviation between visitors", when: ({ kind }) => kind === "mean" },
  { name: "gain", label: "Smallest change worth finding", unit: "€", low: -1e6, high: 1e6, hint: "A visitor, absolute", when: ({ kind }) => kind === "mean" },
  { name: "visitors", label: "New visitors a day", low: 1, high: 1e8 },
  { name: "share", label: "Of them in the experiment", unit: "%", low: 1, high: 100 },
  { name: "days", label: "Days you can wait", low: 1, high: 3650, whole: true },
  { name: "power", label: "Chance to find the change", unit: "%", low: 50, high: 99.9, hint: "Power" },
  { name: "alpha", label: "False alarms accepted", unit: "%", low: 0.1, high: 40, hint: "Alpha, when nothing changes" },
  { name: "alternative", label: "Looking for", options: [["two-sided", "A change either way"], ["greater", "A rise only"], ["less", "A fall only"]] },
  { name: "treated", label: "Who get the change", unit: "% of the experiment", low: 5, high: 95 },
  { name: "looks", label: "Looks at the data", low: 1, high: 20, whole: true, hint: "1: only at the end" },
  { name: "spending", label: "Rule for early looks", options: [["obrien-fleming", "O\u2019Brien-Fleming: hard early"], ["pocock", "Pocock: equally hard"]], when: ({ looks }) => looks > 1 },
].map((field) => ({ ...field, value: from[field.name] }));

/** Fields in percent and percentage points as the engine takes them. */
export function design(values) {
  const treated = values.treated / 100;
  return {
    ...values,
    baseline: values.baseline / 100,
    effect: isRate(values) ? values.lift / 100 : values.gain,
    share: values.share / 100,
    power: values.power / 100,
    alpha: values.alpha / 100,
    ratio: treated / (1 - treated),
  };
}

/** Refuse what has no answer, in the reader's words. */
export function check({ kind, baseline, effect, alpha, power, alternative }) {
  if (effect === 0) throw new RangeError("A change of zero needs endless visitors: type the smallest change that matters.");
  if (alternative === "greater" && effect < 0) throw new RangeError("The change points down, but only a rise is looked for: make it positive, or look either way.");
  if (alternative === "less" && effect > 0) throw new RangeError("The change points up, but only a fall is looked for: make it negative, or look either way.");
  if (power <= alpha) throw new RangeError("The chance to find the change must be above the share of false alarms: a coin reaches it without data.");
  if (kind === "rate" && !(baseline + effect > 0 && baseline + effect < 1)) throw new RangeError("Today\u2019s share and the change together leave the range from 0 to 100%: make the change smaller.");
}

/** The curve: power by visitors in the experiment, up to what is needed or what the days bring. */
function curve(given, found) {
  const power = isRate(given) ? ratePower : meanPower;
  const most = 1.4 * Math.max(found.total, Math.min(found.enrolled, 4 * found.total));
  const line = Array.from({ length: 41 }, (_, i) => {
    const all = Math.max(4 * (1 + given.ratio), (most * i) / 40);
    const first = Math.max(2, Math.round(all / (1 + given.ratio)));
    return [all, power(given, given.effect, first, Math.max(2, Math.round(all) - first))];
  });
  return chart({
    label: `Chance to find the change by visitors in the experiment. ${number(found.total)} visitors give ${percent(given.power, 0)}.`,
    x: { title: "Visitors in the experiment", format: (value) => number(value) },
    y: { title: "Chance to find the change", format: (value) => percent(value, 0), range: [0, 1] },
    lines: [{ points: line, look: "look-1" }],
    rule: given.power,
    marks: [{ x: found.total, y: given.power, name: `${number(found.total)} visitors` }],
  });
}

/** The boundaries of early looks. */
function looksTable(found) {
  const rows = found.z.map((z, i) => [
    `${i + 1}`,
    number(Math.ceil(found.sequentialTotal * found.times[i])),
    Number.isFinite(z) ? number(z, 3) : "none",
    found.nominal[i] < 1e-4 ? "< 0.0001" : number(found.nominal[i], 4),
    percent(found.stops[i], 1),
  ]);
  return table("When to look, and what it takes to stop there", ["Look", "Visitors so far", "Stop if z is beyond", "p value below", "Chance to stop here"], rows);
}

function show(values) {
  const given = design(values);
  check(given);
  const found = plan(given);
  const change = isRate(given) ? points(given.effect) : euros(given.effect, 2);
  const early = found.z !== undefined;
  const days = early ? found.sequentialDays : found.days;
  const detectable = found.detectable === null ? "none" : isRate(given) ? points(found.detectable) : euros(found.detectable, 2);
  const wait = `${number(values.days)} days`;
  return [
    `To find a change of ${change} with a chance of ${percent(given.power, 0)}, run for ${number(days)} days with ${number(early ? found.sequentialTotal : found.total)} visitors.`,
    cards([
      ["Visitors needed", number(early ? found.sequentialTotal : found.total), early ? `${number(found.total)} with one look at the end` : `${number(found.control)} without, ${number(found.treatment)} with the change`],
      ["Days, whole weeks", number(days), `${number(found.needed)} days ${early ? "with one look, unrounded" : "unrounded"}`],
      [`Smallest change found in ${wait}`, detectable, `${number(found.enrolled)} visitors, one look at the end`],
      [`Chance to find it in ${wait}`, found.power === null ? "none" : percent(found.power, 0), "with one look at the end"],
    ]),
    curve(given, found),
    early ? looksTable(found) : null,
    early ? node("p", { class: "tool-remark" }, `Looking ${values.looks} times takes ${percent(found.inflation - 1, 1)} more visitors at most. If the change is as large as planned, the experiment stops on average after ${percent(found.expected, 0)} of them.`) : null,
  ];
}

start("planner", (root) => mount(root, fields(settings(root)), show));

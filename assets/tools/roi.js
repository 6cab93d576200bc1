// The ROI simulator's page: budget, costs and margin in, profit with its interval and the truth out.
import { curves, interval, simulate } from "./roi-engine.js";
import { between, cards, chart, euros, load, mount, node, number, percent, settings, start } from "./tool.js";

const POLICIES = [
  ["uplift", "Highest predicted profit first"],
  ["likeliest", "Likeliest buyers first"],
  ["random", "At random"],
  ["truth", "The truth decides (simulation only)"],
];

const fields = (from) => [
  { name: "policy", label: "Whom to treat", wide: true, options: POLICIES },
  { name: "budget", label: "Budget for free shipping", unit: "€", low: 0, high: 1e9, hint: "Enough budget treats everybody" },
  { name: "users", label: "Users", low: 1, high: 1e8, whole: true },
  { name: "price", label: "Cost of an order shipped free", unit: "€", low: 0, high: 1000 },
  { name: "message", label: "Cost of each treated user", unit: "€", low: 0, high: 1000, hint: "A message or a coupon\u2019s fee" },
  { name: "margin", label: "Gross margin", unit: "% of net revenue", low: 0, high: 100 },
].map((field) => ({ ...field, value: from[field.name] }));

const verdict = ({ low, high }) => (low > 0 ? "It pays." : high < 0 ? "It loses money." : "It may gain or lose.");

/** The chart: profit over the share treated, with its band, the truth, and where the budget ends. */
function picture(file, given, found) {
  const { truth, measured, draws } = curves(file, given);
  const pairs = (values) => file.shares.map((share, i) => [share, values[i]]);
  const lines = [];
  if (measured) {
    const band = file.shares.map((share, i) => {
      const { low, high } = interval(file, draws, share, measured.profit[i]);
      return [share, low, high];
    });
    lines.push({ name: "Estimated by the experiment, 95% interval", points: pairs(measured.profit), band, look: "look-1" });
  }
  lines.push({ name: "Truth, known only in the simulation", points: pairs(truth.profit), look: "look-truth" });
  const end = measured ? found.profit : found.true_profit;
  return chart({
    label: `Profit by the share of users treated. The budget reaches ${percent(found.share, 0)} of users, with a profit of ${euros(end)}.`,
    x: { title: "Share of users treated", format: (value) => percent(value, 0) },
    y: { title: "Profit", format: (value) => euros(value) },
    lines,
    rule: 0,
    marks: [{ x: found.share, y: end, name: `Budget ends: ${percent(found.share, 0)}`, tall: true }],
  });
}

function show(file, values) {
  const given = { ...values, margin: values.margin / 100 };
  const found = simulate(file, given);
  const known = found.profit !== undefined;
  const treated = Math.round(found.share * given.users);
  const answer = known
    ? `${euros(found.cost)} treat ${percent(found.share, 0)} of ${number(given.users)} users for a profit of ${euros(found.profit)} (${between(found.low, found.high, euros)}). ${verdict(found)}`
    : `If the truth chose, ${euros(found.cost)} would treat ${percent(found.share, 0)} of ${number(given.users)} users for a profit of ${euros(found.true_profit)}. No shop can know this.`;
  const list = cards([
    ["Users treated", number(treated), `for an expected ${euros(found.cost)} of the ${euros(given.budget)}`],
    ...(known
      ? [
          ["Profit, estimated", euros(found.profit), `${between(found.low, found.high, euros)}, 95% interval`],
          ["Return on what is spent", found.cost > 0 ? percent(found.profit / found.cost, 0) : "none", "estimated profit over cost"],
          ["Resamples with a profit", percent(found.pays, 0), "of the experiment, drawn again"],
        ]
      : []),
    ["Profit, in truth", euros(found.true_profit), "simulation only: no shop can know it"],
  ]);
  list.lastElementChild.classList.add("truth");
  return [answer, list, picture(file, given, found)];
}

start("roi", async (root) => {
  const file = await load(root);
  if (file) mount(root, fields(settings(root)), (values) => show(file, values));
});

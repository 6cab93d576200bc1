// The dashboard's page: a choice of sessions in; funnel, segments of risk, what to do and what it returns out.
import { HELPED, totals } from "./dashboard-engine.js";
import { cards, euros, load, mount, node, number, percent, spark, start, table } from "./tool.js";

const MONEY = 1e4;
const MILLIONTHS = 1e6;
const STEPS = [
  ["sessions", "Visited"],
  ["view_sessions", "Looked at a product"],
  ["cart_sessions", "Filled a cart"],
  ["checkout_sessions", "Began the checkout"],
  ["conversions", "Bought"],
];
/** Those lost before a step, and what to call it when no session of a choice got there. */
const LOST = {
  cart_sessions: ["fill no cart", "No carts"],
  checkout_sessions: ["leave their cart", "No checkouts"],
  conversions: ["leave the checkout", "No orders"],
};
const NAMES = { device: "Device", channel: "Channel", country: "Country" };

const words = (value) => value.replaceAll("_", " ");
const day = (week) => new Date(`${week}T00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const rate = (part, whole, digits = 1) => (whole ? percent(part / whole, digits) : "no sessions");
const sessions = (count) => `${number(count)} ${count === 1 ? "session" : "sessions"}`;

function fields({ dimensions }) {
  const one = Object.entries(NAMES).map(([name, label]) => ({
    name,
    label,
    value: "",
    options: [["", "All"], ...dimensions[name].map((value) => [value, words(value)])],
  }));
  const weeks = dimensions.week.map((week) => [week, day(week)]);
  return [
    ...one,
    { name: "from", label: "From the week of", value: weeks[0][0], options: weeks },
    { name: "to", label: "To the week of", value: weeks.at(-1)[0], options: weeks },
  ];
}

const panel = (title, ...parts) => node("section", { class: "tool-panel" }, node("h2", {}, title), ...parts);

/** A bar as long as its share of the largest. */
const bar = (share) => node("svg:svg", { class: "push", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" }, node("svg:rect", { class: "up", x: 0, y: 1, width: (100 * share).toFixed(2), height: 10 }));

function funnel({ funnel: counts, weeks }) {
  const rows = STEPS.map(([name, label], i) => [
    label,
    number(counts[name]),
    i ? rate(counts[name], counts[STEPS[i - 1][0]]) : "",
    bar(counts.sessions ? counts[name] / counts.sessions : 0),
    spark(weeks[name], `${label} by week: ${weeks[name].map((value) => number(value)).join(", ")}`),
  ]);
  return panel(
    "Funnel",
    cards([
      ["Sessions that buy", rate(counts.conversions, counts.sessions, 2), `${number(counts.conversions)} of ${number(counts.sessions)}`],
      ["Net revenue", euros(counts.revenue / MONEY), counts.conversions ? `${euros(counts.revenue / MONEY / counts.conversions, 2)} a buying session` : "no session bought"],
      ["Revenue a session", euros(counts.revenue / MONEY / counts.sessions, 2), spark(weeks.revenue, "Revenue by week")],
    ]),
    table("How far sessions get", ["Step", "Sessions", "Of the step before", "Of all", "By week"], rows),
  );
}

const label = (file, i) => {
  const [from, to] = [file.segments[i], file.segments[i + 1]];
  return i === 0 ? `Below ${percent(to, 1)}` : to === undefined ? `${percent(from, 1)} and more` : `${percent(from, 1)} to ${percent(to, 1)}`;
};

function risk(file, { risk: segments }) {
  const rows = segments.map(({ sessions, expected, bought, revenue }, i) => [
    label(file, i),
    number(sessions),
    number(expected / MILLIONTHS, 1),
    number(bought),
    rate(sessions - bought, sessions),
    euros(revenue / MONEY),
  ]);
  return panel(
    "Segments of risk",
    node("p", { class: "tool-remark" }, "Sessions after their third event, by the model\u2019s chance that they buy. The model is judged on its test weeks alone, so only these are shown."),
    table("Who is likely to leave", ["Chance to buy", "Sessions", "Buyers expected", "Buyers", "Left without buying", "Revenue after"], rows),
  );
}

function strategy(file, { values, risk: segments }) {
  const advice = (i) => (i >= HELPED ? "Help" : "Leave alone");
  const rows = values.map(({ cost, gain }, i) => [label(file, i), advice(i), number(segments[i].sessions), euros(cost), euros(gain)]);
  const { cost, lift } = file.assumptions;
  return panel(
    "What to do",
    node("p", { class: "tool-remark" }, `Help costs ${euros(cost, 2)} a session and is assumed to bring ${percent(lift, 0)} more revenue; no experiment supports this lift yet.`),
    table("What helping them costs and brings", ["Chance to buy", "Do", "Sessions", "Cost if helped", "Profit if helped"], rows),
  );
}

function returns(file, { gain, cost, won }) {
  const steps = Object.entries(LOST).map(([step, [who, none]]) => [
    `Win back ${percent(file.assumptions.recoverable, 0)} of those who ${who}`,
    ...(won[step] === null ? [none, "in this choice of sessions"] : [euros(won[step]), "margin; the share is assumed"]),
  ]);
  return panel(
    "What it returns",
    cards([
      ["Profit of helping in the test weeks", euros(gain), cost ? `${percent(gain / cost, 0)} of the ${euros(cost)} it costs` : "no session to help in this choice"],
      ...steps,
    ]),
    node("p", { class: "tool-remark" }, "Arithmetic on what was measured and what is assumed, without intervals: the chapters have them."),
  );
}

function show(file, values) {
  if (values.from > values.to) throw new RangeError("The first week lies after the last: choose an earlier first week or a later last one.");
  const found = totals(file, values);
  const chosen = Object.keys(NAMES).filter((name) => values[name]).map((name) => words(values[name]));
  if (!found.funnel.sessions) throw new RangeError("No session fits this choice: set one of the filters back to All.");
  const who = chosen.length ? ` (${chosen.join(", ")})` : "";
  const weeks = values.from === values.to ? `In the week of ${day(values.from)}` : `From ${day(values.from)} to the week of ${day(values.to)}`;
  const answer = `${weeks}, ${rate(found.funnel.conversions, found.funnel.sessions, 2)} of ${sessions(found.funnel.sessions)}${who} bought, for ${euros(found.funnel.revenue / MONEY)}.`;
  const judged = found.risk.some(({ sessions }) => sessions);
  const none = node("p", { class: "tool-problem" }, `No prediction was tested in these weeks${who}: choose later weeks, up to ${day(file.dimensions.week.at(-1))}.`);
  return [
    answer,
    funnel(found),
    ...(judged ? [risk(file, found), strategy(file, found)] : [panel("Segments of risk", none)]),
    returns(file, found),
  ];
}

start("dashboard", async (root) => {
  const file = await load(root);
  if (file) mount(root, fields(file), (values) => show(file, values));
});

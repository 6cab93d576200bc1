// The dashboard's arithmetic over its cube: findings.tools.dashboard.totals is its twin, and a test compares them.

const MONEY = 1e4; // revenue is in ten-thousandths of a euro
/** Segment of risk from which help pays. */
export const HELPED = 2;

const sum = (rows, column) => rows.reduce((total, row) => total + row[column], 0);

/** Sums of a choice: `from` and `to` bound the weeks, the other dimensions name one value; empty means all. */
export function totals(file, chosen) {
  const names = Object.keys(chosen).filter((name) => name !== "from" && name !== "to" && chosen[name]);
  const order = ["week", "device", "channel", "country"];
  const weeks = file.dimensions.week;
  const first = chosen.from ? weeks.indexOf(chosen.from) : 0;
  const last = chosen.to ? weeks.indexOf(chosen.to) : weeks.length - 1;
  const wanted = names.map((name) => [order.indexOf(name), file.dimensions[name].indexOf(chosen[name])]);
  const kept = (rows) => rows.filter((row) => row[0] >= first && row[0] <= last && wanted.every(([place, value]) => row[place] === value));
  const [rows, risk, assumed] = [kept(file.cells), kept(file.risk_cells), file.assumptions];
  const width = order.length;
  const funnel = Object.fromEntries(file.measures.map((name, i) => [name, sum(rows, width + i)]));
  const byWeek = Object.fromEntries(file.measures.map((name) => [name, new Array(last - first + 1).fill(0)]));
  for (const row of rows) file.measures.forEach((name, i) => (byWeek[name][row[0] - first] += row[width + i]));
  const segments = file.segments.map((_, segment) => {
    const mine = risk.filter((row) => row[width] === segment);
    return Object.fromEntries(file.risk_measures.map((name, i) => [name, sum(mine, width + 1 + i)]));
  });
  const values = segments.map(({ sessions, revenue }) => {
    const cost = assumed.cost * sessions;
    return { cost, gain: (assumed.lift * assumed.margin * revenue) / MONEY - cost };
  });
  const helped = values.slice(HELPED);
  const steps = ["sessions", "cart_sessions", "checkout_sessions", "conversions"];
  const won = steps.slice(1).map((after, i) => {
    const lost = funnel[steps[i]] - funnel[after];
    const worth = (assumed.margin * funnel.revenue) / MONEY;
    return [after, funnel[after] ? (assumed.recoverable * lost * worth) / funnel[after] : null];
  });
  return {
    funnel,
    weeks: byWeek,
    risk: segments,
    values,
    gain: helped.reduce((total, { gain }) => total + gain, 0),
    cost: helped.reduce((total, { cost }) => total + cost, 0),
    won: Object.fromEntries(won),
  };
}

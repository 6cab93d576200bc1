// The ROI simulator's arithmetic: findings.tools.roi.simulate is its twin, and a test compares them.

const LEVEL = 0.95;

/** Value of a line through (xs, ys) at x. */
export function interpolate(x, xs, ys) {
  const right = xs.findIndex((place) => place >= x);
  if (right < 0) return ys.at(-1);
  if (right === 0) return ys[0];
  const part = (x - xs[right - 1]) / (xs[right] - xs[right - 1]);
  return ys[right - 1] + part * (ys[right] - ys[right - 1]);
}

/** Quantile of sorted values, linear between neighbours. */
function quantile(sorted, share) {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  return sorted[below] + (place - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

/** Largest share whose cost, and that of every smaller share, stays within the budget. */
export function reach(shares, cost, budget) {
  const at = cost.findIndex((spent) => spent > budget);
  if (at < 0) return 1;
  if (at === 0) return 0;
  return shares[at - 1] + ((budget - cost[at - 1]) / (cost[at] - cost[at - 1])) * (shares[at] - shares[at - 1]);
}

/** Money over the share treated, EUR for the whole audience. */
function money(file, given, revenue, orders) {
  const random = given.policy === "random";
  const course = (values, i) => (random ? values.at(-1) * file.shares[i] : values[i]);
  const cost = file.shares.map((share, i) => given.users * (given.price * course(orders, i) * file.orders_unit + given.message * share));
  const profit = cost.map((spent, i) => given.users * given.margin * course(revenue, i) * file.revenue_unit - spent);
  return { cost, profit };
}

/** Curves for a choice: as measured (none for the truth's own choice), of each resample, and true. */
export function curves(file, given) {
  const curve = file.policies[given.policy === "random" ? "uplift" : given.policy];
  const truth = money(file, given, curve.true_revenue, curve.true_orders);
  if (given.policy === "truth") return { truth };
  const measured = money(file, given, curve.revenue, curve.orders);
  const draws = curve.revenue_draws.map((revenue, i) => money(file, given, revenue, curve.orders_draws[i]).profit);
  return { truth, measured, draws };
}

/** Interval of the resamples at a share, widened where it would not hold the value. */
export function interval(file, draws, share, value) {
  const drawn = draws.map((draw) => interpolate(share, file.shares, draw));
  const sorted = Float64Array.from(drawn).sort();
  const tail = (1 - LEVEL) / 2;
  return {
    low: Math.min(quantile(sorted, tail), value),
    high: Math.max(quantile(sorted, 1 - tail), value),
    pays: drawn.filter((profit) => profit > 0).length / drawn.length,
  };
}

/** How far the budget reaches, and the profit: measured with its interval, and true. */
export function simulate(file, given) {
  const { truth, measured, draws } = curves(file, given);
  const cost = (measured ?? truth).cost;
  const share = reach(file.shares, cost, given.budget);
  const at = (values) => interpolate(share, file.shares, values);
  const found = { share, cost: at(cost), true_profit: at(truth.profit) };
  if (!measured) return found;
  const profit = at(measured.profit);
  return { ...found, profit, ...interval(file, draws, share, profit) };
}

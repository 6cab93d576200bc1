// The planner's arithmetic: the twin of journey.experiments (power, sample_size, duration, group_sequential).
// Pure functions, no page: a test compares them with Python. Each names the function that it follows.

const LARGEST_ARM = 1e13; // sample_size.LARGEST_ARM
const REACH = 9; // group_sequential.REACH
const SMALL_DF = 1e9; // beyond it the t distribution is the normal one

const density = (x) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Upper tail of the standard normal distribution: a series near 0, a continued fraction further out. */
export function upperTail(x) {
  if (x < 0) return 1 - upperTail(-x);
  if (x === Infinity) return 0;
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let k = 3; term > 1e-18; k += 2) {
      term *= (x * x) / k;
      sum += term;
    }
    return 0.5 - density(x) * sum;
  }
  let below = x;
  for (let k = 160; k > 0; k -= 1) below = x + k / below;
  return density(x) / below;
}

/** Value that the standard normal exceeds with probability `tail`. */
export const normalQuantile = (tail) => root((z) => tail - upperTail(z), -REACH, 38);

/** Zero of a function between two ends where its sign differs (Brent 1973). */
export function root(missing, low, high, tolerance = 1e-14) {
  let [a, b] = [low, high];
  let [fa, fb] = [missing(a), missing(b)];
  let [c, fc, step, last] = [a, fa, b - a, b - a];
  for (let count = 0; count < 200; count += 1) {
    if (fb > 0 === fc > 0) [c, fc, step, last] = [a, fa, b - a, b - a];
    if (Math.abs(fc) < Math.abs(fb)) [a, b, c, fa, fb, fc] = [b, c, b, fb, fc, fb];
    const near = 2 * Number.EPSILON * Math.abs(b) + tolerance / 2;
    const half = (c - b) / 2;
    if (Math.abs(half) <= near || fb === 0) break;
    let [p, q] = [half, 1];
    if (Math.abs(last) >= near && Math.abs(fa) > Math.abs(fb)) {
      const s = fb / fa;
      if (a === c) [p, q] = [2 * half * s, 1 - s];
      else {
        const [u, v] = [fa / fc, fb / fc];
        p = s * (2 * half * u * (u - v) - (b - a) * (v - 1));
        q = (u - 1) * (v - 1) * (s - 1);
      }
      if (p > 0) q = -q;
      p = Math.abs(p);
      const fits = 2 * p < Math.min(3 * half * q - Math.abs(near * q), Math.abs(last * q));
      [last, step] = fits ? [step, p / q] : [half, half];
    } else [last, step] = [half, half];
    [a, fa] = [b, fb];
    b += Math.abs(step) > near ? step : near * Math.sign(half);
    fb = missing(b);
  }
  return b;
}

const rules = new Map();

/** Nodes and weights of Gauss and Legendre on [-1, 1]. */
function legendre(count) {
  if (!rules.has(count)) {
    const [nodes, weights] = [new Float64Array(count), new Float64Array(count)];
    for (let i = 0; i < count; i += 1) {
      let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
      let slope = 1;
      for (let step = 0; step < 100; step += 1) {
        let [before, value] = [0, 1];
        for (let k = 1; k <= count; k += 1) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
        slope = (count * (x * value - before)) / (x * x - 1);
        const move = value / slope;
        x -= move;
        if (Math.abs(move) < 1e-15) break;
      }
      nodes[i] = x;
      weights[i] = 2 / ((1 - x * x) * slope * slope);
    }
    rules.set(count, [nodes, weights]);
  }
  return rules.get(count);
}

/** Upper tail of the noncentral t distribution: the normal tail averaged over the estimated spread. */
function tTail(t, df, centre) {
  if (df > SMALL_DF) return upperTail(t - centre);
  const few = df < 100;
  const width = (few ? 12 : 9) / Math.sqrt(2 * df);
  const [low, high] = [Math.max(0, 1 - width), 1 + width];
  const [nodes, weights] = legendre(few ? 200 : 60);
  let [sum, all] = [0, 0];
  for (let i = 0; i < nodes.length; i += 1) {
    const spread = low + ((nodes[i] + 1) / 2) * (high - low);
    const mass = weights[i] * Math.exp((df - 1) * Math.log(spread) - (df * (spread * spread - 1)) / 2);
    sum += mass * upperTail(t * spread - centre);
    all += mass;
  }
  return sum / all;
}

const sides = (design) => (design.alternative === "two-sided" ? 2 : 1);

/** power.mean_power: power of the t test of two means. */
export function meanPower(design, effect, first, second) {
  const distance = effect / Math.sqrt(design.deviation ** 2 * (1 / first + 1 / second));
  const [df, tail] = [first + second - 2, design.alpha / sides(design)];
  design.critical ??= new Map();
  if (!design.critical.has(df)) {
    design.critical.set(df, df > SMALL_DF ? normalQuantile(tail) : root((t) => tail - tTail(t, df, 0), -1, df < 20 ? 1e4 : 60));
  }
  const beyond = (centre) => tTail(design.critical.get(df), df, centre);
  if (design.alternative === "two-sided") return Math.min(1, beyond(distance) + beyond(-distance));
  return beyond(design.alternative === "greater" ? distance : -distance);
}

/** power.proportion_power: power of the pooled z test of two rates. */
export function ratePower(design, effect, first, second) {
  const [rate, changed] = [design.baseline, design.baseline + effect];
  const error = Math.sqrt((rate * (1 - rate)) / first + (changed * (1 - changed)) / second);
  const common = (first * rate + second * changed) / (first + second);
  design.quantile ??= normalQuantile(design.alpha / sides(design));
  const critical = design.quantile * Math.sqrt(common * (1 - common) * (1 / first + 1 / second));
  const above = upperTail((critical - effect) / error);
  const below = upperTail((critical + effect) / error);
  return Math.min(1, { greater: above, less: below, "two-sided": above + below }[design.alternative]);
}

const powerOf = (design) => (design.kind === "mean" ? meanPower : ratePower);
const other = (design, n) => Math.max(design.kind === "mean" ? 2 : 1, Math.ceil(design.ratio * n));

/** sample_size: the smallest whole numbers of visitors that reach the power. */
export function sampleSize(design) {
  const power = powerOf(design);
  const reached = (n) => power(design, design.effect, n, other(design, n)) >= design.power;
  const changed = design.baseline + design.effect;
  const spread =
    design.kind === "mean"
      ? design.deviation ** 2 * (1 + 1 / design.ratio)
      : design.baseline * (1 - design.baseline) + (changed * (1 - changed)) / design.ratio;
  const z = normalQuantile(design.alpha / sides(design)) + normalQuantile(1 - design.power);
  const guess = (z * z * spread) / design.effect ** 2;
  if (!(guess <= LARGEST_ARM)) throw new RangeError("No shop has that many visitors: plan for a larger effect.");
  let high = Math.max(2, Math.floor(guess));
  while (!reached(high)) high *= 2;
  let low = high;
  while (low > 2 && reached(low)) [high, low] = [low, Math.max(2, Math.floor(low * 0.99) - 1)];
  if (low === 2 && reached(2)) high = 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (reached(middle)) high = middle;
    else low = middle;
  }
  return { control: high, treatment: other(design, high), total: high + other(design, high) };
}

/** sample_size.*_detectable_effect: the smallest effect that these visitors show with the power; null for none. */
export function detectableEffect(design, first, second) {
  const power = powerOf(design);
  const sign = design.alternative === "less" ? -1 : 1;
  const missing = (size) => power(design, sign * size, first, second) - design.power;
  if (design.kind === "mean") {
    const error = design.deviation * Math.sqrt(1 / first + 1 / second);
    let high = error;
    while (missing(high) < 0) high *= 2;
    return sign * root(missing, 0, high, error * 1e-12);
  }
  const largest = (design.alternative === "less" ? design.baseline : 1 - design.baseline) * (1 - 1e-9);
  return missing(largest) < 0 ? null : sign * root(missing, 0, largest, 1e-14);
}

/** duration.duration: days to enrol so many visitors, and the same in whole weeks. */
export function duration(total, daily) {
  const needed = Math.ceil(total / daily - 1e-9);
  return { needed, days: Math.ceil(needed / 7) * 7 };
}

const SPENDING = {
  "obrien-fleming": (t, alpha) => 2 * upperTail(normalQuantile(alpha / 2) / Math.sqrt(t)),
  pocock: (t, alpha) => alpha * Math.log1p((Math.E - 1) * t),
};

/** group_sequential._Walk: the density of z inside the boundaries, carried from look to look. */
class Walk {
  constructor(times, drift, twoSided) {
    Object.assign(this, { times, drift, twoSided, look: -1, nodes: [0], mass: [1] });
  }

  /** A sum over the nodes of this look: `f` of the distance from each to z at the next, in steps of it. */
  sum(z, f) {
    const before = this.look < 0 ? 0 : this.times[this.look];
    const step = this.times[this.look + 1] - before;
    const reach = Math.sqrt(this.times[this.look + 1]) * z - this.drift * step;
    const [came, scale] = [Math.sqrt(before), 1 / Math.sqrt(step)];
    let total = 0;
    for (let i = 0; i < this.nodes.length; i += 1) total += f((reach - came * this.nodes[i]) * scale) * this.mass[i];
    return total;
  }

  above(z) {
    return this.sum(z, upperTail);
  }

  below(z) {
    return this.sum(z, (x) => upperTail(-x));
  }

  advance(bound) {
    const k = this.look + 1;
    const { times } = this;
    const centre = this.drift * Math.sqrt(times[k]);
    const high = Math.min(bound, centre + REACH);
    const low = this.twoSided ? Math.max(-bound, centre - REACH) : centre - REACH;
    if (low >= high || k + 1 >= times.length) {
      Object.assign(this, { nodes: [0], mass: [0], look: k });
      return;
    }
    const width = Math.sqrt((times[k + 1] - times[k]) / times[k]);
    const blocks = Math.min(75, Math.max(2, Math.ceil((3 * (high - low)) / width / 40)));
    const [points, weights] = legendre(40 * blocks);
    const half = 0.5 * (high - low);
    const scale = half * Math.sqrt(times[k] / (times[k] - (k ? times[k - 1] : 0)));
    const nodes = points.map((point) => half * point + 0.5 * (high + low));
    const mass = nodes.map((node, i) => this.sum(node, density) * scale * weights[i]);
    Object.assign(this, { nodes, mass, look: k });
  }
}

/** group_sequential.group_sequential: boundaries for equally spaced looks, for z upwards. */
export function boundaries({ looks, alpha, alternative, spending }) {
  const twoSided = alternative === "two-sided";
  const times = Array.from({ length: looks }, (_, i) => (i + 1) / looks);
  const spent = times.map((t) => SPENDING[spending](t, twoSided ? alpha / 2 : alpha));
  const walk = new Walk(times, 0, twoSided);
  const z = spent.map((total, i) => {
    const part = total - (i ? spent[i - 1] : 0);
    const bound = part > 1e-300 ? root((x) => part - walk.above(x), -REACH, 38, 1e-10) : Infinity;
    walk.advance(bound);
    return bound;
  });
  return { times, z, nominal: z.map((x) => (twoSided ? 2 : 1) * upperTail(x)), twoSided };
}

/** group_sequential.crossing_probabilities: chance to stop at each look, in favour and in either direction. */
function crossings({ times, z, twoSided }, drift) {
  const walk = new Walk(times, drift, twoSided);
  return z.map((bound) => {
    const finite = Number.isFinite(bound);
    const up = finite ? walk.above(bound) : 0;
    const down = finite && twoSided ? walk.below(-bound) : 0;
    walk.advance(bound);
    return { up, any: up + down };
  });
}

/** group_sequential.inflation_factor, with the chance to stop at each look when the effect is as planned. */
export function sequential(design) {
  const bounds = boundaries(design);
  const fixed = normalQuantile(design.alpha / sides(design)) + normalQuantile(1 - design.power);
  const missing = (drift) => crossings(bounds, drift).reduce((sum, { up }) => sum + up, 0) - design.power;
  const drift = root(missing, 0, 4 * fixed + 4, 1e-10);
  const stops = crossings(bounds, drift).map(({ any }) => any);
  const never = 1 - stops.reduce((sum, chance) => sum + chance, 0);
  const expected = stops.reduce((sum, chance, i) => sum + chance * bounds.times[i], never);
  return { ...bounds, stops, inflation: (drift / fixed) ** 2, expected };
}

/** The whole plan: findings.tools.planner.plan is its twin. */
export function plan(settings) {
  const design = { ...settings };
  const daily = design.visitors * design.share;
  const size = sampleSize(design);
  const { needed, days } = duration(size.total, daily);
  const enrolled = Math.floor(daily * design.days + 1e-9);
  const first = Math.floor(enrolled / (1 + design.ratio));
  const enough = first >= 2 && enrolled - first >= 2;
  const found = {
    ...size,
    days,
    needed,
    enrolled,
    detectable: enough ? detectableEffect(design, first, enrolled - first) : null,
    power: enough ? powerOf(design)(design, design.effect, first, enrolled - first) : null,
  };
  if (design.looks < 2) return found;
  const looks = sequential(design);
  const total = Math.ceil(size.total * looks.inflation);
  return { ...found, ...looks, sequentialTotal: total, sequentialDays: duration(total, daily).days };
}

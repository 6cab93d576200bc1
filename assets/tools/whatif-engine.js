// The exported trees: probability, and exact path-dependent TreeSHAP. Twins: models.scorer.evaluate_scorer and
// findings.tools.whatif.shapley. Both sides of every split have single precision, as in XGBoost.

function calibrate({ method, knots, values }, score) {
  if (method === "none") return score;
  if (method === "platt") {
    const p = Math.min(Math.max(score, 1e-6), 1 - 1e-6);
    return 1 / (1 + Math.exp(-(knots[0] + knots[1] * (Math.log(p) - Math.log1p(-p)))));
  }
  if (score <= knots[0]) return values[0];
  const right = knots.findIndex((knot) => knot > score);
  if (right < 0) return values.at(-1);
  const share = (score - knots[right - 1]) / (knots[right] - knots[right - 1]);
  return values[right - 1] + share * (values[right] - values[right - 1]);
}

const goesLeft = (tree, node, row) => Math.fround(row[tree.f[node]]) < Math.fround(tree.t[node]);

/** Log-odds of a row. */
export function logOdds(scorer, row) {
  let sum = scorer.base;
  for (const tree of scorer.trees) {
    let node = 0;
    while (tree.f[node] >= 0) node = goesLeft(tree, node, row) ? tree.l[node] : tree.r[node];
    sum += Math.fround(tree.t[node]);
  }
  return sum;
}

/** Calibrated probability of a row. */
export const probability = (scorer, row) => calibrate(scorer.calibration, 1 / (1 + Math.exp(-logOdds(scorer, row))));

/** Contribution of each feature to the log-odds of a row; with the average they add up to it. */
export function contributions(scorer, row) {
  const given = new Array(scorer.features.length).fill(0);
  let average = scorer.base;
  for (const tree of scorer.trees) {
    const walk = (node, path, weight) => {
      const feature = tree.f[node];
      if (feature < 0) {
        const leaf = Math.fround(tree.t[node]);
        credit(leaf, path, given);
        average += leaf * weight;
        return;
      }
      const left = goesLeft(tree, node, row);
      for (const [child, goes] of [[tree.l[node], left], [tree.r[node], !left]]) {
        const part = tree.c[child] / tree.c[node];
        const before = path.get(feature) ?? { follows: 1, weight: 1 };
        const step = { follows: goes ? before.follows : 0, weight: before.weight * part };
        walk(child, new Map(path).set(feature, step), weight * part);
      }
    };
    walk(0, new Map(), 1);
  }
  return { given, average };
}

/** Share a leaf's value among the features of its path: every subset of the others is gone through. */
function credit(leaf, path, given) {
  const features = [...path.keys()];
  const others = features.length - 1;
  for (const feature of features) {
    const rest = features.filter((other) => other !== feature).map((other) => path.get(other));
    let total = 0;
    for (let subset = 0; subset < 1 << others; subset += 1) {
      let [product, size] = [1, 0];
      rest.forEach(({ follows, weight }, place) => {
        const taken = (subset >> place) & 1;
        product *= taken ? follows : weight;
        size += taken;
      });
      total += product / ((others + 1) * choose(others, size));
    }
    const { follows, weight } = path.get(feature);
    given[feature] += leaf * (follows - weight) * total;
  }
}

function choose(n, k) {
  let ways = 1;
  for (let i = 1; i <= k; i += 1) ways = (ways * (n - k + i)) / i;
  return ways;
}

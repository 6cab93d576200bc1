// The exported trees, evaluated as the model card tells a page to do it. Reads {scorer, rows} from standard
// input and writes the probabilities. With the argument "thresholds as doubles" it leaves the thresholds as
// they are written, which is wrong: the shortest decimal of a single-precision number is another double.
import { readFileSync } from "node:fs";

const { scorer, rows } = JSON.parse(readFileSync(0, "utf8"));
const rounded = process.argv[2] === "thresholds as doubles" ? (t) => t : Math.fround;

function calibrate(score) {
  const { method, knots, values } = scorer.calibration;
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

function probability(row) {
  let margin = scorer.base;
  for (const tree of scorer.trees) {
    let node = 0;
    while (tree.f[node] >= 0) {
      node = Math.fround(row[tree.f[node]]) < rounded(tree.t[node]) ? tree.l[node] : tree.r[node];
    }
    margin += Math.fround(tree.t[node]);
  }
  return calibrate(1 / (1 + Math.exp(-margin)));
}

console.log(JSON.stringify(rows.map(probability)));

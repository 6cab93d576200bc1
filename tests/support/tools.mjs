// Calls one function of a module of the site on many inputs. Reads {module, name, inputs, shared} from standard
// input and writes the answers; `shared`, if any, is given before each input. What a call throws is {error}.
import { readFileSync } from "node:fs";

const { module, name, inputs, shared } = JSON.parse(readFileSync(0, "utf8"));
const { [name]: call } = await import(module);
const answers = inputs.map((input) => {
  try {
    return shared === undefined ? call(input) : call(shared, input);
  } catch (error) {
    return { error: error.message };
  }
});
process.stdout.write(JSON.stringify(answers));

// DuckDB in a worker, on the tables of the shop. It begins with the first statement; each statement starts from the
// same tables, as what it changes is taken back.
const VENDOR = new URL("../vendor/duckdb/", import.meta.url);
const TABLES = new URL("../../data/results/sql/page/", import.meta.url);
/** Digits that `journey.warehouse.query` keeps: the last ones depend on the order in which doubles are added up. */
const DIGITS = 12;

/** What could not be loaded, and what the reader ended: neither is DuckDB's own answer. */
export class Interrupted extends Error {}

let current = null;

/** End what runs or loads; the next statement begins with a new worker. */
export function stop() {
  current?.halt(new Interrupted("Stopped."));
  current?.ready.then(({ end }) => end(), () => {});
  current = null;
}

/**
 * Run the statements of a text and return the last one's result: names of its columns, all rows' `count`, the first
 * `most` rows as plain values, and the seconds that it took. `say` hears what is going on.
 */
export async function run(sql, most, say) {
  if (current) say("Waiting…");
  const mine = (current ??= started(say));
  try {
    const database = await Promise.race([mine.ready, mine.halted]);
    const turn = database.last.then(() => answered(database, sql, most, say));
    database.last = turn.catch(() => {});
    return await turn;
  } catch (error) {
    // What could not begin begins again at the next try.
    if (current === mine && error instanceof Interrupted) current = null;
    throw error;
  }
}

/** Names of the tables that there are; none before the first statement. */
export const tables = async () => Object.keys((await current?.ready)?.catalogue.tables ?? {});

/** A database that is being loaded, and the way to stop waiting for it. */
function started(say) {
  let halt;
  const halted = new Promise((_, reject) => (halt = reject));
  halted.catch(() => {}); // nobody may be waiting
  return { ready: begin(say), halted, halt };
}

async function answered(database, sql, most, say) {
  for (const name of Object.keys(database.catalogue.tables)) {
    if (!database.held.has(name) && mentions(sql, name)) await fetchTable(database, name, say);
  }
  say("Running…");
  await database.query("begin");
  try {
    const begun = performance.now();
    const result = await database.query(sql);
    const seconds = (performance.now() - begun) / 1000;
    const columns = result.schema.fields.map(({ name }) => name);
    return { columns, count: result.numRows, rows: rows(result, most), seconds };
  } finally {
    await database.query("rollback").catch(() => {}); // nothing to take back after the reader's own commit
  }
}

/** Whether a text names a table, however it is written. */
function mentions(sql, name) {
  const [schema, table] = name.split(".");
  return new RegExp(`\\b${schema}"?\\s*\\.\\s*"?${table}\\b`, "i").test(sql);
}

/** Bring a table: what travels narrowed gets its values and types back. */
async function fetchTable(database, name, say) {
  const { columns, rows } = database.catalogue.tables[name];
  say(`Loading ${name}, ${rows.toLocaleString("en-GB")} rows…`);
  const bytes = new Uint8Array(await (await unpacked(new URL(`${name}.arrow.gz`, TABLES))).arrayBuffer());
  await database.ask("INSERT_ARROW_FROM_IPC_STREAM", [database.connection, bytes, { name: "arrived", create: true }], [bytes.buffer]);
  await database.query(`create table ${name} as select ${columns} from arrived; drop table arrived`);
  database.held.add(name);
}

/** A worker with DuckDB, an open connection, and no way out of the page. */
async function begin(say) {
  say("Loading DuckDB, once…");
  const [program, catalogue] = await Promise.all([
    unpacked(new URL("duckdb-eh.wasm.gz", VENDOR), "application/wasm").then((answer) => answer.blob()),
    unpacked(new URL("tables.json", TABLES)).then((answer) => answer.json()),
    globalThis.Arrow ?? script(new URL("arrow.js", VENDOR)),
  ]);
  // A worker that begins as a text of the page is bound by the page's policy: it can ask no other server.
  const text = `importScripts(${JSON.stringify(new URL("duckdb.worker.js", VENDOR).href)})`;
  const addresses = [new Blob([text], { type: "text/javascript" }), program].map((blob) => URL.createObjectURL(blob));
  const { ask, end } = channel(new Worker(addresses[0]));
  try {
    await ask("INSTANTIATE", [addresses[1], null]);
    await ask("OPEN", { query: { castBigIntToDouble: true } });
    const connection = await ask("CONNECT", null);
    const query = async (sql) => globalThis.Arrow.tableFromIPC(await ask("RUN_QUERY", [connection, sql]));
    await query("set enable_external_access = false; set lock_configuration = true");
    await query(`create schema staging; create schema marts; ${catalogue.macros}`);
    return { ask, end, query, connection, catalogue, held: new Set(), last: Promise.resolve() };
  } catch (error) {
    end();
    throw error instanceof Interrupted ? error : new Interrupted(`DuckDB does not start in this browser (${error.message}).`);
  } finally {
    addresses.forEach((address) => URL.revokeObjectURL(address));
  }
}

/** Questions to a worker of DuckDB and their answers, by the protocol of its own scripts. */
function channel(worker) {
  const waiting = new Map();
  let [last, ended] = [0, null];
  const fail = (error) => {
    ended = error;
    waiting.forEach(([, reject]) => reject(error));
    waiting.clear();
  };
  worker.addEventListener("message", ({ data: { requestId, type, data } }) => {
    if (type === "LOG" || type === "INSTANTIATE_PROGRESS" || !waiting.has(requestId)) return;
    const [resolve, reject] = waiting.get(requestId);
    waiting.delete(requestId);
    if (type === "ERROR") reject(new Error(data.message));
    else resolve(data);
  });
  worker.addEventListener("error", () => fail(new Interrupted("DuckDB could not be started. Load the page again to try once more.")));
  const ask = (type, data, transferred = []) =>
    new Promise((resolve, reject) => {
      // A worker that has ended would never answer.
      if (ended) return reject(ended);
      last += 1;
      waiting.set(last, [resolve, reject]);
      return worker.postMessage({ messageId: last, type, data }, transferred);
    });
  const end = () => {
    worker.terminate();
    fail(new Interrupted("Stopped."));
  };
  return { ask, end };
}

/** A file of the site; one that is compressed is unpacked here, unless the server had it unpacked already. */
async function unpacked(address, type = "application/octet-stream") {
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) throw new Interrupted(`${address.pathname.split("/").pop()} could not be loaded. Run again to try once more.`);
  const file = await answer.blob();
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const packed = first === 0x1f && second === 0x8b;
  return new Response(packed ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file, { headers: { "Content-Type": type } });
}

const script = (address) =>
  new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement("script"), { src: address, onload: resolve });
    element.onerror = () => reject(new Interrupted("arrow.js could not be loaded. Run again to try once more."));
    document.head.append(element);
  });

/** The first rows of a result as texts, numbers, booleans and nulls. */
function rows(result, most) {
  const columns = result.schema.fields.map(({ type }, place) => [result.getChildAt(place), type]);
  const shown = Math.min(most, result.numRows);
  return Array.from({ length: shown }, (_, row) => columns.map(([column, type]) => plain(column.get(row), type)));
}

/** A value as `run()` gives it in Python: rounded, decimals as numbers, times as texts. */
function plain(value, type) {
  const { Type } = globalThis.Arrow;
  if (value === null || value === undefined) return null;
  // Whole numbers of 128 bits come as decimals without places.
  if (type.typeId === Type.Decimal) return type.scale ? significant(Number(`${whole(value)}e-${type.scale}`)) : Number(whole(value));
  if (type.typeId === Type.Date) return new Date(value).toISOString().slice(0, 10);
  if (type.typeId === Type.Timestamp) return new Date(value).toISOString().slice(0, 23).replace("T", " ").replace(/\.000$/, "");
  if (type.typeId === Type.Time) return new Date(Number(value) / 1000).toISOString().slice(11, 23).replace(/\.000$/, "");
  // The reader of Arrow loses the parts of an interval.
  if (type.typeId === Type.Interval) return "an interval: cast it to varchar";
  if (typeof value === "number") return type.typeId === Type.Float ? significant(value) : value;
  if (typeof value === "bigint") return Number(value);
  if (type.typeId === Type.List) return `[${[...value].map((each) => plain(each, type.children[0].type)).join(", ")}]`;
  return typeof value === "boolean" ? value : String(value);
}

/** The digits of a decimal, which come as words of 32 bits, lowest first. */
function whole(words) {
  const bits = [...new Uint32Array(words.buffer, words.byteOffset, words.length)].reduceRight((high, word) => (high << 32n) | BigInt(word), 0n);
  return BigInt.asIntN(32 * words.length, bits);
}

const significant = (value) => (Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : value);

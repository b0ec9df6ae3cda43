// The setting: the keys of a configuration in TOML, and how the address holds it.

const MOST_ENTRIES = 64;

// steps.2.alpha=0.42&activation.sine.phase=0.7&batches=reused; entries of lists count from 1
export function toAddress(setting) {
  const parts = [];
  const plain = (value) => value === null || typeof value !== "object";
  const text = (value) => {
    if (typeof value !== "string") return JSON.stringify(value);
    return reads(value) === value ? value : JSON.stringify(value);
  };
  const write = (key, value) => {
    if (plain(value) || (Array.isArray(value) && value.every(plain)) || Object.keys(value).length === 0) {
      parts.push(`${key}=${encodeURIComponent(text(value)).replace(/%(5B|5D|2C|7B|7D)/g, decodeURIComponent)}`);
    } else if (Array.isArray(value)) {
      value.forEach((entry, i) => write(`${key}.${i + 1}`, entry));
    } else {
      for (const [name, inner] of Object.entries(value)) write(key ? `${key}.${name}` : name, inner);
    }
  };
  write("", setting);
  return parts.join("&");
}

// The setting of an address, or null when it holds none. Throws a sentence.
export function fromAddress(address) {
  if (address === "") return null;
  const setting = Object.create(null);
  for (const part of address.split("&")) {
    const at = part.indexOf("=");
    if (at < 1) throw new Error(`The address has "${part}" where key=value is expected`);
    let value;
    try {
      value = reads(decodeURIComponent(part.slice(at + 1)));
    } catch {
      throw new Error(`The address has "${part}", which cannot be read`);
    }
    put(setting, part.slice(0, at).split("."), value);
  }
  return lists(setting);
}

function reads(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function put(table, path, value) {
  let here = table;
  for (const name of path.slice(0, -1)) {
    if (here[name] === undefined) here[name] = Object.create(null);
    here = here[name];
    if (here === null || typeof here !== "object") throw new Error(`The address gives ${path.join(".")} twice`);
  }
  here[path.at(-1)] = value;
}

// tables with the keys 1, 2, ... are lists
function lists(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  for (const key of keys) value[key] = lists(value[key]);
  const isList = keys.length > 0 && keys.length <= MOST_ENTRIES && keys.every((_, i) => String(i + 1) in value);
  return isList ? keys.map((_, i) => value[i + 1]) : value;
}

export const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const isFunction = (value) =>
  typeof value === "string" || (isTable(value) && Object.keys(value).length === 1);

// The setting with the parts that controls cannot show replaced by those of `start`; their keys.
export function sound(setting, start) {
  const kept = { ...setting };
  const replaced = [];
  const need = (key, holds) => {
    if (!holds(kept[key])) {
      kept[key] = structuredClone(start[key]);
      replaced.push(key);
    }
  };
  for (const size of ["width", "dimension", "samples"]) need(size, (n) => isNumber(n) && n >= 1);
  need("activation", isFunction);
  need("target", (target) => isTable(target) && isFunction(target.link));
  const isStep = (step) => isTable(step) && isNumber(step.constant) && isNumber(step.alpha);
  need("steps", (steps) => Array.isArray(steps) && steps.length > 0 && steps.every(isStep));
  for (const list of ["readout_samples", "readout_lambdas"]) {
    if (kept[list] !== undefined) need(list, (all) => Array.isArray(all) && all.every(isNumber));
  }
  return { setting: kept, replaced };
}

// Shapes of data (SPEC 6): small functions that say where a value does not fit, or null where it does.

import { isDate } from "./calendar.js";
import { unbase64 } from "./bytes.js";

const wrong = (path, what) => `${path} is not of the form ${what}`;
const matching = (what, test) => (value, path) => (test(value) ? null : wrong(path, what));
const pattern = (what, regex) => matching(what, (value) => typeof value === "string" && regex.test(value));
const characters = (value) => [...value].length;

export const text = matching("text", (v) => typeof v === "string" && !/^\p{Zs}*$/u.test(v) && characters(v) <= 4000);
export const code = pattern("code", /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/);
export const key = pattern("key", /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
export const id = matching("id", (v) => typeof v === "string" && v !== "" && characters(v) <= 128);
export const date = matching("date", isDate);
export const hex32 = pattern("hex32", /^[0-9a-f]{64}$/);
export const integer = (low, high = Number.MAX_SAFE_INTEGER) =>
  matching(`integer from ${low}`, (v) => Number.isSafeInteger(v) && v >= low && v <= high);
export const nat = integer(0);
export const pos = integer(1);
export const bp = integer(1, 10000);
export const bool = matching("true or false", (v) => typeof v === "boolean");
export const base64 = matching("base64", (v) => unbase64(v) !== null && v !== "");
export const hex = pattern("hex", /^(?:[0-9a-f]{2})+$/);
export const any = () => null;
export const one = (...values) => matching(values.join("/"), (v) => values.includes(v));
export const stream = (noun) => pattern(`a stream of ${noun}`, new RegExp(`^${noun}/[!-~]{1,200}$`));

export const nullable = (shape) => (value, path) => (value === null ? null : shape(value, path));

export const list = (shape) => (value, path) => {
  if (!Array.isArray(value)) return wrong(path, "list");
  for (let n = 0; n < value.length; n++) {
    const said = shape(value[n], `${path}[${n}]`);
    if (said) return said;
  }
  return null;
};

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** An object of exactly these keys; a key that ends in `?` may be absent. */
export function object(shapes) {
  const fields = Object.entries(shapes).map(([name, shape]) => [name.replace(/\?$/, ""), shape, name.endsWith("?")]);
  const names = new Set(fields.map(([name]) => name));
  return (value, path) => {
    if (!isObject(value)) return wrong(path, "object");
    for (const name of Object.keys(value)) if (!names.has(name)) return `${path} has the unknown key '${name}'`;
    for (const [name, shape, optional] of fields) {
      if (!Object.hasOwn(value, name)) {
        if (optional) continue;
        return `${path} lacks ${name}`;
      }
      const said = shape(value[name], `${path}.${name}`);
      if (said) return said;
    }
    return null;
  };
}

/** An object of any keys of a shape, all values of another. */
export const map = (keys, values) => (value, path) => {
  if (!isObject(value)) return wrong(path, "object");
  for (const name of Object.keys(value)) {
    const said = keys(name, `a key of ${path}`) ?? values(value[name], `${path}.${name}`);
    if (said) return said;
  }
  return null;
};

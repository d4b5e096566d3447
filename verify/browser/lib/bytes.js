// Bytes, hex, base64 and text, and the order of bytes.

/** What is refused for a reason that can be told; every other exception is a fault of this program. */
export class Refusal extends Error {
  refusal = true;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const HEX = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));

export const utf8 = (text) => encoder.encode(text);

/** Return the text of bytes; a TypeError where they are no UTF-8. */
export const text = (bytes) => decoder.decode(bytes);

export function hex(bytes, from = 0, to = bytes.length) {
  let out = "";
  for (let n = from; n < to; n++) out += HEX[bytes[n]];
  return out;
}

export const isHex32 = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

/** Return the bytes of lower-case hex, or null. */
export function unhex(value) {
  if (typeof value !== "string" || value.length % 2 || /[^0-9a-f]/.test(value)) return null;
  const out = new Uint8Array(value.length / 2);
  for (let n = 0; n < out.length; n++) out[n] = parseInt(value.slice(2 * n, 2 * n + 2), 16);
  return out;
}

export function base64(bytes) {
  let raw = "";
  for (const byte of bytes) raw += String.fromCharCode(byte);
  return btoa(raw);
}

/** Return the bytes of strict base64: no white space, the right padding, no stray bits; else null. */
export function unbase64(value) {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(value) || value.length % 4) return null;
  const raw = atob(value);
  const out = Uint8Array.from(raw, (c) => c.charCodeAt(0));
  return base64(out) === value ? out : null;
}

export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function same(a, b) {
  if (a.length !== b.length) return false;
  for (let n = 0; n < a.length; n++) if (a[n] !== b[n]) return false;
  return true;
}

export function be(number, bytes) {
  const out = new Uint8Array(bytes);
  for (let n = bytes - 1, rest = number; n >= 0; n--, rest = Math.floor(rest / 256)) out[n] = rest % 256;
  return out;
}

/** LP(x) = BE32(length of x) ‖ x; a string is taken in UTF-8. */
export function lp(value) {
  const bytes = typeof value === "string" ? utf8(value) : value;
  return concat(be(bytes.length, 4), bytes);
}

/** Compare two texts by the bytes of their UTF-8, which is the order of their code points and not that of UTF-16. */
export function compare(a, b) {
  const end = Math.min(a.length, b.length);
  for (let n = 0; n < end; n++) {
    let x = a.charCodeAt(n), y = b.charCodeAt(n);
    if (x === y) continue;
    if (x >= 0xd800 && y >= 0xd800) {
      x += x >= 0xe000 ? -0x800 : 0x2000;
      y += y >= 0xe000 ? -0x800 : 0x2000;
    }
    return x - y;
  }
  return a.length - b.length;
}

export function compareBytes(a, b) {
  for (let n = 0; n < Math.min(a.length, b.length); n++) if (a[n] !== b[n]) return a[n] - b[n];
  return a.length - b.length;
}

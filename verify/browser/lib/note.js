// Signed notes, verifier keys, checkpoints and cosignatures of C2SP (SPEC 3), with Ed25519 by WebCrypto.

import { Refusal, base64, hex, same, text as decodeText, unbase64, utf8 } from "./bytes.js";
import { sha256of } from "./sha256.js";

export class NoteError extends Refusal {}

export const ED25519 = 1;
export const COSIGNATURE = 4;
const LENGTHS = { [ED25519]: 32, [COSIGNATURE]: 32 };
const SPACE = /[\p{White_Space}\u001c-\u001f]/u;

/** Return the first four bytes of SHA-256(name ‖ LF ‖ type ‖ public key). */
export const keyId = (name, type, key) => sha256of(utf8(`${name}\n`), Uint8Array.of(type), key).subarray(0, 4);

const isName = (name) => name !== "" && !SPACE.test(name) && !name.includes("+");

/** Return {name, id, type, key} of a vkey line; NoteError where it is none. */
export function parseVkey(line) {
  const match = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(line);
  if (!match || !isName(match[1])) throw new NoteError("not a verifier key");
  const raw = unbase64(match[3]);
  if (!raw || raw.length === 0) throw new NoteError("not a verifier key: its base64");
  const [type, key] = [raw[0], raw.slice(1)];
  if (!(type in LENGTHS)) throw new NoteError(`a key of the unknown type ${type}`);
  if (key.length !== LENGTHS[type]) throw new NoteError("a key of the wrong length");
  const id = keyId(match[1], type, key);
  if (match[2] !== hex8(id)) throw new NoteError("a verifier key whose id does not fit");
  return { name: match[1], id, type, key };
}

const hex8 = (id) => Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Return {text, signatures: [{name, id, payload}]} of a signed note; NoteError where it is none. */
export function parseNote(bytes) {
  let whole;
  try {
    whole = decodeText(bytes);
  } catch {
    throw new NoteError("not UTF-8");
  }
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw new NoteError("a control character");
  const cut = whole.lastIndexOf("\n\n");
  if (cut < 0 || !whole.endsWith("\n")) throw new NoteError("no blank line before signatures");
  const lines = whole.slice(cut + 2).split("\n").slice(0, -1);
  if (lines.length === 0 || lines.length > 100) throw new NoteError("no signature, or too many");
  const signatures = lines.map((line) => {
    const match = /^\u2014 ([^ ]+) (.+)$/.exec(line);
    const raw = match && unbase64(match[2]);
    if (!raw || raw.length < 5 || !isName(match[1])) throw new NoteError("a malformed signature line");
    return { name: match[1], id: raw.slice(0, 4), payload: raw.slice(4) };
  });
  return { text: whole.slice(0, cut + 1), signatures };
}

/** Return {origin, size, root} of the text of a checkpoint; NoteError where it is none. */
export function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length < 4 || lines.pop() !== "") throw new NoteError("a checkpoint has three lines");
  const [origin, size, root, ...extensions] = lines;
  if (origin === "") throw new NoteError("no origin");
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) throw new NoteError("no size");
  const hash = unbase64(root);
  if (!hash || hash.length !== 32) throw new NoteError("no root of 32 bytes");
  if (extensions.length) throw new NoteError("an extension line");
  return { origin, size: Number(size), root: hash };
}

/** Return the text of the checkpoint of a tree. */
export const checkpointText = (origin, size, root) => `${origin}\n${size}\n${base64(root)}\n`;

const keys = new Map();
const BASE = new Uint8Array(32).fill(0x66).fill(0x58, 0, 1); // the base point of the curve

// The points of small order, in every spelling, their sign left out: whoever "signs" with one signs everything.
const SMALL = new Set(
  [
    "00".repeat(32),
    `01${"00".repeat(31)}`,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ...["ec", "ed", "ee"].map((low) => `${low}${"ff".repeat(30)}7f`),
  ],
);

function isSmall(point) {
  const positive = point.slice();
  positive[31] &= 0x7f;
  return SMALL.has(hex(positive));
}

/** Whether Ed25519 can be checked here. */
export async function canVerify() {
  try {
    await importKey(BASE);
    return true;
  } catch {
    return false;
  }
}

async function importKey(raw) {
  const name = base64(raw);
  if (!keys.has(name)) keys.set(name, await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]));
  return keys.get(name);
}

/** Return whether `signature` is Ed25519 over `message`; null where this machine cannot tell. */
export async function ed25519(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64 || isSmall(key) || isSmall(signature.subarray(0, 32))) return false;
  if (!(await canVerify())) return null;
  try {
    return await crypto.subtle.verify({ name: "Ed25519" }, await importKey(key), signature, message);
  } catch {
    return false;
  }
}

/** Whether the note carries a right signature of `key`: "signed", "wrong", "absent", or null where nobody can tell. */
export async function signedBy(note, key) {
  const line = note.signatures.find((each) => each.name === key.name && same(each.id, key.id)); // repeated ones are not judged
  if (!line) return "absent";
  const right = await oneSignature(note.text, key, line.payload);
  if (right === null) return null;
  return right ? "signed" : "wrong";
}

function oneSignature(text, key, payload) {
  return key.type === ED25519 ? ed25519(key.key, utf8(text), payload) : cosignature(text, key, payload);
}

/** POSIX seconds of a cosignature's payload. */
export const cosignedAt = (payload) => new DataView(payload.buffer, payload.byteOffset).getBigUint64(0);

/** Whether BE64(time) ‖ signature is a cosignature of a note's text; null where nobody can tell. */
export async function cosignature(text, key, payload) {
  if (payload.length !== 72) return false;
  return ed25519(key.key, utf8(`cosignature/v1\ntime ${cosignedAt(payload)}\n${text}`), payload.subarray(8));
}

/** Return the two parts of a signature of the log as an entry cites it: base64 of key id ‖ Ed25519. */
export function splitSignature(value) {
  const raw = unbase64(value);
  return raw && raw.length === 68 ? { id: raw.slice(0, 4), payload: raw.slice(4) } : null;
}


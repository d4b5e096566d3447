// A receipt: a C2SP tlog-proof that one entry is in a signed tree.

import { text as decodeText, unbase64, utf8 } from "./bytes.js";
import { ED25519, NoteError, parseCheckpoint, parseNote, signedBy } from "./note.js";
import { leafHash } from "./sha256.js";
import { verifyInclusion } from "./tree.js";

const HEAD = "c2sp.org/tlog-proof@v1";
const MOST_HASHES = 63;

/** Return {index, extra (bytes or null), path, note, head} of a proof; NoteError where it is none. */
export function parseProof(bytes) {
  let whole;
  try {
    whole = decodeText(bytes);
  } catch {
    throw new NoteError("not UTF-8");
  }
  const cut = whole.indexOf("\n\n");
  if (cut < 0) throw new NoteError("no checkpoint");
  const lines = whole.slice(0, cut).split("\n");
  if (lines.shift() !== HEAD) throw new NoteError("not a tlog-proof");
  const extra = lines[0]?.startsWith("extra ") ? unbase64(lines.shift().slice(6)) : null;
  if (extra === null && whole.startsWith(`${HEAD}\nextra `)) throw new NoteError("the base64 of extra");
  const match = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? "");
  if (!match || !Number.isSafeInteger(Number(match[1]))) throw new NoteError("no index");
  const path = lines.map(unbase64);
  if (path.length > MOST_HASHES || path.some((each) => each?.length !== 32)) throw new NoteError("a hash of the path");
  const note = parseNote(utf8(whole.slice(cut + 2)));
  return { index: Number(match[1]), extra, path, note, head: parseCheckpoint(note.text) };
}

/** Whether a proof shows `entry` in a tree that `key` signed about itself; null where signatures cannot be checked here. */
export async function proofHolds(proof, entry, key) {
  const { head, note, index, path } = proof;
  if (key.type !== ED25519 || head.origin !== key.name) return false;
  if (!verifyInclusion(leafHash(entry), index, head.size, head.root, path)) return false; // needs no signature, so it is asked first
  const told = await signedBy(note, key);
  return told === null ? null : told === "signed";
}

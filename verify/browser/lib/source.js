// Where a log is read from: a folder or an archive, in a browser or in Node, never more of it at once than asked for.
//
// A source has `names` (Map of path -> {size, bytes(from, to)}) and `folders` that hold nothing. A path is below the
// folder of the export, whatever that folder is called.

import { Refusal } from "./bytes.js";

export class SourceError extends Refusal {}

/** Wraps a Blob of the browser, such as a dropped file. */
export const ofBlob = (blob) => ({
  size: blob.size,
  bytes: async (from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer()),
});

/** Return a source over the entries of a tar archive, which is itself {size, bytes}. */
export async function readTar(archive) {
  const files = new Map();
  const folders = new Set();
  for (let at = 0; at + 512 <= archive.size; ) {
    const head = await archive.bytes(at, at + 512);
    if (head.every((byte) => byte === 0)) break;
    const [name, size, type] = [nameOf(head), octal(head, 124, 12), String.fromCharCode(head[156] || 48)];
    const from = at + 512;
    if (from + size > archive.size) throw new SourceError("the archive ends too early");
    at = from + Math.ceil(size / 512) * 512;
    if (type === "5") folders.add(name.replace(/\/$/, ""));
    else if (type === "0") files.set(name, { size, bytes: (a, b) => archive.bytes(from + a, from + Math.min(b, size)) });
    else if (type !== "x" && type !== "g") files.set(name, { size: -1, bytes: () => new Uint8Array(0) });
  }
  return rooted(files, folders);
}

function nameOf(head) {
  const field = (from, length) => {
    const raw = head.subarray(from, from + length);
    const end = raw.indexOf(0);
    return new TextDecoder().decode(end < 0 ? raw : raw.subarray(0, end));
  };
  const [name, prefix] = [field(0, 100), field(257, 5) === "ustar" ? field(345, 155) : ""];
  return (prefix ? `${prefix}/${name}` : name).replace(/^\.\//, "");
}

function octal(head, from, length) {
  const digits = new TextDecoder().decode(head.subarray(from, from + length)).replace(/[\0 ]+$/, "").trim();
  if (!/^[0-7]*$/.test(digits)) throw new SourceError("no tar archive");
  return parseInt(digits || "0", 8);
}

/** Return a source whose root is the folder that holds `log.vkey`, `checkpoint` or `entries.jsonl` nearest to the top. */
export function rooted(files, folders = new Set()) {
  const marks = ["entries.jsonl", "checkpoint", "log.vkey"];
  let root = null;
  for (const name of files.keys()) {
    const cut = name.lastIndexOf("/") + 1;
    if (marks.includes(name.slice(cut)) && (root === null || cut < root.length)) root = name.slice(0, cut);
  }
  if (root === null) throw new SourceError("no log in here: neither entries.jsonl nor checkpoint");
  const names = new Map();
  for (const [name, file] of files) names.set(name.startsWith(root) ? name.slice(root.length) : `../${name}`, file);
  const bare = [...folders].filter((folder) => folder.startsWith(root)).map((folder) => folder.slice(root.length));
  const empty = bare.filter((folder) => folder !== "" && ![...names.keys()].some((name) => name.startsWith(`${folder}/`)));
  return { names, folders: empty };
}

/** Return all bytes of a file, or null where there is none or it has another length than `exactly` or more than `most`. */
export async function readWhole(source, name, { exactly = null, most = null }) {
  const file = source.names.get(name);
  if (!file || file.size < 0) return null;
  if ((exactly !== null && file.size !== exactly) || (most !== null && file.size > most)) return null;
  const bytes = await file.bytes(0, file.size);
  if (bytes.length !== file.size) throw new SourceError("the log changed while it was read");
  return bytes;
}

const CHUNK = 1 << 20;

/** Yield {line, ended} of a file of lines: bytes without the line feed, at most `longest` + 1 of them. */
export async function* linesOf(file, longest) {
  let kept = new Uint8Array(0);
  let skipping = false;
  for (let at = 0; at < file.size; at += CHUNK) {
    const chunk = await file.bytes(at, Math.min(at + CHUNK, file.size));
    if (chunk.length !== Math.min(CHUNK, file.size - at)) throw new SourceError("the log changed while it was read");
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, end);
      from = end + 1;
      if (skipping) skipping = false;
      else yield { line: kept.length ? joined(kept, piece) : piece, ended: true };
      kept = new Uint8Array(0);
    }
    if (skipping) continue;
    kept = joined(kept, chunk.subarray(from));
    if (kept.length > longest) {
      yield { line: kept.subarray(0, longest + 1), ended: true };
      kept = new Uint8Array(0);
      skipping = true;
    }
  }
  if (kept.length) yield { line: kept, ended: false };
}

function joined(a, b) {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

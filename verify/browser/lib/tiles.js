// Tiles and entry bundles of C2SP tlog-tiles: their paths, and which of them a tree of a size has.

export const WIDTH = 256;

/** Return the path of a number: 1234067 is x001/x234/067. */
export function numberPath(n) {
  let out = String(n % 1000).padStart(3, "0");
  for (n = Math.floor(n / 1000); n > 0; n = Math.floor(n / 1000)) out = `x${String(n % 1000).padStart(3, "0")}/${out}`;
  return out;
}

/** Return the path of a tile; `level` null is an entry bundle. A full one has `width` 256. null where there is none. */
export function tilePath(level, index, width) {
  if (width < 1 || width > WIDTH || (level !== null && (level < 0 || level > 63)) || index < 0) return null;
  const partial = width === WIDTH ? "" : `.p/${width}`;
  return `tile/${level === null ? "entries" : level}/${numberPath(index)}${partial}`;
}

/** Return {level, index, width} of a path, or null where it is none. */
export function parseTilePath(path) {
  const match = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path);
  if (!match) return null;
  const level = match[1] === "entries" ? null : Number(match[1]);
  const index = Number(match[2].replaceAll(/[x/]/g, ""));
  const width = match[3] === undefined ? WIDTH : Number(match[3]);
  if ((level !== null && level > 63) || !Number.isSafeInteger(index) || numberPath(index) !== match[2]) return null;
  if (match[3] !== undefined && width >= WIDTH) return null;
  return { level, index, width };
}

/** Yield {level, index, width} of every tile of a tree, without the bundles, which are like those of level 0. */
export function* tilesOf(size) {
  for (let level = 0, below = size; below > 0; level++, below = Math.floor(below / WIDTH)) {
    for (let index = 0; index * WIDTH < below; index++) {
      yield { level, index, width: Math.min(WIDTH, below - index * WIDTH) };
    }
  }
}

/** Return the entries of a bundle, or null where it is none. */
export function readBundle(bytes) {
  const entries = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 2 > bytes.length) return null;
    const end = at + 2 + bytes[at] * 256 + bytes[at + 1];
    if (end > bytes.length) return null;
    entries.push(bytes.slice(at + 2, end));
    at = end;
  }
  return entries.length >= 1 && entries.length <= WIDTH ? entries : null;
}

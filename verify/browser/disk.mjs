// Logs on the disk of a machine that runs Node: a folder, or an archive.

import { closeSync, openSync, readSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import "./webcrypto.mjs";
import { readTar, rooted } from "./lib/source.js";

const ofPath = (path) => ({
  size: statSync(path).size,
  bytes: (from, to) => {
    const file = openSync(path, "r");
    try {
      const buffer = new Uint8Array(Math.max(0, to - from));
      return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from));
    } finally {
      closeSync(file);
    }
  },
});

function ofFolder(folder) {
  const files = new Map();
  const folders = new Set();
  const walk = (below) => {
    for (const each of readdirSync(join(folder, below), { withFileTypes: true })) {
      const name = below ? `${below}/${each.name}` : each.name;
      if (each.isDirectory()) {
        folders.add(name);
        walk(name);
      } else files.set(name, each.isFile() ? ofPath(join(folder, name)) : { size: -1, bytes: () => new Uint8Array(0) });
    }
  };
  walk("");
  return rooted(files, folders);
}

/** Return the source of a folder or an archive. */
export const sourceOf = async (target) => (statSync(target).isDirectory() ? ofFolder(target) : readTar(ofPath(target)));

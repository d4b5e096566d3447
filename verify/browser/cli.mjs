#!/usr/bin/env node
// node cli.mjs FOLDER|TAR [--vkey KEY|FILE] [--policy FILE] [--since CHECKPOINT] [--self ID] [--json]: the browser's verifier in a terminal.
//
// Exit code 1 when anything is BROKEN, else 2 when anything is UNCHECKED, else 0; 64 for wrong usage, 70 for a fault of its own.

import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { NoteError, parseVkey } from "./lib/note.js";
import { PolicyError, parsePolicy } from "./lib/policy.js";
import { SourceError, readTar, rooted } from "./lib/source.js";
import { readHead } from "./checks/signatures.js";
import { selfCheck } from "./selfcheck.js";
import { verify } from "./verify.js";

class Usage extends Error {}

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

function options(words) {
  const found = { json: false };
  for (let n = 0; n < words.length; n++) {
    const word = words[n];
    if (word === "--json") found.json = true;
    else if (["--vkey", "--policy", "--since", "--self"].includes(word) && n + 1 < words.length) found[word.slice(2)] = words[++n];
    else if (word.startsWith("--") || found.target) throw new Usage(`not understood: ${word}`);
    else found.target = word;
  }
  if (!found.target || !existsSync(found.target)) throw new Usage("no such folder or archive");
  return found;
}

const content = (value) => (existsSync(value) ? readFileSync(value, "utf8").trim() : value);

async function main(words) {
  const asked = options(words);
  const source = statSync(asked.target).isDirectory() ? ofFolder(asked.target) : await readTar(ofPath(asked.target));
  const since = asked.since && readHead(readFileSync(asked.since));
  if (asked.since && !since) throw new Usage("the older checkpoint is none");
  const told = await verify(source, {
    vkey: asked.vkey ? parseVkey(content(asked.vkey)) : null,
    policy: asked.policy ? parsePolicy(readFileSync(asked.policy, "utf8")) : null,
    since,
  });
  const self = asked.self ? await selfCheck(told.log, asked.self) : undefined;
  const { origin, size, root, outcome, exit, findings } = told;
  if (asked.json) console.log(JSON.stringify({ target: asked.target, origin, size, root, outcome, exit, findings, self, peak_mb: peak() }));
  else {
    for (const each of findings) console.log(`${each.outcome} ${each.check}${each.index === null ? "" : ` #${each.index}`}  ${each.reason_zh} ${each.reason}`);
    if (self) console.log(JSON.stringify(self, null, 1));
    console.log(`${outcome}: ${origin}, ${size}`);
  }
  return exit;
}

const peak = () => Math.round(process.resourceUsage().maxRSS / 1024);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const wrong = [Usage, NoteError, PolicyError, SourceError].some((kind) => error instanceof kind);
  console.error(wrong ? `${error.message}\nUsage: node cli.mjs FOLDER|TAR [--vkey KEY|FILE] [--policy FILE] [--since CHECKPOINT] [--self ID] [--json]` : error.stack);
  process.exitCode = wrong ? 64 : 70;
}

#!/usr/bin/env node
// node cli.mjs FOLDER|TAR|RECEIPT|SELF-CHECK [--vkey KEY|FILE] [--policy FILE] [--since CHECKPOINT] [--self ID] [--json]: the browser's verifier in a terminal.
//
// Exit code 1 when anything is BROKEN, else 2 when anything is UNCHECKED, else 0; 64 for wrong usage, 70 for a fault of its own.

import { existsSync, readFileSync, statSync } from "node:fs";
import { sourceOf } from "./disk.mjs";
import { Refusal } from "./lib/bytes.js";
import { parseVkey } from "./lib/note.js";
import { parsePolicy } from "./lib/policy.js";
import { checkHeld } from "./checks/receipts.js";
import { readHead } from "./checks/signatures.js";
import { selfCheck } from "./selfcheck.js";
import { verify } from "./verify.js";

class Usage extends Refusal {}

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

const isHeld = (target) => /\.(?:tlog-proof|json|txt)$/.test(target) && statSync(target).isFile();

/** A receipt or a self-check: what is refused does not hold, whatever else may be wrong with it. */
async function hand({ target, vkey, policy: file, json }) {
  const policy = file ? parsePolicy(readFileSync(file, "utf8")) : null;
  if (!vkey && !policy?.logs.length) throw new Usage("a key from outside is needed for a receipt, or a policy that names its log");
  const key = vkey ? parseVkey(content(vkey)) : null;
  let told;
  try {
    told = await checkHeld(readFileSync(target), key, policy);
  } catch (error) {
    if (error.refusal !== true) throw error;
    told = { outcome: "BROKEN", exit: 1, reason: error.message };
  }
  if (told.exit === 2) told.reason = "the signatures were not checked: this proves nothing";
  console.log(json ? JSON.stringify({ target, ...told }) : `${told.outcome}: ${told.reason ?? target}`);
  return told.exit;
}

async function main(words) {
  const asked = options(words);
  if (isHeld(asked.target)) return hand(asked);
  const since = asked.since && readHead(readFileSync(asked.since));
  if (asked.since && !since) throw new Usage("the older checkpoint is none");
  const told = await verify(await sourceOf(asked.target), {
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
  const wrong = error.refusal === true;
  console.error(wrong ? `${error.message}\nUsage: node cli.mjs FOLDER|TAR|RECEIPT|SELF-CHECK [--vkey KEY|FILE] [--policy FILE] [--since CHECKPOINT] [--self ID] [--json]` : error.stack);
  process.exitCode = wrong ? 64 : 70;
}

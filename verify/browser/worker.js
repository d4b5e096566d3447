// Verifies beside the page, so that it stays alive; keeps the log it read last for questions about a business.

import { base64, hex, unhex } from "./lib/bytes.js";
import { parseVkey } from "./lib/note.js";
import { parsePolicy } from "./lib/policy.js";
import { SourceError, ofBlob, readTar, rooted } from "./lib/source.js";
import { selfCheck } from "./selfcheck.js";
import { checkHeld } from "./checks/receipts.js";
import { verify } from "./verify.js";

let last = null;

async function sourceOf({ live, archive, files }) {
  if (live) {
    const answer = await fetch(new URL("../export.tar", self.location.href), { cache: "no-store" });
    if (!answer.ok) throw new SourceError(`export.tar: HTTP ${answer.status}`);
    return readTar(ofBlob(await answer.blob()));
  }
  if (archive) return readTar(ofBlob(archive));
  return rooted(new Map(files.map(({ path, file }) => [path, ofBlob(file)])));
}

async function run({ live, archive, files, vkey, policy, remembered }) {
  const started = performance.now();
  postMessage({ type: "progress", done: 0, of: 1 });
  const key = vkey ? parseVkey(vkey) : null;
  const source = await sourceOf({ live, archive, files });
  const seen = (name) => {
    const head = remembered[name];
    return head ? { origin: head.origin, size: head.size, root: unhex(head.root) } : null;
  };
  const told = await verify(source, {
    vkey: key,
    policy: policy ? parsePolicy(policy) : null,
    remembered: (signer) => seen(nameOf(signer)),
    live: Boolean(live),
    progress: (done, of) => postMessage({ type: "progress", done, of }),
  });
  last = told.log;
  const { origin, size, root, outcome, exit, findings, head, signers } = told;
  const signed = findings.some((each) => each.check === "checkpoint" && each.outcome === "HOLDS");
  const remember = exit !== 1 && signed && head ? { names: signers.map(nameOf), head: { origin, size: head.size, root: hex(head.root) } } : null;
  const draws = last.draws.all.size;
  postMessage({ type: "result", origin, size, root, outcome, exit, findings, remember, draws, seconds: (performance.now() - started) / 1000 });
}

async function hand({ file, vkey, policy }) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  postMessage({ type: "held", ...(await checkHeld(bytes, vkey ? parseVkey(vkey) : null, policy ? parsePolicy(policy) : null)) });
}

// Heads are kept by key, so that nobody who invents a log of the same name can poison what was seen of the real one.
const nameOf = (key) => `${key.name} ${base64(key.key)}`;

onmessage = async ({ data }) => {
  try {
    if (data.type === "self") postMessage({ type: "self", id: data.id, draws: await selfCheck(last, data.id) });
    else if (data.type === "hand") await hand(data);
    else await run(data);
  } catch (error) {
    postMessage({ type: "failed", refusal: error.refusal === true, held: data.type === "hand", message: error.refusal ? error.message : String(error.stack ?? error) });
  }
};

// Verifies one log after the other with the verifier of the browser: a line of JSON in, a line of JSON out.
//
// In: {target, vkey}; out: {exit, outcome, findings}, or {fault} where the program itself fails.

import { createInterface } from "node:readline";
import { sourceOf } from "../../verify/browser/disk.mjs";
import { parseVkey } from "../../verify/browser/lib/note.js";
import { verify } from "../../verify/browser/verify.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { target, vkey } = JSON.parse(line);
  try {
    const { exit, outcome, findings } = await verify(await sourceOf(target), { vkey: parseVkey(vkey) });
    console.log(JSON.stringify({ exit, outcome, findings }));
  } catch (error) {
    console.log(JSON.stringify({ fault: String(error.stack), refusal: error.refusal === true }));
  }
}

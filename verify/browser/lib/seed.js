// The seed of a draw (SPEC 9): what parties committed to and revealed, mixed with public beacons.

import { be, compare, concat, lp, utf8 } from "./bytes.js";
import { sha256of } from "./sha256.js";

const label = (name) => utf8(`FAIRDRAW-${name}/1\0`);
const sorted = (map) => [...map].sort(([a], [b]) => compare(a, b));

/** C0 over the canonical bytes of the freeze. */
export const freezeHash = (freeze) => sha256of(label("FREEZE"), lp(freeze));

/** c_p of a party over its 32 secret bytes. */
export const commitment = (c0, party, secret) => sha256of(label("COMMIT"), c0, lp(party), secret);

/** C1 over Map(party -> commitment). */
export const commitSet = (c0, commitments) =>
  sha256of(label("COMMITSET"), c0, be(commitments.size, 2), ...sorted(commitments).flatMap(([party, c]) => [lp(party), c]));

/** C2 over Map(party -> secret, or null where it was withheld). */
export const revealSet = (c1, reveals) =>
  sha256of(
    label("REVEALSET"),
    c1,
    be(reveals.size, 2),
    ...sorted(reveals).flatMap(([party, r]) => [lp(party), r ? concat(Uint8Array.of(1), r) : Uint8Array.of(0)]),
  );

/** B of dice or a lottery. */
export const beaconText = (kind, key) => sha256of(label("BEACON"), lp(kind), lp(key));

/** B of a drand round; `round` is an integer, `signature` 48 bytes. */
export const beaconDrand = (chain, round, signature) =>
  sha256of(label("BEACON"), lp("drand"), chain, be(round, 8), lp(signature));

/** S. */
export const seed = (c0, c1, c2, beacons) => sha256of(label("SEED"), c0, c1, c2, be(beacons.length, 2), ...beacons);

/** K_x. */
export const subkey = (s, x) => sha256of(label("KEY"), lp(x), s);

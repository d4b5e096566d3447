// Beacons (SPEC 8, 9): the spelling of dice and lotteries, and the signature of a drand round.

import { Refusal, be, unhex } from "./bytes.js";
import { beaconDrand, beaconText } from "./seed.js";
import { sha256 } from "./sha256.js";

export class BeaconError extends Refusal {}

// Networks whose signatures lie on G1: chain hash -> public key, genesis, period in seconds.
export const CHAINS = {
  "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971": {
    name: "quicknet",
    key:
      "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451" +
      "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    genesis: 1692803367,
    period: 3,
  },
};

const NUMBER = "(?:0|[1-9][0-9]*)";

/** Return how many rolls a key string of dice holds; BeaconError where it is none of {sides, rolls}, or has fewer rolls. */
export function checkDice({ sides, rolls }, key) {
  const groups = key.split("/");
  if (groups.pop() !== "") throw new BeaconError("the key string does not end with /");
  const all = groups.map((group) => group.split("."));
  if (all.some((group, n) => group.length > 10 || group.length === 0 || (n < all.length - 1 && group.length !== 10))) {
    throw new BeaconError("the rolls do not stand in groups of ten");
  }
  const [low, high] = sides === 6 ? [1, 6] : [0, 9];
  for (const roll of all.flat()) {
    if (!new RegExp(`^${NUMBER}$`).test(roll) || Number(roll) < low || Number(roll) > high) {
      throw new BeaconError(`${roll} is no roll of a die with ${sides} sides`);
    }
  }
  const told = all.flat().length;
  if (told < rolls || told === 0) throw new BeaconError(`the freeze names ${rolls} rolls, ${told} are recorded`);
  return told;
}

/** Check the key string of a lottery: each number followed by a dot, each group by a slash, unordered groups sorted. */
export function checkLottery({ ordered }, key) {
  if (!new RegExp(`^(?:(?:${NUMBER}\\.)+/)+$`).test(key)) throw new BeaconError("no key string of a lottery");
  const groups = key.split("/").slice(0, -1).map((group) => group.split(".").slice(0, -1).map(Number));
  if (groups.length !== ordered.length) throw new BeaconError(`the freeze names ${ordered.length} groups of numbers`);
  groups.forEach((group, n) => {
    if (!ordered[n] && group.some((each, place) => place && group[place - 1] > each)) {
      throw new BeaconError("the numbers of an unordered group are not sorted");
    }
  });
}

/** Whether the signatures of a drand beacon can be checked here. */
export const isKnown = ({ chain_hash: hash }) => Object.hasOwn(CHAINS, hash);

/** The first round of a chain at or after `time` (POSIX seconds). */
export const roundAt = ({ genesis, period }, time) => Math.max(1, Math.ceil((time - genesis) / period) + 1);

/** Return whether the 48 bytes are the signature of a round under the chain's key. */
export async function drandHolds(publicKey, round, signature) {
  const { bls12_381: curve } = await import("../vendor/noble-curves/bls12-381.js");
  if (signature.length !== 48 || !(signature[0] & 0x80)) return false;
  try {
    const short = curve.shortSignatures;
    const message = short.hash(sha256(be(round, 8)), "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_");
    return short.verify(short.Signature.fromBytes(signature), message, curve.G2.Point.fromBytes(publicKey));
  } catch {
    return false; // no point of the curve, or not of its subgroup
  }
}

/** Return B of a recorded beacon; BeaconError where it is not what the freeze names. Of an unknown network nothing more is asked. */
export async function beaconOf(named, data) {
  if (named.kind === "drand") return drand(named, data);
  if (typeof data.key_string !== "string" || "signature" in data) throw new BeaconError(`${named.kind} is recorded by a key string`);
  if (named.kind === "lottery") checkLottery(named, data.key_string);
  else {
    const told = checkDice(named, data.key_string);
    if (told !== named.rolls) throw new BeaconError(`the freeze names ${named.rolls} rolls, ${told} are recorded`);
  }
  return beaconText(named.kind, data.key_string);
}

async function drand(named, data) {
  if (typeof data.signature !== "string" || "key_string" in data) throw new BeaconError("drand is recorded by a signature");
  const signature = unhex(data.signature);
  if (!signature || signature.length !== 48) throw new BeaconError("a signature that has not 48 bytes");
  const chain = isKnown(named) ? CHAINS[named.chain_hash] : null;
  if (chain && !(await drandHolds(unhex(chain.key), named.round, signature))) {
    throw new BeaconError(`the signature of round ${named.round} is not that of ${chain.name}`);
  }
  return beaconDrand(unhex(named.chain_hash), named.round, signature);
}


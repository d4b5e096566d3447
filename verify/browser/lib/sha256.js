// SHA-256, called synchronously, because a draw over 200,000 objects needs some millions of short hashes.
//
// FIPS 180-4. `leafHash` and `nodeHash` are those of RFC 6962. What is long goes to WebCrypto where there is one.

const K = new Int32Array(64);
const START = new Int32Array(8);
const W = new Int32Array(64);
const STATE = new Int32Array(8);

(function constants() {
  // The fractional parts of the cube roots of the first 64 primes, and of the square roots of the first eight.
  const fraction = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
  for (let n = 0, candidate = 2; n < 64; candidate++) {
    let prime = true;
    for (let d = 2; d * d <= candidate; d++) if (candidate % d === 0) prime = false;
    if (!prime) continue;
    if (n < 8) START[n] = fraction(Math.sqrt(candidate));
    K[n++] = fraction(Math.cbrt(candidate));
  }
})();

function compress(bytes, at) {
  for (let t = 0, p = at; t < 16; t++, p += 4) {
    W[t] = (bytes[p] << 24) | (bytes[p + 1] << 16) | (bytes[p + 2] << 8) | bytes[p + 3];
  }
  for (let t = 16; t < 64; t++) {
    const x = W[t - 15], y = W[t - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[t] = (W[t - 16] + s0 + W[t - 7] + s1) | 0;
  }
  let a = STATE[0], b = STATE[1], c = STATE[2], d = STATE[3];
  let e = STATE[4], f = STATE[5], g = STATE[6], h = STATE[7];
  for (let t = 0; t < 64; t++) {
    const S1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + S1 + ((e & f) ^ (~e & g)) + K[t] + W[t]) | 0;
    const S0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (S0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  STATE[0] = (STATE[0] + a) | 0; STATE[1] = (STATE[1] + b) | 0; STATE[2] = (STATE[2] + c) | 0; STATE[3] = (STATE[3] + d) | 0;
  STATE[4] = (STATE[4] + e) | 0; STATE[5] = (STATE[5] + f) | 0; STATE[6] = (STATE[6] + g) | 0; STATE[7] = (STATE[7] + h) | 0;
}

function write(out, at) {
  for (let n = 0, p = at; n < 8; n++, p += 4) {
    const word = STATE[n];
    out[p] = word >>> 24; out[p + 1] = word >>> 16; out[p + 2] = word >>> 8; out[p + 3] = word;
  }
  return out;
}

let room = new Uint8Array(4096);

// Hash what stands in `room[0:length]`, which is padded there.
function hashRoom(length, out, at) {
  const end = ((length + 8) >>> 6) * 64 + 64;
  room[length] = 0x80;
  room.fill(0, length + 1, end);
  const bits = length * 8;
  for (let n = 0, high = Math.floor(bits / 2 ** 32); n < 4; n++) {
    room[end - 5 - n] = high >>> (8 * n);
    room[end - 1 - n] = bits >>> (8 * n);
  }
  STATE.set(START);
  for (let p = 0; p < end; p += 64) compress(room, p);
  return write(out, at);
}

function reserve(length) {
  if (room.length < length + 72) room = new Uint8Array(2 * length + 136);
}

/** Return the 32 bytes of SHA-256 of `bytes`. */
export function sha256(bytes) {
  reserve(bytes.length);
  room.set(bytes, 0);
  return hashRoom(bytes.length, new Uint8Array(32), 0);
}

/** Return SHA-256 of several byte strings behind one another. */
export function sha256of(...parts) {
  let length = 0;
  for (const part of parts) length += part.length;
  reserve(length);
  length = 0;
  for (const part of parts) {
    room.set(part, length);
    length += part.length;
  }
  return hashRoom(length, new Uint8Array(32), 0);
}

/** Write leaf(bytes) = SHA-256(0x00 ‖ bytes) into `out` at `at`. */
export function leafHash(bytes, out = new Uint8Array(32), at = 0) {
  reserve(bytes.length + 1);
  room[0] = 0;
  room.set(bytes, 1);
  return hashRoom(bytes.length + 1, out, at);
}

const NODE = new Uint8Array(128);
NODE[0] = 1;
NODE[65] = 0x80;
NODE[126] = (65 * 8) >>> 8;
NODE[127] = (65 * 8) & 255;

/** Write SHA-256(0x01 ‖ left ‖ right) into `out` at `at`; `left` and `right` are 32 bytes of `source` each. */
export function nodeInto(source, left, right, out, at) {
  for (let n = 0; n < 32; n++) {
    NODE[1 + n] = source[left + n];
    NODE[33 + n] = source[right + n];
  }
  STATE.set(START);
  compress(NODE, 0);
  compress(NODE, 64);
  return write(out, at);
}

/** Return SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left, right) {
  NODE.set(left, 1);
  NODE.set(right, 33);
  STATE.set(START);
  compress(NODE, 0);
  compress(NODE, 64);
  return write(new Uint8Array(32), 0);
}

/** Return SHA-256 of a whole document: by WebCrypto where it is long and where there is one (a secure context). */
export async function digest(bytes) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle || bytes.length < 65536) return sha256(bytes);
  return new Uint8Array(await subtle.digest("SHA-256", bytes));
}

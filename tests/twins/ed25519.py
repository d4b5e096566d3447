"""Ed25519 in whole numbers, after RFC 8032 section 5.1 and its appendix: slow, without any library."""

import hashlib

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]
"""X, Y, Z and T of x = X/Z, y = Y/Z, xy = T/Z."""
NEUTRAL: Point = (0, 1, 1, 0)


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def equal(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def times(n: int, point: Point) -> Point:
    total = NEUTRAL
    while n:
        if n & 1:
            total = add(total, point)
        point = add(point, point)
        n >>= 1
    return total


def written(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def read(data: bytes) -> Point | None:
    """Return the point, None where these 32 bytes are none: y beyond the field, or no x for it."""
    number = int.from_bytes(data, "little")
    y, sign = number % 2**255, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


_BASE = read(bytes.fromhex("58" + "66" * 31))
assert _BASE is not None
BASE: Point = _BASE


def small(point: Point) -> bool:
    return equal(times(8, point), NEUTRAL)


def _hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % Q


def _secret(key: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(key).digest()
    return (int.from_bytes(digest[:32], "little") & (2**254 - 8)) | 2**254, digest[32:]


def public(key: bytes) -> bytes:
    return written(times(_secret(key)[0], BASE))


def sign(key: bytes, message: bytes) -> bytes:
    scalar, prefix = _secret(key)
    nonce = _hash(prefix, message)
    r = written(times(nonce, BASE))
    return r + ((nonce + _hash(r, public(key), message) * scalar) % Q).to_bytes(32, "little")


def verify(key: bytes, signature: bytes, message: bytes) -> bool:
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = read(key), read(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q or small(a) or small(r):
        return False
    return equal(times(s, BASE), add(r, times(_hash(signature[:32], key, message), a)))

"""The signature check of the drand network, in the one file that names the pairing library.

The library is pyblst, a binding of blst: one wheel without dependencies for Linux, macOS and Windows. It is imported at
the moment of use, so that the rest of the verifier runs without it.
"""

from typing import Any

G1_BYTES, G2_BYTES = 48, 96
G1_INFINITY = bytes([0xC0]) + bytes(47)
G2_INFINITY = bytes([0xC0]) + bytes(95)
G1_DST = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
# The generator of G2 in its compressed form. Source: draft-irtf-cfrg-pairing-friendly-curves, 4.2.1.
G2_GENERATOR = bytes.fromhex(
    "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
)


class BlsMissing(RuntimeError):
    """The pairing library is not installed: the check was not made, which is neither right nor wrong."""


def verify_g1(public_key: bytes, message: bytes, signature: bytes, dst: bytes = G1_DST) -> bool:
    """Return whether e(signature, g2) = e(H(message), public key), the signature on G1 and the key on G2.

    Both in compressed form, 48 and 96 bytes. False, never an exception, for any other length, a missing compressed
    flag, infinity, a coordinate out of range, a point off the curve or outside the subgroup: a second spelling of one
    signature would give a second seed. Raises BlsMissing without the library.
    Source: RFC 9380; draft-irtf-cfrg-bls-signature, 2.7.
    """
    if len(signature) != G1_BYTES or len(public_key) != G2_BYTES:
        return False
    if signature == G1_INFINITY or public_key == G2_INFINITY:
        return False
    bls = _library()
    try:
        # uncompress() refuses what is not on the curve or not in the subgroup (BLST_POINT_NOT_IN_GROUP).
        point = bls.BlstP1Element.uncompress(signature)
        key = bls.BlstP2Element.uncompress(public_key)
        generator = bls.BlstP2Element.uncompress(G2_GENERATOR)
    except ValueError:
        return False
    if point.compress() != signature or key.compress() != public_key:
        return False
    hashed = bls.BlstP1Element.hash_to_group(message, dst)
    return bool(bls.final_verify(bls.miller_loop(point, generator), bls.miller_loop(hashed, key)))


def _library() -> Any:
    try:
        import pyblst
    except ImportError as missing:
        raise BlsMissing("the beacon cannot be checked here: the package pyblst is not installed") from missing
    return pyblst

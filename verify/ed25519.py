"""Ed25519 signatures: the one place that needs the `cryptography` library, and says so when it is missing."""

from typing import Any

_P = 2**255 - 19
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
# y of every point of order 1, 2, 4 and 8, the two spellings beyond p included. Anybody can "sign" for such a key,
# so its holder could deny everything. Refused for key and R, as WebCrypto does, so that browsers agree with us.
_SMALL_ORDER = frozenset({0, 1, _P - 1, _P, _P + 1, _ORDER_8, _P - _ORDER_8})


class LibraryMissing(RuntimeError):
    """Signatures cannot be checked on this machine; what depends on them is UNCHECKED, never passed."""


def available() -> bool:
    """Say whether signatures can be checked here."""
    try:
        verify(bytes(32), bytes(64), b"")
    except LibraryMissing:
        return False
    return True


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether `signature` (64 bytes) is that of `message` under the key `public` (32 bytes).

    Other lengths and points of small order are False. Raises LibraryMissing. Source: RFC 8032 section 5.1.7.
    """
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise LibraryMissing(f"Ed25519 needs the package `cryptography`: {error}") from error
    if len(public) != 32 or len(signature) != 64 or _small_order(public) or _small_order(signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except UnsupportedAlgorithm as error:
        raise LibraryMissing(f"the installed `cryptography` has no Ed25519: {error}") from error
    except (InvalidSignature, ValueError):
        return False
    return True


def sign(seed: bytes, message: bytes) -> bytes:
    """Return the signature (64 bytes) of `message` by the private key `seed` (32 bytes). Raises LibraryMissing, ValueError."""
    signature: bytes = _private(seed).sign(message)
    return signature


def public_of(seed: bytes) -> bytes:
    """Return the public key (32 bytes) of the private key `seed` (32 bytes). Raises LibraryMissing, ValueError."""
    public: bytes = _private(seed).public_key().public_bytes_raw()
    return public


def _private(seed: bytes) -> Any:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError as error:
        raise LibraryMissing(f"Ed25519 needs the package `cryptography`: {error}") from error
    try:
        return Ed25519PrivateKey.from_private_bytes(seed)
    except UnsupportedAlgorithm as error:
        raise LibraryMissing(f"the installed `cryptography` has no Ed25519: {error}") from error


def _small_order(point: bytes) -> bool:
    """Say whether 32 bytes encode a point of small order; the top bit is the sign of x and does not matter."""
    return int.from_bytes(point, "little") & (2**255 - 1) in _SMALL_ORDER

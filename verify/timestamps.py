"""Time stamps of RFC 3161: the one place that needs the packages `rfc3161-client` and `cryptography`.

A token is the whole reply of an authority (TimeStampResp, DER), as it was stored. Some of its bytes are covered by no
signature, which is why the entry that names it holds the hash of all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

SHA256 = "2.16.840.1.101.3.4.2.1"

T = TypeVar("T")


class LibraryMissing(RuntimeError):
    """Time stamps cannot be checked on this machine; what depends on them is UNCHECKED, never passed."""


class StampError(ValueError):
    """This is no granted time stamp, or not one of this authority; the message says why."""


@dataclass(frozen=True)
class Stamp:
    """What a token says, not yet verified: the SHA-256 it stamps, and when, in POSIX seconds with their fraction."""

    imprint: bytes
    at: float


def read(token: bytes) -> Stamp:
    """Read a token. Raises StampError where it is none over a SHA-256, LibraryMissing."""
    reply = _decoded(token)
    told = _told(lambda: reply.tst_info)
    if reply.status != 0 or told.message_imprint.hash_algorithm.dotted_string != SHA256:
        raise StampError("not granted, or not over a SHA-256")
    return Stamp(bytes(told.message_imprint.message), told.gen_time.timestamp())


def verify(token: bytes, digest: bytes, certificates: bytes) -> None:
    """Check that an authority stamped `digest`. `certificates`: in PEM, up to its root.

    They must have been valid when it stamped, not now. Raises StampError, LibraryMissing.
    """
    reply, known = _decoded(token), read_certificates(certificates)
    try:
        from rfc3161_client import VerifierBuilder
    except ImportError as error:
        raise LibraryMissing(f"time stamps need the package `rfc3161-client`: {error}") from error
    builder = VerifierBuilder(roots=known)
    _told(lambda: builder.build().verify(reply, digest))


def read_certificates(pem: bytes) -> list[Any]:
    """Return the certificates of a PEM file. Raises StampError where it holds none, LibraryMissing."""
    try:
        from cryptography.x509 import load_pem_x509_certificates
    except ImportError as error:
        raise LibraryMissing(f"time stamps need the package `cryptography`: {error}") from error
    return _told(lambda: load_pem_x509_certificates(pem))


def _decoded(token: bytes) -> Any:
    try:
        from rfc3161_client import decode_timestamp_response
    except ImportError as error:
        raise LibraryMissing(f"time stamps need the package `rfc3161-client`: {error}") from error
    return _told(lambda: decode_timestamp_response(token))


def _told(ask: Callable[[], T]) -> T:
    """Return what the library answers. Raises StampError where it refuses, whatever it calls that."""
    try:
        return ask()
    except Exception as error:  # ValueError, VerificationError, and others for bytes that are no certificate
        raise StampError(f"{type(error).__name__}: {error}"[:160]) from error

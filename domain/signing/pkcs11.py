"""A signing key in a PKCS#11 token: it signs there and never leaves it.

Ed25519 with the mechanism EDDSA, as in PKCS#11 3.0; the one file that needs the package `python-pkcs11`.
"""

from __future__ import annotations

import threading
from typing import Any

from domain.errors import Unavailable
from domain.signing.secrets import RULE
from verify import ed25519

POINT = b"\x04\x20"
"""An OCTET STRING of 32 bytes in DER, in which a token wraps the public point."""


class TokenKey:
    """A key with a label in a token, reached through one session that is kept open."""

    def __init__(self, module: str, token: str, label: str, pin: bytes) -> None:
        """Log in and find the key. Unavailable where library, module, token, PIN or key are not as they should be."""
        try:
            import pkcs11
            from pkcs11.exceptions import PKCS11Error, UserAlreadyLoggedIn
        except ImportError as error:
            raise Unavailable(
                "缺少 python-pkcs11 库", f"PKCS#11 needs the package python-pkcs11: {error}", RULE
            ) from error
        self._errors, self._mechanism = PKCS11Error, pkcs11.Mechanism.EDDSA
        self._lock = threading.Lock()
        try:
            found = pkcs11.lib(module).get_token(token_label=token)
            try:
                self._session = found.open(user_pin=pin.decode("utf-8"))
            except UserAlreadyLoggedIn:  # a process logs in once to a token, and may have several keys there
                self._session = found.open()
            kind = pkcs11.KeyType.EC_EDWARDS
            private = self._session.get_key(pkcs11.ObjectClass.PRIVATE_KEY, kind, label=label)
            public = self._session.get_key(pkcs11.ObjectClass.PUBLIC_KEY, kind, label=label)
            point = bytes(public[pkcs11.Attribute.EC_POINT])
        except (PKCS11Error, RuntimeError, OSError, ValueError) as error:
            reason = f"{type(error).__name__} {error}".strip()
            raise Unavailable(
                f"PKCS#11 令牌 {token} 中的密钥 {label} 不可用：{reason}",
                f"the key {label} of the PKCS#11 token {token} cannot be used: {reason}",
                RULE,
            ) from error
        self.public = point.removeprefix(POINT) if len(point) == 34 else point
        self._private: Any = private  # what it can do, the token says when it is found
        self._require_a_pair(token, label)

    def _require_a_pair(self, token: str, label: str) -> None:
        """Sign once: two objects with one label need not belong together, nor be Ed25519."""
        probe = b"fairdraw/token-key/v1\0"
        if not ed25519.verify(self.public, self.sign(probe), probe):
            raise Unavailable(
                f"PKCS#11 令牌 {token} 中标签 {label} 的公私钥不是一对 Ed25519 密钥",
                f"the two keys labelled {label} in the PKCS#11 token {token} are no pair of Ed25519",
                RULE,
            )

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message. Unavailable where the token is gone."""
        try:
            with self._lock:  # a session does one thing at a time
                return bytes(self._private.sign(message, mechanism=self._mechanism))
        except self._errors as error:
            reason = f"{type(error).__name__} {error}".strip()
            raise Unavailable(f"PKCS#11 令牌无法签名：{reason}", f"the token does not sign: {reason}", RULE) from error

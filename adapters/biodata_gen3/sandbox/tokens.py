"""JSON web tokens, signed and checked as fence does it (protocols/gen3.md, a)."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import TYPE_CHECKING, Any

from biodata_gen3.sandbox.rsa import process_key

if TYPE_CHECKING:
    from biodata.sandbox import Clock
    from biodata_gen3.sandbox.users import User

__all__ = ["KEY_SCOPES", "Refused", "Tokens"]

KEY_SCOPES = (
    "fence", "openid", "user", "data", "admin", "google_credentials", "google_service_account",
    "google_link", "ga4gh_passport_v1",
)  # fmt: skip
LOGIN_SCOPES = (*KEY_SCOPES, "credentials")
_PARTS = 3
_WHOLE_SECONDS = 60


class Refused(Exception):
    """A token that is not good; `kind` is what is wrong: malformed, signature, expired, early, purpose."""

    def __init__(self, kind: str, message: str, expired_at: float = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.expired_at = int(expired_at)


class Tokens:
    """Issues tokens and checks them by the sandbox's clock, without any leeway.

    Attributes:
        issuer: `https://HOST/user`; clients find the server's address in it.
        kid: the name of the signing key.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = process_key()
        self.issuer = "http://127.0.0.1/user"
        self.kid = f"fence_key_{clock.now():%Y-%m-%dT%H:%M:%SZ}"

    def pem(self) -> str:
        """The public key."""
        return self._key.pem()

    def api_key(self, user: User, lifetime: float, *, issued: float | None = None) -> tuple[str, dict[str, Any]]:
        """A key and its claims."""
        claims = self._claims(user, "api_key", lifetime, KEY_SCOPES, issued)
        return self._signed(claims), claims

    def access(
        self, user: User, lifetime: float, *, scopes: tuple[str, ...] = KEY_SCOPES, issued: float | None = None
    ) -> str:
        """An access token."""
        context = {"user": {"name": user.name, "is_admin": user.is_admin, "google": {"proxy_group": None}}}
        return self._signed(self._claims(user, "access", lifetime, scopes, issued) | {"context": context})

    def login(self, user: User, lifetime: float = 1200.0) -> str:
        """The access token of somebody who logged in with a browser: it may make keys, as none from a key may."""
        return self.access(user, lifetime, scopes=LOGIN_SCOPES)

    def _claims(
        self, user: User, purpose: str, lifetime: float, scopes: tuple[str, ...], issued: float | None
    ) -> dict[str, Any]:
        start = self._clock.time() if issued is None else issued
        if lifetime >= _WHOLE_SECONDS:  # a token of one second would be dead at once where the second is nearly over
            start, lifetime = int(start), int(lifetime)
        return {
            "pur": purpose, "aud": ["gen3"], "sub": str(user.number), "iss": self.issuer, "iat": start,
            "exp": start + lifetime, "jti": str(uuid.uuid4()), "azp": "", "scope": list(scopes),
        }  # fmt: skip

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "kid": self.kid, "typ": "JWT"}
        content = f"{_packed(json.dumps(header).encode())}.{_packed(json.dumps(claims).encode())}"
        return f"{content}.{_packed(self._key.sign(content.encode()))}"

    def check(self, token: str, purpose: str, now: float) -> dict[str, Any]:
        """The claims of a token that is good at a time: when the request came, not when its turn came.

        Raises:
            Refused: with the words of the library that the services use.
        """
        claims = self._read(token)
        if claims["iat"] > now:
            raise Refused("early", "The token is not yet valid (iat)")
        if claims["exp"] <= now:
            raise Refused("expired", "Signature has expired", claims["exp"])
        if claims["pur"] != purpose:
            raise Refused("purpose", f"claims have incorrect purpose: expected {purpose}, got {claims['pur']}")
        return claims

    def _read(self, token: str) -> dict[str, Any]:
        parts = token.split(".")
        if len(parts) != _PARTS:
            raise Refused("malformed", "Not enough segments")
        try:
            claims = json.loads(_unpacked(parts[1]))
            good = self._key.verify(f"{parts[0]}.{parts[1]}".encode(), _unpacked(parts[2]))
        except (ValueError, binascii.Error):
            good, claims = False, None
        if not good or not isinstance(claims, dict):
            raise Refused("signature", "Signature verification failed")
        return claims


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

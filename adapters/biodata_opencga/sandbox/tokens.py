"""JSON Web Tokens as the server makes them: HS256, signed here with the standard library (section 4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from biodata_opencga.sandbox.errors import illegal, parameter, unauthenticated

__all__ = ["read_token", "sign"]

_PARTS = 3


def sign(claims: dict[str, Any], secret: bytes) -> str:
    """A token with these claims."""
    head = _encoded(json.dumps({"alg": "HS256"}).encode())
    body = _encoded(json.dumps(claims, separators=(",", ":")).encode())
    return f"{head}.{body}.{_signature(f'{head}.{body}', secret)}"


def read_token(token: str, secret: bytes, now: float) -> tuple[str, str]:
    """(organization, user) of a token that is good now.

    Raises:
        Refusal: 500 for what is no token or names no organization, 401 for a wrong signature or one that ended.
    """
    if not token:
        raise illegal("Missing token")
    signed, _, signature = token.rpartition(".")
    claims = _claims(token)
    if not claims.get("aud"):
        raise parameter("Error in parameter: parameter 'jwt organization' is null or empty: .")
    if not hmac.compare_digest(signature.encode(), _signature(signed, secret).encode()):
        raise unauthenticated(f"Invalid authentication token : {token}")
    if float(claims.get("exp", 0)) <= now:
        raise unauthenticated(f"Authentication token is expired : {token}")
    return str(claims["aud"]), str(claims.get("sub", ""))


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    try:
        claims = json.loads(_decoded(parts[1])) if len(parts) == _PARTS else None
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise illegal("Invalid JWT token")
    return claims


def _signature(signed: str, secret: bytes) -> str:
    return _encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

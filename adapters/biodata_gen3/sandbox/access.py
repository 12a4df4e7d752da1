"""Who asks, and whether they may: in the words of the services, and of the authorisation service behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_gen3.sandbox.http import Ask, Failure, json_answer, message
from biodata_gen3.sandbox.tokens import Refused
from biodata_gen3.sandbox.users import PROGRAM_ADMIN, PROJECT_ADMIN, User, project_resource

if TYPE_CHECKING:
    from biodata_gen3.sandbox.state import State

__all__ = ["require_admin", "require_project", "require_user", "user_of"]

_DENIED = "You don't have access to this resource: "
_ARBORIST = {
    "malformed": "go-jose/go-jose: compact JWS format must have three parts",
    "signature": "go-jose/go-jose: error in cryptographic primitive",
    "purpose": "invalid token purpose",
    "early": "token not yet valid",
}


def require_user(state: State, ask: Ask) -> User:
    """Anybody with a good token.

    Raises:
        Failure: 401 (protocols/gen3.md, a: 401 bodies).
    """
    if ask.authorization is None:
        raise Failure(message(401, "Authentication Error: no authorization header provided"))
    try:
        user = _user(state, ask, _bearer(ask.authorization))
    except Refused as refused:
        raise Failure(message(401, f"Authentication Error: {refused}")) from None
    ask.user = user
    return user


def _bearer(header: str) -> str:
    scheme, blank, token = header.partition(" ")
    if not blank or scheme.lower() != "bearer":
        raise Refused("malformed", "could not parse authorization header")
    return token if not token.startswith(" ") else ""


def _user(state: State, ask: Ask, token: str) -> User:
    user = state.users.by_number(state.tokens.check(token, "access", ask.came)["sub"])
    if user is None:
        raise Refused("signature", "user not found")
    return user


def user_of(state: State, ask: Ask) -> User | None:
    """Who asks a service that is open to everybody; None where there is no token.

    Raises:
        Failure: 401, a token is there and is not good.
    """
    return require_user(state, ask) if ask.authorization is not None else None


def _asked_of_arborist(state: State, ask: Ask) -> User:
    """The user as the authorisation service sees them; it reads the token itself, and words its refusals so."""
    try:
        token = _bearer(ask.authorization or "")
    except Refused:
        raise Failure(message(401, "Authentication Error: Didn't receive JWT correctly")) from None
    try:
        ask.user = _user(state, ask, token)
    except Refused as refused:
        reason = _ARBORIST.get(refused.kind, f"expired at time: {refused.expired_at}\n")
        text = f"request to arborist failed: error decoding token: {reason}"
        raise Failure(json_answer({"code": 401, "error": text}, 401)) from None
    return ask.user


def require_project(state: State, ask: Ask, program: str, code: str, *methods: str) -> User:
    """Somebody with all these rights on a project."""
    user = _asked_of_arborist(state, ask)
    if not all(user.may(method, project_resource(program, code)) for method in methods):
        raise Failure(message(403, f"{_DENIED}user is unauthorized"))
    return user


def require_admin(state: State, ask: Ask, what: str) -> User:
    """Somebody who may make programs, or projects [105, 128]."""
    user = _asked_of_arborist(state, ask)
    if not user.may("*", PROGRAM_ADMIN if what == "program" else PROJECT_ADMIN):
        raise Failure(message(403, f"{_DENIED}Unauthorized: User must be Sheepdog {what} admin"))
    return user

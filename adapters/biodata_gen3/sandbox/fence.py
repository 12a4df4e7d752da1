"""Fence: API keys, access tokens, who the user is (protocols/gen3.md, a)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata_gen3.sandbox.http import Answer, Ask, Failure, html_page, json_answer
from biodata_gen3.sandbox.tokens import Refused

if TYPE_CHECKING:
    from biodata_gen3.sandbox.state import State
    from biodata_gen3.sandbox.users import User

__all__ = ["KEY_LIFETIME", "Client", "add_client", "handle", "make_key"]

KEY_LIFETIME = 2_592_000
_KEYS = (("credentials", "api"), ("credentials", "cdis"))
_NO_METHOD = "The method is not allowed for the requested URL."
_NO_ROUTE = (
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling "
    "and try again."
)


class ApiKey(msgspec.Struct, frozen=True):
    """A key that was made: whose, and until when."""

    user: str
    until: int


class Client(msgspec.Struct, frozen=True):
    """An OAuth client: its secret, and the number of the user as whom it acts."""

    secret: str
    user: int


def handle(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    """Answer a request below `/user`."""
    if path[:2] in _KEYS:
        return _credentials(state, ask, path[2:])
    if path == ("user",):
        _require(ask, "GET")
        return json_answer(_user(state, ask).info())
    if path == ("jwt", "keys"):
        _require(ask, "GET")
        return json_answer({"keys": [[state.tokens.kid, state.tokens.pem()]]})
    if path == (".well-known", "openid-configuration"):
        return json_answer(_openid(state))
    if path == ("oauth2", "token"):
        _require(ask, "POST")
        return _client_token(state, ask)
    raise Failure(html_page(404, _NO_ROUTE))


def _require(ask: Ask, *methods: str) -> None:
    if ask.method not in methods and not (ask.method == "HEAD" and "GET" in methods):
        raise Failure(html_page(405, _NO_METHOD))


def _credentials(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    if path == ("access_token",):
        _require(ask, "POST")
        return _access_token(state, ask)
    if not path:
        _require(ask, "GET", "POST")
        user = _user(state, ask, scope="credentials")
        return _list_keys(state, user) if ask.method == "GET" else _new_key(state, ask, user)
    _require(ask, "DELETE")
    return _revoke(state, _user(state, ask, scope="credentials"), path[0])


# --- access tokens -----------------------------------------------------------------------------------------


def _access_token(state: State, ask: Ask) -> Answer:
    key = _given_key(ask)
    lifetime = _lifetime(ask, state.token_lifetime)
    try:
        claims = state.tokens.check(key, "api_key", ask.came)
    except Refused as refused:
        known = refused.kind in ("malformed", "expired")
        words = "Authentication Error: " if refused.kind != "malformed" else ""
        raise Failure(
            html_page(401, f"[401] - {'' if known else 'Invalid token : [401] - '}{words}{refused}")
        ) from None
    if claims["jti"] in state.revoked:
        raise Failure(html_page(401, "[401] - token is denylisted"))
    if state.clock.time() + lifetime > claims["exp"]:
        text = "Cannot issue an access token that would expire after the provided API key does"
        raise Failure(html_page(400, text))
    user = state.users.by_number(claims["sub"])
    if user is None:
        raise Failure(html_page(401, "[401] - user does not exist"))
    return json_answer({"access_token": state.tokens.access(user, lifetime)})


def _given_key(ask: Ask) -> str:
    try:
        payload = msgspec.json.decode(ask.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        payload = ask.form
    key = payload.get("api_key") if isinstance(payload, dict) else None
    if not isinstance(key, str) or not key:
        raise Failure(html_page(400, "Please provide an api_key in payload"))
    return key


def _lifetime(ask: Ask, cap: float) -> float:
    """Seconds asked for; what is longer than the server's own is cut without a word [005]."""
    asked = ask.query.get("expires_in")
    if asked is None:
        return cap
    if not asked.isdecimal() or int(asked) < 1:
        raise Failure(html_page(400, f"Invalid 'expires_in' value '{asked}'"))
    return min(float(asked), cap)


# --- keys --------------------------------------------------------------------------------------------------


def make_key(state: State, user: User, lifetime: float = KEY_LIFETIME) -> dict[str, str]:
    """A new API key in the form of a credentials.json."""
    key, claims = state.tokens.api_key(user, lifetime)
    state.keys[claims["jti"]] = ApiKey(user.name, claims["exp"])
    return {"api_key": key, "key_id": claims["jti"]}


def _new_key(state: State, ask: Ask, user: User) -> Answer:
    return json_answer(make_key(state, user, _lifetime(ask, KEY_LIFETIME)))


def _list_keys(state: State, user: User) -> Answer:
    held = {jti: key for jti, key in state.keys.items() if key.user == user.name and jti not in state.revoked}
    return json_answer({"jtis": [{"jti": jti, "exp": key.until} for jti, key in held.items()]})


def _revoke(state: State, user: User, jti: str) -> Answer:
    key = state.keys.get(jti)
    if key is None or key.user != user.name or jti in state.revoked:
        raise Failure(html_page(404, f"token not found with JTI {jti} for current user"))
    state.revoked.add(jti)
    return Answer(204, b"", "application/json")


# --- who asks ----------------------------------------------------------------------------------------------


def _user(state: State, ask: Ask, scope: str | None = None) -> User:
    scheme, _, token = (ask.authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Failure(html_page(401, "Please login"))
    try:
        claims = state.tokens.check(token, "access", ask.came)
    except Refused as refused:
        before = "failed to validate token: " if refused.kind == "expired" else "Invalid token : "
        raise Failure(html_page(401, f"{before}[401] - Authentication Error: {refused}")) from None
    if scope is not None and scope not in claims["scope"]:
        raise Failure(html_page(401, f"Authentication Error: token is missing required scopes: {{'{scope}'}}"))
    user = state.users.by_number(claims["sub"])
    if user is None:
        raise Failure(html_page(401, "Please login"))
    return user


# --- the rest ----------------------------------------------------------------------------------------------


def _openid(state: State) -> dict[str, Any]:
    issuer = state.tokens.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "userinfo_endpoint": f"{issuer}/user",
        "jwks_uri": f"{issuer}/.well-known/jwks",
        "scopes_supported": ["openid", "user", "data", "admin", "credentials"],
        "response_types_supported": ["code", "id_token", "id_token token"],
        "response_modes_supported": ["query", "fragment"],
        "grant_types_supported": ["authorization_code", "implicit"],
        "acr_values_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "claims_supported": ["aud", "sub", "iss", "exp", "jti", "auth_time", "azp", "nonce", "context"],
    }


def add_client(state: State, user: User, client_id: str, secret: str) -> None:
    """Let an OAuth client act as a user."""
    state.clients[client_id] = Client(secret, user.number)


def _client_token(state: State, ask: Ask) -> Answer:
    """A token for a client that names itself with HTTP Basic (protocols/gen3.md, a: client credentials)."""
    client = state.clients.get(ask.basic[0])
    if client is None:
        return _no_client("The client does not exist on this server.")
    if client.secret != ask.basic[1] or ask.query.get("grant_type") != "client_credentials":
        return _no_client("The client could not be authenticated.")
    user = state.users.by_number(str(client.user))
    scope = ask.query.get("scope", "")
    if user is None or "openid" not in scope.split():
        return _no_client("The requested scope is invalid, unknown, or malformed.", "invalid_scope", 400)
    token = state.tokens.access(user, state.token_lifetime)
    granted = {"access_token": token, "expires_in": state.token_lifetime, "scope": scope, "token_type": "Bearer"}
    return json_answer(granted)


def _no_client(text: str, error: str = "invalid_client", status: int = 401) -> Answer:
    """The refusal, as JSON for once [036]."""
    challenge = f'Basic error="{error}", error_description="{text}"'
    headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"), ("WWW-Authenticate", challenge))
    return json_answer({"error": error, "error_description": text}, status, headers)

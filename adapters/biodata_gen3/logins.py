"""The ways to a token: an API key, a token, a client's secret, a workspace's service (protocols/gen3.md, a)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import AuthError, ConfigError
from biodata.http import HttpSession, Request, Timeouts, Token, TokenSource, jwt_claims, jwt_lifetime
from biodata_gen3.auth import Login, classify, of_login, token_source
from biodata_gen3.errors import failure, words
from biodata_gen3.keys import find_key
from biodata_gen3.settings import check_login, commons_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.adapter import Context
    from biodata_gen3.settings import Gen3Settings

__all__ = ["ClientLogin", "WorkspaceLogin", "log_in"]

_REFUSED, _SERVER_ERROR = 400, 500


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float | None = None


class _Lent(msgspec.Struct):
    token: str


class ClientLogin:
    """Gets tokens for a client of the commons: OAuth's client credentials."""

    def __init__(self, session: HttpSession, client_id: str, secret: str, scope: str) -> None:
        self._session = session.with_auth(None, of_login)
        self._basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        self._scope = scope

    def __call__(self) -> Token:
        """Ask fence.

        Raises:
            AuthError: client_id or client_secret is wrong, or the client may not have such tokens.
        """
        granted: _Granted = _answer(
            self._session,
            Request(
                method="POST",
                path="user/oauth2/token",
                params=(("grant_type", "client_credentials"), ("scope", self._scope)),
                headers=(("Authorization", f"Basic {self._basic}"),),
                anonymous=True,
                idempotent=True,
            ),
            _Granted,
            "The client is refused",
        )
        value = granted.access_token
        return Token(value, lifetime=jwt_lifetime(value) or granted.expires_in)


class WorkspaceLogin:
    """Gets tokens from a workspace token service, for an identity provider that the person has logged in with there.

    Args:
        session: of the token service, with the tokens that it takes.
        path: of its tokens.
        provider: the identity provider's name.
    """

    def __init__(self, session: HttpSession, path: str, provider: str) -> None:
        self._session = session
        self._path = path
        self._provider = provider

    def __call__(self) -> Token:
        """Ask the service.

        Raises:
            AuthError: it has no such provider, or the person has to log in with it first.
        """
        params = (("idp", self._provider),)
        request = Request(method="GET", path=self._path, params=params)
        lent: _Lent = _answer(self._session, request, _Lent, "The workspace token service refuses")
        return Token(lent.token, lifetime=jwt_lifetime(lent.token))


def _answer(session: HttpSession, request: Request, kind: Any, refusal: str) -> Any:
    response = session.send(request)
    if response.status >= _SERVER_ERROR:
        raise failure(response)
    if response.status >= _REFUSED:
        raise AuthError(f"{refusal}: {words(response)} (HTTP {response.status})")
    return response.decode(kind)


def log_in(settings: Gen3Settings, context: Context) -> tuple[HttpSession, Login | None]:
    """The session of the commons with its tokens, and the API key's login where there is one; sends nothing.

    Raises:
        ConfigError: `BD-CONFIG-LOGIN`, `BD-CONFIG-FILE`.
    """
    key = find_key(settings)
    check_login(settings, key)

    def at(root: str) -> HttpSession:
        return HttpSession(
            root,
            timeouts=Timeouts() if settings.timeout is None else Timeouts(read=settings.timeout),
            proxy=settings.proxy,
            ca_bundle=settings.ca_bundle,
            on_exchange=context.on_exchange,
            classify=classify,
        )

    if settings.workspace is not None:
        return _by_workspace(settings, settings.workspace, Login(at(_home(key)), key) if key else None, at)
    if key is not None:
        bare = at(commons_root(settings, key.issuer))
        login = Login(bare, key)
        return bare.with_auth(token_source(login)), login
    if settings.client_id is not None and settings.client_secret is not None:
        bare = at(commons_root(settings, ""))
        client = ClientLogin(bare, settings.client_id, settings.client_secret.reveal(), settings.scope)
        return bare.with_auth(token_source(client)), None
    token = settings.token.reveal() if settings.token is not None else ""
    bare = at(commons_root(settings, str(jwt_claims(token).get("iss") or "")))
    return bare.with_auth(TokenSource.static(token, scheme="bearer")), None


def _home(key: Any) -> str:
    if not key.issuer:
        raise ConfigError("The API key does not say of which commons it is", code="BD-CONFIG-LOGIN")
    return str(key.issuer).rstrip("/").removesuffix("/user")


def _by_workspace(
    settings: Gen3Settings, provider: str, login: Login | None, at: Callable[[str], HttpSession]
) -> tuple[HttpSession, Login | None]:
    commons = at(commons_root(settings, ""))
    if login is None:
        lender = WorkspaceLogin(at(settings.workspace_url), "token/", provider)
    else:
        home = login.session.with_auth(token_source(login), classify)
        lender = WorkspaceLogin(home, "wts/token/", provider)
    return commons.with_auth(token_source(lender)), login

"""One request from its first try to its answer: renewing the token, retrying, giving up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import AuthError, BiodataError, ConfigError, PermissionDenied, RateLimited, Unavailable
from biodata.http.exchange import Exchange, ExchangeHook, report
from biodata.http.failures import NoAnswer, mark_maybe_sent
from biodata.http.redaction import mask_values, redact, shortened
from biodata.http.retry import Quota, RetryPolicy, retry_after
from biodata.http.tokens import TokenSource
from biodata.http.verdict import Verdict
from biodata.http.wire import Wire

if TYPE_CHECKING:
    from biodata.http.request import Request, Response
    from biodata.http.tokens import Token
    from biodata.http.wire import Reply

Classify = Callable[["Response"], Verdict]


class Terms(msgspec.Struct, frozen=True):
    """What all deliveries of a session share."""

    wire: Wire
    auth: TokenSource | None
    classify: Classify
    retry: RetryPolicy
    quota: Quota
    on_exchange: ExchangeHook | None
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    chance: Callable[[], float]


class Delivery:
    """The state of sending one request; used once, by one thread."""

    def __init__(self, terms: Terms, request: Request, *, streamed: bool) -> None:
        self._terms = terms
        self._request = request
        self._streamed = streamed
        self._auth = None if request.anonymous else terms.auth
        self._since = self._auth.now() if self._auth else 0.0
        self._began = terms.clock()
        self._attempt = 0
        self._renewed = False
        self._arrived = False

    def run(self) -> Reply:
        """The answer that the adapter is to read: judged `ok` or `refused`.

        Raises:
            BiodataError: everything else, as `HttpSession.send` says.
        """
        self._terms.quota.earn()
        token = self._auth.current() if self._auth else None
        while True:
            try:
                reply = self._exchange(token)
            except NoAnswer as failure:
                self._after_failure(failure)
                continue
            verdict = self._judge(reply)
            if verdict.kind in {"ok", "refused"}:
                return reply
            reply.close()
            token = self._after_verdict(verdict, reply.response, token)

    def _exchange(self, token: Token | None) -> Reply:
        self._attempt += 1
        began = self._terms.clock()
        header = self._auth.headers(token) if self._auth and token else {}
        try:
            reply = self._terms.wire.exchange(self._request, header, streamed=self._streamed)
        except NoAnswer as failure:
            self._report(began, error=failure.error.code)
            raise
        except BiodataError as error:
            self._arrived = self._arrived or not isinstance(error, ConfigError)  # a file that cannot be sent whole
            self._report(began, error=error.code)
            raise self._marked(error) from None
        self._arrived = True
        self._report(began, reply)
        return reply

    def _report(self, began: float, reply: Reply | None = None, error: str | None = None) -> None:
        method, _, path = self._request.describe().partition(" ")
        exchange = Exchange(
            method=method,
            url=self._terms.wire.base_url + path.lstrip("/"),
            status=reply.response.status if reply else None,
            elapsed=self._terms.clock() - began,
            sent=len(self._request.body or b""),
            received=reply.received if reply else 0,
            attempt=self._attempt,
            error=error,
        )
        report(exchange, self._terms.on_exchange)

    def _judge(self, reply: Reply) -> Verdict:
        return Verdict("ok") if reply.streamed else self._terms.classify(reply.response)

    def _after_failure(self, failure: NoAnswer) -> None:
        self._arrived = self._arrived or failure.maybe_sent
        error = self._marked(failure.error)
        if not failure.retry or (failure.maybe_sent and not self._request.replayable):
            raise error from None
        self._pause(error, None)

    def _after_verdict(self, verdict: Verdict, response: Response, token: Token | None) -> Token | None:
        words = self._words(verdict, response, token)
        if verdict.kind == "expired":
            return self._renew(verdict, words, token)
        if verdict.kind == "denied":
            raise PermissionDenied(words, code=verdict.code)
        if verdict.kind == "rate_limited":
            self._pause(RateLimited(words, status=response.status, code=verdict.code), response)
            return token
        error = self._marked(Unavailable(words, status=response.status, code=verdict.code))
        if not self._request.replayable:
            raise error
        self._pause(error, response)
        return token

    def _renew(self, verdict: Verdict, words: str, token: Token | None) -> Token:
        if self._auth is None or token is None:
            raise AuthError(words, code=verdict.code, hint="Check user name and password, or the token")
        if not self._auth.renewable:
            raise AuthError(
                words,
                code="BD-AUTH-EXPIRED",
                hint="The token has ended or does not allow this: get a new one, or give a login",
            )
        if self._renewed or token.obtained >= self._since:
            raise PermissionDenied(words, code=verdict.code)
        self._renewed = True
        return self._auth.renew(token)

    def _pause(self, error: BiodataError, response: Response | None) -> None:
        """Wait for the next try, or raise `error` when the budget or the quota is used up."""
        terms, policy = self._terms, self._terms.retry
        asked = retry_after(response) if response else None
        if asked is not None and asked > policy.retry_after:
            error.hint = f"The platform asks to wait {asked:.0f} s before the next request"
            raise error from None
        wait = policy.backoff(self._attempt, terms.chance()) if asked is None else asked
        late = terms.clock() - self._began + wait > policy.total
        if late or self._attempt >= policy.attempts or not terms.quota.spend():
            raise error from None
        terms.sleep(wait)

    def _marked(self, error: BiodataError) -> BiodataError:
        """Say whether a write may have arrived: of what may be sent again that is not known."""
        unknown = None if self._request.replayable else True
        return mark_maybe_sent(error, maybe_sent=unknown if self._arrived else False)

    def _words(self, verdict: Verdict, response: Response, token: Token | None) -> str:
        said = redact(verdict.message, [token.value] if token else [])
        said = shortened(mask_values(said, self._request.values())).strip()
        return f"{self._request.describe()}: {said or 'no reason given'} (HTTP {response.status})"

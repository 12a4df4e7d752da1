"""Sending recorded requests to a fresh, empty sandbox, in order, and judging its answers."""

from __future__ import annotations

import http.client
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote

from biodata.sandbox import Sandbox
from tests.replay.bodies import body_of
from tests.replay.compare import Differences, shape, with_elisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from biodata.sandbox import SandboxPlatform
    from tests.replay.recording import Exchange

RECORDED_BASE = re.compile(r"https?://[a-z]+\.example")
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_NOT_SENT = frozenset({"content-length", "host", "connection", "accept-encoding", "transfer-encoding"})
_COMPARED_HEADERS = ("content-type", "location")


class Verdict(NamedTuple):
    """What is printed of an exchange."""

    name: str
    agrees: bool
    status_agrees: bool
    shape_agrees: bool
    difference: str | None


class Reply(NamedTuple):
    """What the sandbox answered."""

    status: int
    headers: dict[str, str]
    body: Any


class Rules(Protocol):
    """What is particular to a platform."""

    platform: str
    sandbox_class: type[SandboxPlatform]
    generated: re.Pattern[str]
    ignored: frozenset[str]
    secrets: dict[str, str]

    def before(self, exchange: Exchange, player: Player) -> None:
        """Make ready, log in again for example."""

    def after(self, exchange: Exchange, reply: Reply) -> None:
        """Learn from an answer, a token for example: placeholder -> value into `secrets`."""


class Player:
    """Plays exchanges against one sandbox server."""

    def __init__(self, rules: Rules, url: str) -> None:
        self.rules = rules
        self.url = url
        self.ids: dict[str, str] = {}
        self._differences = Differences(rules.generated, rules.ignored, self.ids)

    def play(self, exchange: Exchange) -> Verdict:
        """Send one request and compare."""
        self.rules.before(exchange, self)
        reply = self.send(exchange.method, exchange.target, exchange.headers, body_of(exchange))
        self.rules.after(exchange, reply)
        recorded = exchange.answer if exchange.answer is not None else ""
        ours = with_elisions(recorded, self._recorded_form(reply.body))
        status = reply.status == exchange.status
        shaped = shape(recorded) == shape(ours)
        found = None if status else f"status: recorded {exchange.status}, ours {reply.status}"
        found = found or self._differences.first(recorded, ours) or self._headers(exchange, reply)
        if found is None and not shaped:
            found = "shape"
        return Verdict(exchange.name, found is None, status, shaped, found)

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes | None) -> Reply:
        """A request with recorded placeholders in it; the answer, its body decoded."""
        host = self.url.partition("//")[2]
        connection = http.client.HTTPConnection(host, timeout=30)
        try:
            target = quote(self._own_form(target), safe="/?&=%:;,@!$'()*+~-._<>[]\"{}|^`\\#")
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers.items():
                if name not in _NOT_SENT:
                    connection.putheader(name, self._own_form(value))
            content = None if body is None else self._own_form(body.decode("latin-1")).encode("latin-1")
            if content is not None or method in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(content or b"")))
            connection.endheaders(content)
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, answered, _decoded(response.read(), answered))
        finally:
            connection.close()

    def _own_form(self, text: str) -> str:
        """Recorded placeholders, ids and addresses become ours."""
        for placeholder, secret in self.rules.secrets.items():
            text = text.replace(placeholder, secret)
        for theirs, own in self.ids.items():
            text = text.replace(theirs, own)
        return RECORDED_BASE.sub(self.url, text)

    def _recorded_form(self, value: Any) -> Any:
        """Our secrets and address become the recorded placeholders."""
        if isinstance(value, dict):
            return {key: self._recorded_form(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._recorded_form(one) for one in value]
        if not isinstance(value, str):
            return value
        for placeholder, secret in self.rules.secrets.items():
            value = value.replace(secret, placeholder)
        return value.replace(self.url, "http://server.example")

    def _headers(self, exchange: Exchange, reply: Reply) -> str | None:
        for name in _COMPARED_HEADERS:
            recorded = exchange.answer_headers.get(name)
            ours = self._recorded_form(reply.headers.get(name))
            if recorded is None and ours is None:
                continue
            if recorded is None or ours is None or not self._differences.same_text(recorded, ours):
                return f"header {name}: recorded {recorded!r}, ours {ours!r}"
        return None


def replay(rules: Rules, exchanges: Iterable[Exchange], first: Iterable[Exchange] = ()) -> Iterator[Verdict]:
    """Play exchanges in order on a fresh sandbox; those of `first` prepare it and are not judged."""
    classes = {rules.platform: rules.sandbox_class}
    with Sandbox((rules.platform,), bare=True, classes=classes) as sandbox:
        player = Player(rules, sandbox.url(rules.platform))
        for exchange in first:
            player.play(exchange)
        for exchange in exchanges:
            yield player.play(exchange)


def _decoded(body: bytes, headers: dict[str, str]) -> Any:
    text = body.decode("utf-8", "replace")
    kind = headers.get("content-type", "")
    if "json" in kind and text:
        return json.loads(text)
    if "html" in kind:
        title = _TITLE.search(text)
        return {"html_page": {"title": title[1] if title is not None else "", "messages": []}}
    return text

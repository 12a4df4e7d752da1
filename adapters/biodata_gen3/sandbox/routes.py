"""Which path is whose: the part of the reverse proxy before the services."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from biodata_gen3.sandbox import fence, guppy, indexd, jobs, metadata, peregrine, services, sheepdog
from biodata_gen3.sandbox.http import Answer, Ask, Failure, html_page, json_answer, message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from biodata_gen3.sandbox.state import State

__all__ = ["Application"]

_VERSION = {"commit": "", "dictionary": {"commit": "Unknown", "version": "Unknown"}, "version": ""}
_GRAPH = ("graphql", "getschema")
_AROUND: dict[str, Callable[[State, Ask, tuple[str, ...]], Answer]] = {
    "guppy": guppy.handle,
    "index": indexd.handle,
    "mds": partial(metadata.handle, admin=False),
    "mds-admin": partial(metadata.handle, admin=True),
    "job": jobs.sower,
    "ws-storage": jobs.workspace,
    "wts": jobs.workspace_tokens,
    "blob": services.store,
}
"""The services around the graph, by the first part of the path."""


class Application:
    """The WSGI application of a Gen3 data commons."""

    def __init__(self, state: State) -> None:
        self.state = state

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        ask = Ask(environ, self.state.clock.time())
        try:
            with self.state.lock:
                answer = self._answer(ask)
        except Failure as failure:
            answer = failure.answer
        headers = list(answer.headers)
        if answer.content_type is not None:
            headers.append(("Content-Type", answer.content_type))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    def _answer(self, ask: Ask) -> Answer:  # noqa: C901, PLR0911 - a table of paths
        path = ask.segments
        around = _AROUND.get(path[0]) if path else None
        if around is not None:
            return around(self.state, ask, path[1:])
        match path:
            case ("user", "data", *rest):
                return jobs.data(self.state, ask, tuple(rest))
            case ("user", *rest):
                return fence.handle(self.state, ask, tuple(rest))
            case ("api", "v0", "submission", *rest) | ("api", "submission", *rest):
                if rest and rest[0] in _GRAPH and len(rest) == 1:
                    return peregrine.handle(self.state, ask, rest[0])
                return sheepdog.handle(self.state, ask, tuple(rest))
            case ("ga4gh", "drs", "v1", "objects", *rest):
                return indexd.drs(self.state, ask, tuple(rest))
            case ("peregrine", "_version") | ("api", "search", "coremetadata", *_):
                return message(500, "internal server error")
            case ("api", "search", *rest):
                return peregrine.search(self.state, ask, tuple(rest))
            case ("api", "_version"):
                return json_answer(_VERSION)
            case ("api", "_status") | ("peregrine", "_status"):
                return Answer(200, b"Healthy", "text/html; charset=utf-8")
            case ("_status",):
                return json_answer({"message": "Feelin good!", "csrf": "cafe"})
            case ("api", *_):
                return message(404, sheepdog.NOT_FOUND)
        return html_page(404, "Not Found")

"""The answers to one call: judged, put together, and given as pyopencga's RestResponse without what breaks it.

protocols/opencga.md, sections 1.6 and 1.8.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from biodata_opencga.answers import Envelope
from biodata_opencga.client_names import unknown_name

if TYPE_CHECKING:
    from biodata.errors import BiodataError
    from biodata.http import Response

__all__ = ["Answer", "as_response", "envelope_of", "joined"]

_SUMMED = ("numResults", "numMatches", "numInserted", "numUpdated", "numDeleted", "numErrors")


class Answer(NamedTuple):
    """What came for one request, bytes or an envelope, and what is wrong with it."""

    body: Any
    error: BiodataError | None = None

    @property
    def answered(self) -> bool:
        """Whether the server answered for a part of what was asked; an exception that it tells of answers nothing."""
        if not isinstance(self.body, dict) or not self.body.get("responses"):
            return False
        failed = any(event.get("type") == "ERROR" for event in self.body.get("events", ()))
        return not failed or bool(self.body["responses"][0].get("results"))

    @property
    def results(self) -> list[Any]:
        """The records of the one response, to be added to."""
        found: list[Any] = self.body["responses"][0].setdefault("results", []) if self.answered else []
        return found


def envelope_of(response: Response) -> tuple[Any, Envelope | None]:
    """The answer as it was written, and read; None of what is not in the shape of OpenCGA's answers."""
    try:
        body = msgspec.json.decode(response.body)
        return body, msgspec.convert(body, Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, None


def joined(answers: list[Any]) -> Any:
    """One answer of several; what was downloaded stays bytes."""
    first, *others = answers
    if isinstance(first, bytes) or not first.get("responses"):
        return first
    for other in others:
        _add(first, other)
    return as_response(first)


def _add(whole: dict[str, Any], other: dict[str, Any]) -> None:
    whole["events"] = [*(whole.get("events") or ()), *(other.get("events") or ())]
    mine, more = whole["responses"][0], other["responses"][0]
    for name in ("results", "events"):
        mine[name] = [*(mine.get(name) or ()), *(more.get(name) or ())]
    for name in _SUMMED:
        known = (mine.get(name, 0), more.get(name, 0))
        mine[name] = -1 if min(known) < 0 else sum(known)


def as_response(answer: dict[str, Any]) -> Any:
    """A RestResponse of a decoded answer; an empty one makes an empty frame, and older names say today's."""
    return _response_class()({**answer, "events": [_described(one) for one in answer.get("events") or ()]})


def _described(event: dict[str, Any]) -> dict[str, Any]:
    """`print_results` reads a `description`; the server sends a `message`."""
    return {"description": event.get("message", ""), **event}


def _bare() -> Any:
    """What unpickling fills."""
    return _response_class().__new__(_response_class())


@cache
def _response_class() -> Any:
    from pyopencga.rest_response import RestResponse

    class Response(RestResponse):  # type: ignore[misc]  # pyopencga has no types
        """pyopencga's RestResponse: all results of a call, with their totals."""

        def to_data_frame(self, response_pos: int | None = None) -> Any:
            """The results as a pandas DataFrame, nested names joined by dots; empty without results."""
            import pandas as pd

            if not any(one.get("results") for one in self.responses):
                return pd.DataFrame()
            return super().to_data_frame(response_pos)

        def __reduce__(self) -> Any:
            return _bare, (), vars(self)

        def __getattr__(self, name: str) -> Any:
            raise unknown_name(self, "response", name)

    return Response

"""pyopencga's RestResponse without what breaks it (protocols/opencga.md, section 1.8)."""

from __future__ import annotations

from functools import cache
from typing import Any

from biodata_opencga.client_names import unknown_name

__all__ = ["as_response"]


def as_response(answer: dict[str, Any]) -> Any:
    """A RestResponse of a decoded answer; an empty one makes an empty frame, and older names say today's."""
    return _response_class()({**answer, "events": [_described(one) for one in answer.get("events") or ()]})


def _described(event: dict[str, Any]) -> dict[str, Any]:
    """`print_results` reads a `description`; the server sends a `message`."""
    return {"description": event.get("message", ""), **event}


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

        def __getattr__(self, name: str) -> Any:
            raise unknown_name(self, "response", name)

    return Response

"""The errors that the server answers with, in their two shapes (protocols/molgenis.md, a5 and c)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NamedTuple

__all__ = [
    "ApiError",
    "HtmlRefusal",
    "Violation",
    "bad_request",
    "data_error",
    "denied",
    "server_error",
    "unknown_attribute",
    "unknown_row",
    "unknown_type",
]


class Violation(NamedTuple):
    """One entry of an error: text, code, and for v3 the parameter and its value."""

    message: str
    code: str | None = None
    field: str | None = None
    value: str | None = None


class ApiError(Exception):
    """An error with a status; v1 and v2 write it as `errors[]`, v3 as problem+json."""

    def __init__(self, status: int, *violations: Violation, problem: bool = False) -> None:
        super().__init__("; ".join(one.message for one in violations))
        self.status = status
        self.violations = violations
        self.problem = problem

    @property
    def message(self) -> str:
        """The texts, one a line, as an import run reports them."""
        return "\n".join(one.message for one in self.violations)

    def errors_body(self) -> dict[str, Any]:
        """The body in v1 and v2; `code` is there for coded errors only."""
        return {"errors": [_without_none(message=one.message, code=one.code) for one in self.violations]}

    def problem_body(self, base: str) -> dict[str, Any]:
        """The body in v3 and the metadata API; an error without a code has no `detail`."""
        kind = "input-invalid" if any(one.field for one in self.violations) else "problem"
        body: dict[str, Any] = {
            "type": f"{base}/{kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
        }
        if kind == "input-invalid":
            body["errors"] = [
                _without_none(errorCode=one.code, field=one.field, value=one.value, detail=one.message)
                for one in self.violations
            ]
        elif self.violations and self.violations[0].code is not None:
            body |= {"detail": self.violations[0].message, "errorCode": self.violations[0].code}
        return body


class HtmlRefusal(Exception):
    """What the servlet container refuses before the application sees it: a 400 with an HTML page [C 115]."""


def bad_request(message: str, code: str | None = None) -> ApiError:
    """A 400."""
    return ApiError(400, Violation(message, code))


def data_error(*violations: Violation) -> ApiError:
    """A 400 for rows that break constraints, one entry per violation."""
    return ApiError(400, *violations)


def server_error(message: str, code: str | None = None) -> ApiError:
    """A 500, which MOLGENIS gives for many mistakes of its users (a5)."""
    return ApiError(500, Violation(message, code))


def unknown_type(name: str) -> ApiError:
    """No such entity type."""
    return ApiError(404, Violation(f"Unknown entity type '{name}'.", "D01"))


def unknown_attribute(attribute: str, type_label: str) -> ApiError:
    """No such attribute."""
    return ApiError(404, Violation(f"Unknown attribute '{attribute}' of entity type '{type_label}'.", "D04"))


def unknown_row(id_label: str, row_id: str, type_label: str) -> ApiError:
    """No such row, as v1 and v2 say it."""
    text = f"Unknown entity with '{id_label}' '{row_id}' of type '{type_label}'."
    return ApiError(404, Violation(text, "D02"))


def denied(permission: str, type_id: str, type_label: str) -> ApiError:
    """No permission; a 401 on this platform, logged in or not (a5, trap 11)."""
    text = f"No '{permission}' permission on entity type '{type_label}' with id '{type_id}'."
    return ApiError(401, Violation(text, "DS04"))


def _without_none(**items: str | None) -> dict[str, str]:
    return {name: value for name, value in items.items() if value is not None}

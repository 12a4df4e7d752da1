"""Reading the parameters of a page, with the errors of the server's binding: all that are wrong, at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from biodata_molgenis.sandbox.conditions import problem_of_rsql, rsql_text_error
from biodata_molgenis.sandbox.errors import ApiError, Violation
from biodata_molgenis.sandbox.rsql import Node, RsqlError, UnknownOperatorError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["MAX_PAGE", "Paging", "bound", "mismatched", "parse_sort", "problem_paging", "query_v2"]

MAX_PAGE = 10_000
DEFAULT_PAGE = 100
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,10}\s*")


class Paging(NamedTuple):
    """Where a page starts, how long it is, and the query's tree."""

    start: int
    num: int
    query: Node | None


def query_v2(parameters: Mapping[str, str], bean: str) -> Paging:
    """`start`, `num` and `q` of v2.

    Raises:
        ApiError: 400 with one entry per parameter that is wrong [C 048, 050, 052, 0622 to 0633].
    """
    violations: list[Violation] = []
    node = _node(parameters.get("q"), bean, violations)
    start = _whole("start", parameters.get("start"), 0, bean, violations)
    num = _whole("num", parameters.get("num"), DEFAULT_PAGE, bean, violations)
    violations += bound(start, num, bean, "must be less than or equal to 10000")
    if violations:
        raise ApiError(400, *violations)
    return Paging(start, num, node)


def bound(start: int, num: int, bean: str, too_many: str) -> Iterator[Violation]:
    """What is wrong with a start or a number of rows."""
    least = "must be greater than or equal to 0"
    if num > MAX_PAGE:
        yield Violation(f"Field 'num' of '{bean}' {too_many}", "Max")
    for name, value in (("num", num), ("start", start)):
        if value < 0:
            yield Violation(f"Field '{name}' of '{bean}' {least}", "Min")


def _node(text: str | None, bean: str, violations: list[Violation]) -> Node | None:
    if not text:
        return None
    try:
        return parse(text)
    except (RsqlError, UnknownOperatorError) as error:
        kind = "org.molgenis.web.rsql.QueryRsql"
        violations.append(
            Violation(
                f"Field 'q' of '{bean}' Failed to convert property value of type java.lang.String to required "
                f"type {kind} for property q; nested exception is "
                "org.springframework.core.convert.ConversionFailedException: Failed to convert from type "
                f"[java.lang.String] to type [{kind}] for value {text}; nested exception is "
                f"{rsql_text_error(error)}",
                "typeMismatch",
            )
        )
        return None


def _whole(name: str, text: str | None, default: int, bean: str, violations: list[Violation]) -> int:
    if text is None:
        return default
    if _INTEGER.fullmatch(text) and -(2**31) <= int(text) < 2**31:
        return int(text)
    violations.append(Violation(f"Field '{name}' of '{bean}' {_mismatch(name, text)}", "typeMismatch"))
    return default


def mismatched(parameters: Mapping[str, str], bean: str) -> list[Violation]:
    """What is wrong with `start` and `num` of an address, where they are no numbers [C 050]."""
    violations: list[Violation] = []
    for name in ("start", "num"):
        _whole(name, parameters.get(name), 0, bean, violations)
    return violations


def _mismatch(name: str, text: str) -> str:
    return (
        "Failed to convert property value of type java.lang.String to required type int for property "
        f'{name}; nested exception is java.lang.NumberFormatException: For input string: "{text}"'
    )


def problem_paging(parameters: Mapping[str, str]) -> Paging:
    """`page`, `size` and `q` of v3, as start and num.

    Raises:
        ApiError: 400 with one entry per parameter that is wrong [C 136].
    """
    violations: list[Violation] = []
    text = parameters.get("q")
    node = None
    try:
        node = parse(text) if text else None
    except (RsqlError, UnknownOperatorError) as error:
        violations.append(problem_of_rsql(error, text or ""))
    page = _problem_whole("page", parameters.get("page"), 0, 0, violations)
    size = _problem_whole("size", parameters.get("size"), DEFAULT_PAGE, 1, violations)
    if violations:
        raise ApiError(400, *violations, problem=True)
    return Paging(page * size, size, node)


def _problem_whole(name: str, text: str | None, default: int, least: int, violations: list[Violation]) -> int:
    if text is None:
        return default
    if not _INTEGER.fullmatch(text):
        violations.append(Violation(_mismatch(name, text), "typeMismatch", name, text))
        return default
    value = int(text)
    if value < least:
        violations.append(Violation(f"must be greater than or equal to {least}", "Min", name, text))
    if name == "size" and value > MAX_PAGE:
        violations.append(Violation(f"must be less than or equal to {MAX_PAGE}", "Max", name, text))
    return value


def parse_sort(text: str | None) -> list[tuple[str, bool]]:
    """v2's `a,b:desc` as (attribute, descending)."""
    pairs = [part.strip().partition(":") for part in (text or "").split(",") if part.strip()]
    return [(name, direction.lower() == "desc") for name, _, direction in pairs]

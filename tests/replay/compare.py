"""Comparing an answer with the recorded one: status, shape, values."""

from __future__ import annotations

import re
from typing import Any

MORE = re.compile(r"<\d+ more>")
ELIDED = re.compile(r"<[a-z0-9 ]+>")
_MISSING = "(missing)"


def shape(value: Any) -> Any:
    """Keys and types at every path; a list by the shapes of its elements."""
    if isinstance(value, dict):
        return ("object", tuple(sorted((key, shape(one)) for key, one in value.items())))
    if isinstance(value, list):
        elements = {shape(one) for one in value if not _is_more(one)}
        return ("list", tuple(sorted(elements, key=repr)))
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "null" if value is None else "text"


def with_elisions(recorded: Any, ours: Any) -> Any:
    """Our answer with those parts cut that the recording cut: `"<entity type>"` in the place of an object."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        return {key: with_elisions(recorded.get(key), one) for key, one in ours.items()}
    if isinstance(recorded, list) and isinstance(ours, list):
        return [with_elisions(*pair) for pair in zip(recorded, ours, strict=False)] + ours[len(recorded) :]
    elided = isinstance(recorded, str) and ELIDED.fullmatch(recorded) and isinstance(ours, (dict, list))
    return recorded if elided else ours


class Differences:
    """Finds the first difference of two answers, learning generated ids as they are met.

    Args:
        generated: what a generated id looks like, or another part of a text that differs at every run.
        ignored: keys whose values are times.
        ids: recorded id -> ours; grows.
    """

    def __init__(self, generated: re.Pattern[str], ignored: frozenset[str], ids: dict[str, str]) -> None:
        self._generated = generated
        self._ignored = ignored
        self._ids = ids

    def first(self, recorded: Any, ours: Any, path: str = "$") -> str | None:
        """The first difference as text; None where there is none."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            return self._objects(recorded, ours, path)
        if isinstance(recorded, list) and isinstance(ours, list):
            return self._lists(recorded, ours, path)
        if isinstance(recorded, str) and isinstance(ours, str):
            same = self.same_text(recorded, ours)
        else:
            same = type(recorded) is type(ours) and recorded == ours
        return None if same else f"{path}: recorded {_short(recorded)}, ours {_short(ours)}"

    def same_text(self, recorded: str, ours: str) -> bool:
        """Equal, or equal but for generated ids that always go together."""
        if self._generated.sub("#", recorded) != self._generated.sub("#", ours):
            return False
        pairs = zip(self._generated.findall(recorded), self._generated.findall(ours), strict=True)
        return all(self._ids.setdefault(theirs, own) == own for theirs, own in pairs)

    def _objects(self, recorded: dict[str, Any], ours: dict[str, Any], path: str) -> str | None:
        for key in [*recorded, *(key for key in ours if key not in recorded)]:
            if key in recorded and key in ours and key in self._ignored:
                continue
            here = f"{path}.{key}"
            found = self.first(recorded.get(key, _MISSING), ours.get(key, _MISSING), here)
            if found is not None:
                return found
        return None

    def _lists(self, recorded: list[Any], ours: list[Any], path: str) -> str | None:
        whole = [one for one in recorded if not _is_more(one)]
        if len(whole) == len(recorded) and len(recorded) != len(ours):
            return f"{path}: recorded {len(recorded)} elements, ours {len(ours)}"
        for number, (theirs, own) in enumerate(zip(whole, ours, strict=False)):
            found = self.first(theirs, own, f"{path}[{number}]")
            if found is not None:
                return found
        return None


def _is_more(value: Any) -> bool:
    return isinstance(value, str) and MORE.fullmatch(value) is not None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "…"

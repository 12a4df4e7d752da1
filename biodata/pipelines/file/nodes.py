"""Walking a YAML document while collecting every problem in it.

A `Node` is a value with its place. Its methods give what was asked for, or note a problem and give a harmless
stand-in, so that one reading of a file finds all that is wrong with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError, near_match
from biodata.pipelines.file.shapes import Keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from biodata.config import Document

__all__ = ["Node", "Problem", "Problems"]


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong, the line and column that say it, and perhaps what helps."""

    line: int
    column: int
    text: str
    hint: str = ""


class Problems:
    """What is wrong with one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []

    def note(self, line: int, column: int, text: str, hint: str | None = None) -> None:
        """Remember a problem."""
        self.found.append(Problem(line, column, text, hint or ""))

    def raise_for_any(self) -> None:
        """Go on when nothing is wrong.

        Raises:
            ConfigError: `BD-PIPELINE-FILE`, each problem on its own line as `file:line:column: what`.
        """
        if self.found:
            found = sorted(set(self.found))
            lines = [f"{self.file}:{problem.line}:{problem.column}: {problem.text}" for problem in found]
            hints = dict.fromkeys(problem.hint for problem in found if problem.hint)
            raise ConfigError("\n".join(lines), code="BD-PIPELINE-FILE", hint="\n".join(hints) or None)


class Node:
    """A value of the document and where it stands."""

    def __init__(self, document: Document, problems: Problems, value: Any, path: tuple[str | int, ...] = ()) -> None:
        self.document = document
        self.problems = problems
        self.value = value
        self.path = path

    @property
    def at(self) -> tuple[int, int]:
        """The line and column of the file, from 1."""
        return self.document.position(self.path)

    @property
    def line(self) -> int:
        """The line of the file, from 1."""
        return self.at[0]

    @property
    def place(self) -> str:
        """The last name of the path, for messages: `extract`."""
        names = [part for part in self.path if isinstance(part, str)]
        return names[-1] if names else "the file"

    def note(self, text: str, hint: str | None = None) -> None:
        """Remember a problem with this value."""
        self.problems.note(*self.at, text, hint)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def child(self, key: str | int) -> Node:
        """What stands under a key or at an index; nothing (None) where there is nothing."""
        if isinstance(self.value, dict):
            inner = self.value.get(key)
        else:
            inner = self.value[key] if isinstance(self.value, list) and isinstance(key, int) else None
        return Node(self.document, self.problems, inner, (*self.path, key))

    @property
    def _has_unknown(self) -> bool:
        """Whether an unknown key was noted just before, which is most likely the misspelt one."""
        places = {(*self.child(key).at, self.place) for key in self.value}
        return any((one.line, one.column, one.text.partition(":")[0]) in places for one in self.problems.found)

    def mapping(self, known: Keys | Sequence[str]) -> Node:
        """This node, once it is sure to be a mapping of known keys with the required ones among them."""
        required = known.required if isinstance(known, Keys) else ()
        if not isinstance(self.value, dict):
            self.note(f"{self.place}: expected {{{', '.join(known)}}}, found {_kind(self.value)}")
            return Node(self.document, self.problems, {}, self.path)
        for key in self.value:
            if key not in known:
                self.child(key).note(f"{self.place}: unknown key {key!r}{_near(str(key), known)}")
        for key in required:
            if self.value.get(key) is None:
                self.note(f"{self.place}: {key!r} is missing")
        return self

    def pairs(self) -> Iterator[tuple[str, Node]]:
        """The entries of a mapping of names that the user chose."""
        if not isinstance(self.value, dict) or not self.value:
            self.note(f"{self.place}: expected names with values, found {_kind(self.value)}")
            return
        for key in self.value:
            yield str(key), self.child(key)

    def items(self) -> Iterator[Node]:
        """The entries of a list."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            self.note(f"{self.place}: expected a list, found {_kind(self.value)}")
            return
        for index in range(len(self.value)):
            yield self.child(index)

    def text(self, default: str = "") -> str:
        """A text."""
        if self.value is None:
            return default
        if not isinstance(self.value, str) or not self.value.strip():
            self.note(f"{self.place}: expected a text, found {_kind(self.value)}")
            return default
        return self.value

    def texts(self) -> tuple[str, ...]:
        """A list of texts; one text counts as a list of one."""
        if isinstance(self.value, str):
            return (self.text(),)
        return tuple(item.text() for item in self.items())

    def flag(self) -> bool:
        """True or false; false where nothing is said."""
        if self.value is not None and not isinstance(self.value, bool):
            self.note(f"{self.place}: expected true or false, found {_kind(self.value)}")
        return self.value is True

    def number(self, least: int, default: int | None = None) -> int | None:
        """A whole number that is not less than `least`."""
        if self.value is None:
            return default
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < least:
            self.note(f"{self.place}: expected a whole number from {least}, found {_kind(self.value)}")
            return default
        return self.value

    def one_of(self, kinds: Sequence[str]) -> str | None:
        """The one of these keys that the mapping has; None, and noted, where there is none or more than one."""
        present = [kind for kind in kinds if kind in self]
        if len(present) == 1:
            return present[0]
        if isinstance(self.value, dict) and (present or not self._has_unknown):
            self.note(f"{self.place}: expected one of {', '.join(kinds)}, found {' and '.join(present) or 'none'}")
        return None

    def choice(self, allowed: Sequence[str], default: str = "") -> str:
        """One of some words."""
        word = self.text(default)
        if word and word not in allowed:
            self.note(f"{self.place}: {word!r} is not one of {', '.join(allowed)}{_near(word, allowed)}")
            return default
        return word


def _near(word: str, known: Iterable[str]) -> str:
    match = near_match(word, known)
    return f"; did you mean {match!r}?" if match else f" (known: {', '.join(known)})"


def _kind(value: object) -> str:
    names = {
        dict: "a mapping",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        type(None): "nothing",
    }
    if isinstance(value, str) and not value.strip():
        return "an empty text"
    return names.get(type(value), "a number")

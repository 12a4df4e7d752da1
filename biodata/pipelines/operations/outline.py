"""What an operation does to the names of columns, known without any row: which it reads, which it makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.spec import (
    CodeList,
    Columns,
    Dedupe,
    Explode,
    Links,
    Ontology,
    Operation,
    Pseudonymise,
    PythonCall,
    Rename,
    Split,
    Units,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Outline", "outline"]

COPY = re.compile(r"""\s*src\.(?:([^\W\d]\w*)|"((?:[^"]|"")+)")\s*""", re.IGNORECASE)


class Outline(msgspec.Struct, frozen=True):
    """What an operation does to the names.

    Attributes:
        reads: columns that must be there.
        makes: columns that it makes or changes, in order; each in the place of the one of that name, or at the end.
        moves: (old, new) of columns that go on unchanged under another name; in the old one's place, or where those
            stand that it makes.
        only: whether nothing but what it makes is there afterwards.
        first: whether what it makes stands before all others, in the place of columns of those names in any case.
    """

    reads: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    only: bool = False
    first: bool = False

    @property
    def changes(self) -> frozenset[str]:
        """The columns whose values are others than before."""
        return frozenset(self.makes) - {new for _, new in self.moves}

    def names(self, before: Sequence[str] | None) -> tuple[str, ...] | None:
        """The names afterwards, in order; None where they are not known before."""
        if self.only:
            return self.makes
        if before is None:
            return None
        if self.first:
            made = {name.casefold() for name in self.makes}
            return (*self.makes, *(name for name in before if name.casefold() not in made))
        moved = dict(self.moves)
        kept = [moved.get(name, name) for name in before]
        return (*kept, *(name for name in self.makes if name not in kept))


def outline(operation: Operation) -> Outline:  # noqa: PLR0911 - one for each kind
    """The outline of an operation."""
    match operation:
        case Columns():
            copies = tuple((old, one.name) for one in operation.columns if (old := _copied(one.expression)))
            return Outline(makes=operation.names, moves=copies, only=not operation.keep, first=True)
        case Rename(names) | Links(names):
            pairs = names if isinstance(operation, Rename) else tuple((of, field) for field, of in names)
            return Outline(reads=tuple(old for old, _ in pairs), moves=pairs)
        case Dedupe(by):
            return Outline(reads=by)
        case Pseudonymise():
            return Outline(makes=(operation.field.partition(".")[0],))
        case PythonCall():
            return Outline(makes=tuple(name for name, _ in operation.adds))
        case Units():
            more = (operation.unit_of,) if operation.unit_of else ()
            return Outline(reads=(operation.of, *more), makes=(operation.into or operation.of,))
        case Explode() | Split() | CodeList() | Ontology():
            return Outline(reads=(operation.of,), makes=(operation.into or operation.of,))


def _copied(expression: str) -> str | None:
    """The field of the source that an expression is, whole: `src.id`, `src."id"`; None for any other."""
    found = COPY.fullmatch(expression)
    return (found[1] or found[2].replace('""', '"')) if found else None

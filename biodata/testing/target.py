"""What an adapter's author says: how to get at tables, and which values the platform can store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.config.profiles import Access
    from biodata.connection import Connection
    from biodata.records.types import Schema
    from biodata.testing.wide import Wide
    from biodata.testing.writable import Writable

__all__ = ["Target", "ValueDomain"]

KINDS = frozenset({"string", "enum", "int", "float", "decimal", "bool", "date", "datetime", "json", "object"})


class ValueDomain(msgspec.Struct, frozen=True, kw_only=True):
    """Which values the platform can store.

    Attributes:
        kinds: of the types that a field can have.
        refused: kinds for which making a table is a SchemaError or Unsupported.
        lists: kinds of elements that a list can have.
        references: whether a field can refer to another table; `list_references`: to several of its records.
        smallest: the least int, of 64 bits; `largest`: the greatest.
        empty_strings: whether "" is stored; otherwise it comes back as null.
        nul: whether a text can hold the character 0.
        line_breaks: whether a text can hold one.
        outer_blanks: whether blanks at the ends of a text are kept.
        key_characters: the odd characters that a key can hold, to be tried one by one.
        required: whether a table can have a required field.
        years: the first and the last year of a date.
        instant_step: microseconds between two instants that can be told apart.
        decimal_digits: digits before and after the point of a decimal.
    """

    kinds: frozenset[str] = KINDS
    refused: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset({"string", "int"})
    references: bool = True
    list_references: bool = True
    smallest: int = -(2**63)
    largest: int = 2**63 - 1
    empty_strings: bool = True
    nul: bool = False
    line_breaks: bool = True
    outer_blanks: bool = True
    key_characters: str = "/&#'\" ?%+,;:=é"
    required: bool = True
    years: tuple[int, int] = (1, 9999)
    instant_step: int = 1
    decimal_digits: tuple[int, int] = (9, 9)


@dataclass(frozen=True)
class Target:
    """What the suite runs on.

    Attributes:
        connection: with access `delete` where `provide` is there.
        provide: makes a fresh empty table of that shape and gives its name; None where tables cannot be made,
            and then everything that writes says that it was not run.
        existing: a table with records to read, where `provide` is None.
        writable: what may be written in a table that is there, for `ExistingWriteSuite`.
        reopen: another connection to the same place with that access, which the suite closes.
        domain: which values can be stored.
        read_only_table: a table that cannot be written, where there is one.
        secrets: texts that must never leave the process, such as the password.
        wide: the tables that `DifferentialSuite` fills and asks, in the order of filling; where there are none, it
            has `provide` make two.
    """

    connection: Connection
    domain: ValueDomain = field(default_factory=ValueDomain)
    provide: Callable[[Schema], str] | None = None
    existing: str | None = None
    writable: Writable | None = None
    reopen: Callable[[Access], Connection] | None = None
    read_only_table: str | None = None
    secrets: tuple[str, ...] = ()
    wide: tuple[Wide, ...] = ()

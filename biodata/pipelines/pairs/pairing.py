"""Which field of one table stands for which of another."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from biodata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from biodata.records.types import Schema

__all__ = ["Pairing", "pair"]

KEY = "BD-PAIR-KEY"


class Pairing(msgspec.Struct, frozen=True):
    """Fields of a table A beside those of a table B.

    Attributes:
        key: (field of A, field of B) of each field of B's key.
        fields: likewise of the other fields.
        only_a: the fields of A that have none in B; `only_b`: those of B that have none in A.
        filled: those that both have, and that B's platform fills in itself. All three where nobody chose the fields.
    """

    key: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """Field of A -> field of B, the key first."""
        return dict((*self.key, *self.fields))


def pair(
    a: Schema,
    b: Schema | None,
    *,
    key: Mapping[str, str] | None = None,
    moved: Mapping[str, str] | None = None,
    fields: Sequence[str] | None = None,
) -> Pairing:
    """Put the fields of two tables side by side: those of the same name, but for what is said otherwise.

    Args:
        a: the shape of A.
        b: the shape of B; None where B is to be made like A.
        key: field of A -> field of B's key; those of the key's own names when None.
        moved: field of A -> the field of B that it stands for.
        fields: of A; all that both have when None, without those that B's platform fills in itself.

    Raises:
        QueryError: `BD-QUERY-FIELD`, a field that is not there, with the near match.
        ConfigError: `BD-PAIR-KEY`, the key of B is another one, or not known; `BD-PAIR-FIELD`, two for one field.
    """
    said = {**(moved or {}), **(key or {})}
    for name, other in said.items():
        _known(a, name)
        _known(b, other)
    _once(said)
    keys = _keys(a, b, key, said)
    rest = [name for name in (fields or a.names) if name not in dict(keys)]
    taken = {said[name] for name in (*dict(keys), *rest) if name in said}
    pairs = tuple((name, said.get(name, name)) for name in rest if name in said or name not in taken)
    if fields is not None:
        for name, other in pairs:
            _known(a, name)
            _known(b, other)
        pairs = tuple(dict.fromkeys(pairs))
    return _sorted(a, b, keys, pairs, asked=fields is not None)


def _sorted(
    a: Schema, b: Schema | None, keys: Sequence[tuple[str, str]], pairs: Sequence[tuple[str, str]], *, asked: bool
) -> Pairing:
    there = [one for one in pairs if b is None or one[1] in b]
    if asked or b is None:
        return Pairing(tuple(keys), tuple(there))
    filled = tuple(other for _, other in there if b[other].generated or b[other].read_only)
    used = dict((*keys, *there))
    return Pairing(
        tuple(keys),
        tuple(one for one in there if one[1] not in filled),
        only_a=tuple(name for name in a.names if name not in used),
        only_b=tuple(name for name in b.names if name not in used.values()),
        filled=filled,
    )


def _known(schema: Schema | None, name: str) -> None:
    if schema is not None:
        schema[name]


def _once(said: Mapping[str, str]) -> None:
    twice = [name for name, number in Counter(said.values()).items() if number > 1]
    if twice:
        raise ConfigError(f"Two fields are to stand for one: {', '.join(twice)}", code="BD-PAIR-FIELD")


def _keys(
    a: Schema, b: Schema | None, key: Mapping[str, str] | None, said: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """The pairs of B's key, in its order."""
    if b is None:
        return tuple(key.items()) if key else tuple((name, said.get(name, name)) for name in a.key_fields)
    if key is not None and set(key.values()) != set(b.key_fields):
        told = ", ".join(b.key_fields) or "none"
        raise ConfigError(f"The key of {b.table} is {told}, and {', '.join(key.values())} is said", code=KEY)
    back = {other: name for name, other in said.items()}
    return tuple(_keyed(a, b, back))


def _keyed(a: Schema, b: Schema, back: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in b.key_fields:
        own = back.get(name, name)
        if own not in a:
            hint = f"Say which field of {a.table} it is: --key FIELD={name}"
            raise ConfigError(
                f"{a.table} has no field {name!r}, which is of the key of {b.table}", code=KEY, hint=hint
            )
        yield own, name

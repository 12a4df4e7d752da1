"""Deleting records with all that depend on them, found along the links and deleted children first.

A commons refuses to delete what something links to, and names one such record of all
(protocols/gen3.md, b: Delete).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import BiodataError, ProtocolError
from biodata.extras import needs
from biodata.receipts import Outcome, Receipt
from biodata_gen3.parts import Gen3Part
from biodata_gen3.server import ask_graphql
from biodata_gen3.submission import Submission, counted_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Dependants"]

_AT_ONCE = 100
Item = tuple[str, str]
"""Node type and key of a record."""


class Dependants(Gen3Part):
    """The part of `connection.extras` that follows links downwards."""

    @needs("read")
    def dependants(self, node: str, keys: str | Sequence[str]) -> dict[str, list[str]]:
        """What depends on some records, directly or not: node type to keys, the records themselves not included.

        Args:
            node: the node type of the records.
            keys: their keys.
        """
        start = _items(node, keys)
        found: dict[str, list[str]] = {}
        for label, key in self._children_of(start):
            if (label, key) not in start:
                found.setdefault(label, []).append(key)
        return found

    @needs("delete")
    def delete_with_dependants(
        self, node: str, keys: str | Sequence[str], *, progress: Callable[[int], None] | None = None
    ) -> Submission:
        """Delete records and all that depends on them, children first; look at `dependants` before.

        A key that is not there is `unchanged`. After a refusal nothing more is deleted: the rest is `not_sent`.

        Args:
            node: the node type of the records.
            keys: their keys.
            progress: called with the number of records dealt with.

        Raises:
            RemoteError: the way to the commons broke; `error.receipt` has what was done, of all node types.
        """
        told: list[tuple[str, Outcome]] = []
        for label, some in _leaves_first(self._children_of(_items(node, keys))):
            told += self._delete(label, some, told, progress)
        return Submission.of("delete", told)

    def _delete(
        self, label: str, keys: list[str], told: list[tuple[str, Outcome]], progress: Callable[[int], None] | None
    ) -> list[tuple[str, Outcome]]:
        """What becomes of some records, after those that are told already."""
        done = len(told)
        if any(outcome.status == "refused" for _, outcome in told):
            return _placed(label, [Outcome(at, "not_sent", key) for at, key in enumerate(keys)], done)
        try:
            receipt = self.connection[label].delete(keys, progress=counted_from(done, progress))
        except BiodataError as error:
            told += _placed(label, error.receipt or (), done)
            error.receipt = Receipt("delete", label, tuple(outcome for _, outcome in told))
            raise
        return _placed(label, receipt, done)

    def _children_of(self, start: list[Item]) -> dict[Item, set[Item]]:
        """Each record that is reached, with the records that link to it."""
        children: dict[Item, set[Item]] = {one: set() for one in start}
        fresh = start
        while fresh:
            found: dict[Item, None] = {}
            for label in dict.fromkeys(label for label, _ in fresh):
                keys = [key for one, key in fresh if one == label]
                for at in range(0, len(keys), _AT_ONCE):
                    for parent, child in self._edges(label, keys[at : at + _AT_ONCE]):
                        children[parent].add(child)
                        found[child] = None
            fresh = [one for one in found if one not in children]
            children |= {one: set() for one in fresh}
        return children

    def _edges(self, label: str, keys: list[str]) -> list[tuple[Item, Item]]:
        """(parent, child) of all links that lead to some records."""
        backrefs = {link.backref: child for child, link in self._catalog().children(label) if link.backref}
        if not backrefs:
            return []
        names = " ".join(self._shown(backref, child) for backref, child in backrefs.items())
        query = (
            "query($keys: [String], $project: [String]) "
            f"{{rows: {label}(submitter_id: $keys, project_id: $project, first: 0) {{submitter_id {names}}}}}"
        )
        variables = {"keys": keys, "project": [self._project.id]}
        found: dict[str, list[dict[str, Any]]] = ask_graphql(self._session, query, variables, label, dict)
        return [
            ((label, row["submitter_id"]), (child["type"], child["submitter_id"]))
            for row in found["rows"]
            for backref in backrefs
            for child in _all(row, backref, label)
        ]

    def _shown(self, backref: str, child: str) -> str:
        """All records at a link's other end, and their number; ten come where `first` is a property there."""
        whole = "" if "first" in self._catalog().types[child].properties else "(first: 0)"
        return f"{backref}{whole} {{type submitter_id}} _{backref}_count"


def _all(row: dict[str, Any], backref: str, label: str) -> list[dict[str, str]]:
    ends: list[dict[str, str]] = row[backref]
    if len(ends) != row[f"_{backref}_count"]:
        raise ProtocolError("Not all records that depend on one are shown", code="BD-REMOTE-SHORT", table=label)
    return ends


def _placed(label: str, outcomes: Iterable[Outcome], done: int) -> list[tuple[str, Outcome]]:
    """Outcomes with their node type, each with its record's position in all that is deleted."""
    return [(label, msgspec.structs.replace(one, row=done + one.row)) for one in outcomes]


def _items(node: str, keys: str | Sequence[str]) -> list[Item]:
    return [(node, key) for key in dict.fromkeys([keys] if isinstance(keys, str) else keys)]


def _leaves_first(children: dict[Item, set[Item]]) -> list[tuple[str, list[str]]]:
    """Node types with their keys, so that nothing comes before what links to it."""
    ordered: list[tuple[str, list[str]]] = []
    left = dict(children)
    while left:
        gone = children.keys() - left.keys()
        leaves = [one for one, some in left.items() if some <= gone] or list(left)  # a circle goes as it stands
        labels = dict.fromkeys(label for label, _ in leaves)
        ordered += [(label, [key for one, key in leaves if one == label]) for label in labels]
        for one in leaves:
            del left[one]
    return ordered

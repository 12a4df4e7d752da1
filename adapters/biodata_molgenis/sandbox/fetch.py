"""Which attributes an answer shows: `attrs` of v2, `attributes` and `expand` of v1, `filter` of v3.

A fetch maps attribute names to the fetch of the row that a reference points to; None there means the default,
which is id and label (and the url of a file) in v2 (protocols/molgenis.md, b2 and b3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from biodata_molgenis.sandbox.errors import bad_request, unknown_attribute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata_molgenis.sandbox.model import Attribute, EntityType

__all__ = ["Fetch", "Shown", "default_of", "everything", "fetch_of", "parse_attrs", "resolve"]

Shown = dict[str, "Fetch | None"]


class Fetch(NamedTuple):
    """What was written for one level: names with their own levels, and whether `*` was among them."""

    names: tuple[tuple[str, Fetch | None], ...]
    star: bool


def parse_attrs(text: str, brackets: str = "()", separator: str = ",") -> Fetch:
    r"""The tree of `a,b(c,d),*`; a backslash takes the special meaning off the character after it.

    Raises:
        ApiError: 400 for brackets that do not match.
    """
    fetch, end = _level(text, 0, brackets, separator, outer=True)
    if end < len(text):
        raise bad_request(f"Unexpected character '{text[end]}' in '{text}'.")
    return fetch


def _level(text: str, at: int, brackets: str, separator: str, *, outer: bool) -> tuple[Fetch, int]:
    names: list[tuple[str, Fetch | None]] = []
    separators = "," if outer else separator
    name = ""
    below: Fetch | None = None
    while at < len(text) and text[at] != brackets[1]:
        character = text[at]
        if character == "\\" and at + 1 < len(text):
            name += text[at + 1]
            at += 1
        elif character == brackets[0]:
            below, at = _level(text, at + 1, brackets, separator, outer=False)
            if at >= len(text):
                raise bad_request(f"Missing '{brackets[1]}' in '{text}'.")
        elif character in separators:
            names.append((name.strip(), below))
            name, below = "", None
        else:
            name += character
        at += 1
    names.append((name.strip(), below))
    listed = [(one, inner) for one, inner in names if one]
    star = any(one == "*" for one, _ in listed)
    return Fetch(tuple(pair for pair in listed if pair[0] != "*"), star), at


def everything(entity_type: EntityType) -> Shown:
    """All attributes, references at their default."""
    return {one.name: None for one in entity_type.attributes}


def default_of(entity_type: EntityType) -> Shown:
    """What of a referenced row is shown when nothing else was asked: id, label, and the url of a file."""
    names = [entity_type.id_attribute.name, entity_type.label_attribute.name]
    if entity_type.id == "sys_FileMeta":
        names.append("url")
    return dict.fromkeys(names)


def resolve(entity_type: EntityType, fetch: Fetch | None, *, any_case: bool = False) -> Shown:
    """The attributes that a fetch means on a table; a compound brings its parts.

    Raises:
        ApiError: 404 D04 for an attribute that is not there.
    """
    if fetch is None:
        return everything(entity_type)
    shown = everything(entity_type) if fetch.star or not fetch.names else {}
    for name, below in fetch.names:
        attribute = _named(entity_type, name, any_case=any_case)
        shown[attribute.name] = below
        if attribute.type == "compound":
            _add_parts(entity_type, attribute, shown)
        _add_ancestors(entity_type, attribute, shown)
    return shown


def fetch_of(types: Mapping[str, EntityType], attribute: Attribute, below: Fetch | None) -> Shown:
    """What is shown of the rows that a reference points to."""
    target = types[attribute.ref or ""]
    return default_of(target) if below is None else resolve(target, below)


def _named(entity_type: EntityType, name: str, *, any_case: bool) -> Attribute:
    if name == "~id":
        return entity_type.id_attribute
    if name == "~lbl":
        return entity_type.label_attribute
    attribute = entity_type.by_name.get(name)
    if attribute is None and any_case:
        near = [one for one in entity_type.attributes if one.name.lower() == name.lower()]
        attribute = near[0] if len(near) == 1 else None
    if attribute is None:
        raise unknown_attribute(name, entity_type.label)
    return attribute


def _add_parts(entity_type: EntityType, compound: Attribute, shown: Shown) -> None:
    for part in entity_type.parts(compound.name):
        shown.setdefault(part.name, None)
        if part.type == "compound":
            _add_parts(entity_type, part, shown)


def _add_ancestors(entity_type: EntityType, attribute: Attribute, shown: Shown) -> None:
    """The metadata shows a part inside its compound."""
    while attribute.part_of is not None:
        attribute = entity_type.by_name[attribute.part_of]
        shown.setdefault(attribute.name, None)

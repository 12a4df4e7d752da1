"""What makes an entity type one that the server can work with, checked before it is used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from biodata_molgenis.sandbox.errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_molgenis.sandbox.model import Attribute, EntityType
    from biodata_molgenis.sandbox.state import State

__all__ = ["refuse_changed", "refuse_inconsistent", "refuse_names"]

_NO_IDS = frozenset(
    {"compound", "file", "bool", "date", "datetime", "decimal", "xref", "mref", "categorical", "categoricalmref"}
    | {"onetomany", "enum", "text", "html", "script"}
)
_NAME = re.compile(r"[a-zA-Z0-9_#]+(-[a-z]{2,3})?", re.ASCII)
_KEYWORDS = frozenset({"login", "logout", "csv", "base", "exist", "meta"})


def refuse_names(*names: str) -> None:
    """Check names that a client gives to entity types and attributes [S].

    Raises:
        ApiError: 400, what is wrong with one of them.
    """
    for name in names:
        if name in _KEYWORDS:
            raise bad_request(f"Name [{name}] is a reserved keyword")
        if not _NAME.fullmatch(name):
            raise bad_request(f"Invalid characters in: [{name}]")
        if name[0].isdigit():
            raise bad_request(f"Invalid name: [{name}]")


def refuse_inconsistent(state: State, entity_type: EntityType) -> None:
    """Check an entity type whose neighbours are all in the state.

    Raises:
        ApiError: 400 with the first thing that is wrong.
    """
    for problem in _problems(state, entity_type):
        raise bad_request(f"{problem} of entity [{entity_type.id}]")


def _problems(state: State, entity_type: EntityType) -> Iterator[str]:
    keys = [one for one in entity_type.attributes if one.is_id]
    if len(keys) != 1 and not entity_type.abstract:
        yield "Missing or repeated ID attribute"
    if len(entity_type.by_name) < len(entity_type.attributes):
        yield "Duplicate attribute name"
    for attribute in entity_type.attributes:
        if attribute.is_id and attribute.type in _NO_IDS:
            yield f"Type [{attribute.type}] of ID attribute [{attribute.name}]"
        if attribute.is_label and (attribute.type == "compound" or attribute.reference):
            yield f"Type [{attribute.type}] of label attribute [{attribute.name}]"
        yield from _reference_problems(state, entity_type, attribute)
        yield from _compound_problems(entity_type, attribute)


def _reference_problems(state: State, entity_type: EntityType, attribute: Attribute) -> Iterator[str]:
    if not attribute.reference:
        return
    target = state.types.get(attribute.ref or "")
    if target is None:
        yield f"Unknown refEntity [{attribute.ref}] of attribute [{attribute.name}]"
    elif attribute.type == "onetomany":
        back = target.by_name.get(attribute.mapped_by or "")
        if back is None or back.type not in ("xref", "categorical") or back.ref != entity_type.id:
            yield f"Invalid mappedBy [{attribute.mapped_by}] of attribute [{attribute.name}]"


def _compound_problems(entity_type: EntityType, attribute: Attribute) -> Iterator[str]:
    seen = {attribute.name}
    here = attribute
    while here.part_of is not None:
        compound = entity_type.by_name.get(here.part_of)
        if compound is None or compound.type != "compound" or compound.name in seen:
            yield f"Invalid partOfAttribute [{here.part_of}] of attribute [{here.name}]"
            return
        seen.add(compound.name)
        here = compound


def refuse_changed(state: State, entity_type: EntityType) -> None:
    """Check a new version of a table against the rows that it has.

    Raises:
        ApiError: 400 for a required attribute that one of them lacks, or another type than they were written with.
    """
    present = state.types.get(entity_type.id)
    if present is None or not state.stored.get(entity_type.id):
        return
    for attribute in entity_type.atomic:
        before = present.by_name.get(attribute.name)
        rows = state.stored[entity_type.id].values()
        required = not (attribute.nillable or attribute.multi)
        if required and any(row.get(attribute.name) is None for row in rows):
            raise _nulls(entity_type, attribute)
        if before is not None and (before.type, before.ref) != (attribute.type, attribute.ref):
            kinds = f"from [{before.type.upper()}] to [{attribute.type.upper()}]"
            raise bad_request(f"Attribute data type update {kinds} not allowed")


def _nulls(entity_type: EntityType, attribute: Attribute) -> ApiError:
    text = f"The attribute '{attribute.name}' of entity '{entity_type.id}' contains null values."
    return bad_request(text, "D20")

"""The checks that MOLGENIS makes itself, before the database: lengths, ranges, options, addresses [C 035]."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from biodata_molgenis.sandbox.errors import Violation
from biodata_molgenis.sandbox.values import instant_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_molgenis.sandbox.model import Attribute, EntityType
    from biodata_molgenis.sandbox.state import Row

__all__ = ["invalid_id", "violations_of"]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def violations_of(entity_type: EntityType, row: Row) -> Iterator[Violation]:
    """What is wrong with a row's values; several entries where several are wrong."""
    for attribute in entity_type.atomic:
        value = row.get(attribute.name)
        if value is None or attribute.reference:
            continue
        if attribute.type == "enum":
            if value not in attribute.enum_options:
                options = ", ".join(attribute.enum_options)
                yield _described(entity_type, attribute, row, f" Value must be one of [{options}]")
        elif not _fits(attribute, value):
            yield _short(entity_type, attribute, value)


def invalid_id(entity_type: EntityType, row: Row) -> Violation:
    """A row to be replaced that does not say which [C 126]."""
    return _described(entity_type, entity_type.id_attribute, row, "")


def _fits(attribute: Attribute, value: Any) -> bool:
    if attribute.type in ("int", "long"):
        low = attribute.minimum is None or value >= attribute.minimum
        return low and (attribute.maximum is None or value <= attribute.maximum)
    if attribute.max_length is not None and len(value) > attribute.max_length:
        return False
    if attribute.type == "email":
        return _EMAIL.fullmatch(value) is not None
    return attribute.type != "hyperlink" or _is_address(value)


def _is_address(value: str) -> bool:
    try:
        urlsplit(value)
    except ValueError:
        return False
    return not any(character in value for character in ' "<>\\^`{|}')


def _short(entity_type: EntityType, attribute: Attribute, value: Any) -> Violation:
    label = attribute.label or attribute.name
    text = f"Invalid {attribute.type} value '{value}' for attribute '{label}' of entity '{entity_type.id}'."
    if attribute.minimum is not None or attribute.maximum is not None:
        text += f"Value must be between {attribute.minimum} and {attribute.maximum}"
    if attribute.max_length is not None:
        text += f"Value must be less than or equal to {attribute.max_length} characters"
    return Violation(text)


def _described(entity_type: EntityType, attribute: Attribute, row: Row, more: str) -> Violation:
    value = row[attribute.name]
    shown = "null" if value is None else instant_text(value) if attribute.type == "datetime" else value
    label = row[entity_type.label_attribute.name]
    text = (
        f"Invalid [{attribute.type}] value [{shown}] for attribute [{attribute.label or attribute.name}] "
        f"of entity [{'null' if label is None else label}] with type [{entity_type.id}]."
    )
    return Violation(text + more)

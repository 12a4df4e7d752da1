"""Reading EMX: the sheets that describe tables, and the CSV files with their rows (protocols/molgenis.md, c)."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from biodata_molgenis.sandbox.errors import ApiError, bad_request
from biodata_molgenis.sandbox.model import REFERENCE_TYPES, Attribute, EntityType, type_of_emx
from biodata_molgenis.sandbox.sheets import read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Emx", "read_emx"]

_SHEETS = ("packages", "entities", "attributes", "tags", "i18nstrings", "languages")
_SHEET_ENDS = (".csv", ".tsv", ".txt")
Line = dict[str, str]


class Emx(NamedTuple):
    """What a file holds: packages, entity types in the order of the sheets, and rows by entity type id."""

    packages: tuple[Line, ...]
    types: tuple[EntityType, ...]
    data: dict[str, list[Line]]


def read_emx(filename: str, content: bytes, *, with_types: bool) -> Emx:
    """The content of an uploaded zip of CSV files, or of one CSV file; there is no reader of `.xlsx` and `.vcf` here.

    Raises:
        ApiError: 400 for a file of another kind or sheets that contradict themselves.
    """
    sheets = {_stem(name): _sheet(name, text) for name, text in _files(filename, content)}
    if not sheets:
        raise _no_importer(filename)
    packages = tuple(sheets.get("packages", []))
    if not all(line.get("name") for line in packages):
        raise bad_request("packages.name is missing on a line of the packages sheet")
    types = tuple(_types(sheets)) if with_types else ()
    data = {name: lines for name, lines in sheets.items() if name not in _SHEETS}
    return Emx(packages if with_types else (), types, data)


def _files(filename: str, content: bytes) -> Iterator[tuple[str, str]]:
    if filename.lower().endswith(_SHEET_ENDS):
        yield filename, _decoded(content)
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if name.lower().endswith(_SHEET_ENDS):
                    yield name, _decoded(archive.read(name))
    except zipfile.BadZipFile:
        raise _no_importer(filename) from None


def _no_importer(filename: str) -> ApiError:
    return bad_request(f"Can not import file [{filename}]: no importer takes it")


def _sheet(name: str, text: str) -> list[Line]:
    return list(read_sheet(text, "\t" if name.lower().endswith(".tsv") else ","))


def _stem(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0]


def _decoded(content: bytes) -> str:
    return content.decode("utf-8-sig", "replace")


def _types(sheets: Mapping[str, list[Line]]) -> Iterator[EntityType]:
    described = {_full_name(line): line for line in sheets.get("entities", [])}
    attributes: dict[str, list[Line]] = {name: [] for name in described}
    for line in sheets.get("attributes", []):
        attributes.setdefault(_resolved(line.get("entity", ""), described), []).append(line)
    for name, lines in attributes.items():
        if lines:
            yield _entity_type(name, described.get(name, {}), lines, attributes)


def _full_name(line: Line) -> str:
    name, package = line.get("name", ""), line.get("package", "")
    return name if not package or name.startswith(f"{package}_") else f"{package}_{name}"


def _resolved(name: str, known: Iterable[str]) -> str:
    """An entity may be named with or without its package."""
    names = list(known)
    if name in names:
        return name
    return next((one for one in names if one.endswith(f"_{name}")), name)


def _entity_type(name: str, line: Line, lines: Iterable[Line], known: Mapping[str, list[Line]]) -> EntityType:
    attributes = [_attribute(one, known) for one in lines]
    package = line.get("package") or None
    label = line.get("label") or name.removeprefix(f"{package}_")
    return EntityType(
        name,
        label,
        tuple(attributes),
        package,
        line.get("description") or None,
        _is_true(line.get("abstract")),
    )


def _attribute(line: Line, known: Mapping[str, list[Line]]) -> Attribute:
    kind = _kind(line)
    is_id = _is_true(line.get("idAttribute")) or line.get("idAttribute", "").upper() == "AUTO"
    is_label = _is_true(line.get("labelAttribute"))
    options = tuple(one.strip() for one in line.get("enumOptions", "").split(",") if one.strip())
    auto = line.get("idAttribute", "").upper() == "AUTO" or _is_true(line.get("auto"))
    return Attribute(
        name=line["name"],
        type=kind,
        label=line.get("label") or None,
        description=line.get("description") or None,
        is_id=is_id,
        is_label=is_label and not is_id,
        lookup=is_id or is_label or _is_true(line.get("lookupAttribute")),
        nillable=not is_id and not is_label and _is_true(line.get("nillable"), default=True),
        auto=auto,
        visible=_is_true(line.get("visible"), default=True),
        unique=is_id or _is_true(line.get("unique")),
        read_only=is_id or _is_true(line.get("readOnly")),
        aggregatable=_is_true(line.get("aggregateable") or line.get("aggregatable")),
        ref=_ref(kind, line, known),
        mapped_by=(line.get("mappedBy") or None) if kind == "onetomany" else None,
        part_of=line.get("partOfAttribute") or None,
        enum_options=options,
        default=line.get("defaultValue") or None,
        expression=line.get("expression") or None,
        validation_expression=line.get("validationExpression") or None,
        minimum=_number(line.get("rangeMin")),
        maximum=_number(line.get("rangeMax")),
    )


def _ref(kind: str, line: Line, known: Mapping[str, list[Line]]) -> str | None:
    if kind == "file":
        return "sys_FileMeta"
    return _resolved(line.get("refEntity", ""), known) if kind in REFERENCE_TYPES else None


def _kind(line: Line) -> str:
    try:
        kind = type_of_emx(line.get("dataType", ""))
    except ValueError as error:
        raise bad_request(f"{error} of attribute [{line.get('name')}]") from None
    if not line.get("name"):
        raise bad_request("attributes.name is missing on a line of the attributes sheet")
    if kind in REFERENCE_TYPES - {"file"} and not line.get("refEntity"):
        raise bad_request(f"Missing refEntity of attribute [{line['name']}]")
    return kind


def _is_true(text: str | None, *, default: bool = False) -> bool:
    return text.strip().lower() == "true" if text else default


def _number(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"Invalid range value [{text}]") from None

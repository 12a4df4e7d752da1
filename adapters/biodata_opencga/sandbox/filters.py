"""The parameters of a search and the grammar of their values (section 5; recordings 077 to 093, 401 to 459)."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox.errors import database

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OPTIONS", "PARAMETERS", "compiled", "number_test", "text_test", "values_at"]

Json = dict[str, Any]
OPTIONS = frozenset(
    {
        "study", "include", "exclude", "limit", "skip", "count", "sort", "order", "deleted", "includeResult",
        "flattenAnnotations", "includeIndividual", "snapshot", "release", "sid", "annotation", "acl", "otherStudies",
        "field",
    }
)  # fmt: skip
_TEXT, _FLAG, _DATE, _NUMBER, _TERM = "text", "flag", "date", "number", "term"
_COMMON: dict[str, tuple[str, str]] = {
    "id": (_TEXT, "id"),
    "uuid": (_TEXT, "uuid"),
    "creationDate": (_DATE, "creationDate"),
    "modificationDate": (_DATE, "modificationDate"),
    "internalStatus": (_TEXT, "internal.status.id"),
    "status": (_TEXT, "status.id"),
    "version": (_NUMBER, "version"),
}
PARAMETERS: dict[str, dict[str, tuple[str, str]]] = {
    "samples": {
        **_COMMON,
        "somatic": (_FLAG, "somatic"),
        "individualId": (_TEXT, "individualId"),
        "fileIds": (_TEXT, "fileIds"),
        "cohortIds": (_TEXT, "cohortIds"),
        "processingProduct": (_TERM, "processing.product"),
        "processingPreparationMethod": (_TEXT, "processing.preparationMethod"),
        "processingExtractionMethod": (_TEXT, "processing.extractionMethod"),
        "processingLabSampleId": (_TEXT, "processing.labSampleId"),
        "collectionFrom": (_TERM, "collection.from"),
        "collectionType": (_TEXT, "collection.type"),
        "collectionMethod": (_TEXT, "collection.method"),
        "phenotypes": (_TERM, "phenotypes"),
        "internalRgaStatus": (_TEXT, "internal.rga.status"),
    },
    "individuals": {
        **_COMMON,
        "name": (_TEXT, "name"),
        "father": (_TEXT, "father.id"),
        "mother": (_TEXT, "mother.id"),
        "samples": (_TEXT, "samples.id"),
        "familyIds": (_TEXT, "familyIds"),
        "sex": (_TEXT, "sex.id"),
        "dateOfBirth": (_TEXT, "dateOfBirth"),
        "ethnicity": (_TEXT, "ethnicity.id"),
        "phenotypes": (_TERM, "phenotypes"),
        "disorders": (_TERM, "disorders"),
        "populationName": (_TEXT, "population.name"),
        "populationSubpopulation": (_TEXT, "population.subpopulation"),
        "karyotypicSex": (_TEXT, "karyotypicSex"),
        "lifeStatus": (_TEXT, "lifeStatus"),
    },
    "families": {
        **_COMMON,
        "name": (_TEXT, "name"),
        "members": (_TEXT, "members.id"),
        "samples": (_TEXT, "members.samples.id"),
        "expectedSize": (_NUMBER, "expectedSize"),
        "phenotypes": (_TERM, "phenotypes"),
        "disorders": (_TERM, "disorders"),
    },
    "cohorts": {
        **_COMMON,
        "name": (_TEXT, "name"),
        "type": (_TEXT, "type"),
        "tags": (_TEXT, "tags"),
        "samples": (_TEXT, "samples.id"),
        "numSamples": (_NUMBER, "numSamples"),
    },
    "files": {
        **_COMMON,
        **{name: (_TEXT, name) for name in ("name", "path", "uri", "type", "format", "bioformat", "tags", "jobId")},
        "description": (_TEXT, "description"),
        "external": (_FLAG, "external"),
        "resource": (_FLAG, "resource"),
        "size": (_NUMBER, "size"),
        "sampleIds": (_TEXT, "sampleIds"),
        "softwareName": (_TEXT, "software.name"),
    },
    "panels": {
        **_COMMON,
        "name": (_TEXT, "name"),
        "disorders": (_TERM, "disorders"),
        "variants": (_TEXT, "variants.id"),
        "genes": (_TERM, "genes"),
        "regions": (_TEXT, "regions.id"),
        "categories": (_TERM, "categories"),
        "tags": (_TEXT, "tags"),
        "source": (_TERM, "source"),
    },
    "clinical": {
        **_COMMON,
        "type": (_TEXT, "type"),
        "disorder": (_TERM, "disorder"),
        "proband": (_TEXT, "proband.id"),
        "individual": (_TEXT, "proband.id"),
        "sample": (_TEXT, "proband.samples.id"),
        "probandSamples": (_TEXT, "proband.samples.id"),
        "family": (_TEXT, "family.id"),
        "panels": (_TEXT, "panels.id"),
        "files": (_TEXT, "files.id"),
        "locked": (_FLAG, "locked"),
        "analystId": (_TEXT, "analysts.id"),
        "priority": (_TEXT, "priority.id"),
        "flags": (_TEXT, "flags.id"),
        "dueDate": (_DATE, "dueDate"),
    },
    "jobs": {
        **_COMMON,
        "type": (_TEXT, "type"),
        "toolId": (_TEXT, "tool.id"),
        "toolType": (_TEXT, "tool.type"),
        "userId": (_TEXT, "userId"),
        "priority": (_TEXT, "priority"),
        "visited": (_FLAG, "visited"),
        "dryRun": (_FLAG, "dryRun"),
        "tags": (_TEXT, "tags"),
        "parentId": (_TEXT, "parentId"),
        "input": (_TEXT, "input.id"),
        "output": (_TEXT, "output.id"),
    },
}
_KNOWN_BUT_CLOSED = frozenset(
    {
        "attributes", "description", "source", "processing", "collection", "qualityControl", "internal", "location",
        "population",
    }
)  # fmt: skip


def compiled(kind: str, query: dict[str, str], study_uid: int) -> list[Callable[[Json], bool]]:
    """A test for each parameter of a search that filters.

    Raises:
        Refusal: 500 for a parameter that is unknown or cannot be asked for, or a date that cannot be read.
    """
    given = {name: value for name, value in query.items() if name not in OPTIONS and not name.startswith("stats")}
    return [_test(kind, name, value, {**given, "studyUid": study_uid}) for name, value in given.items()]


def _test(kind: str, name: str, value: str, query: Json) -> Callable[[Json], bool]:
    known = PARAMETERS[kind]
    if name == "directory" and kind == "files":
        return lambda document: _folder(document) == value.strip("/").replace(":", "/")
    if name not in known:
        head = name.partition(".")[0]
        if head in _KNOWN_BUT_CLOSED:
            raise database(f"Cannot query by parameter {head}")
        raise database(f"Unexpected parameter {name}. The parameter does not exist or cannot be queried for.")
    type_, path = known[name]
    if type_ == _DATE:
        return _date_test(path, value, query)
    if type_ == _FLAG:
        return _flag_test(path, value)
    if type_ == _NUMBER:
        return number_test(path, value)
    return text_test([f"{path}.id", f"{path}.name"] if type_ == _TERM else [path], value)


def _folder(document: Json) -> str | None:
    path = str(document["path"]).rstrip("/")
    return path.rpartition("/")[0] if path else None


def values_at(document: Any, path: str) -> list[Any]:
    """All values at a dotted path, through lists; none where there is nothing."""
    found = [document]
    for name in path.split("."):
        inner = [one.get(name) for one in found if isinstance(one, dict)]
        found = [one for value in inner for one in (value if isinstance(value, list) else [value])]
    return [one for one in found if one is not None]


# --- texts -------------------------------------------------------------------------------------------------


def text_test(paths: list[str], text: str) -> Callable[[Json], bool]:
    """True where any of the comma-separated conditions holds at any of the paths, negated ones too."""
    tests = [_one_text(condition) for condition in text.split(",")]

    def test(document: Json) -> bool:
        held = [[str(value) for value in values_at(document, path)] for path in paths]
        return any(one(values) for one in tests for values in held)

    return test


def _one_text(condition: str) -> Callable[[list[str]], bool]:
    if condition.startswith("!"):
        wanted = condition.lstrip("!").lstrip("=")
        return lambda values: wanted not in values
    if condition.startswith("~"):
        pattern = _pattern(condition[1:])
        return lambda values: any(pattern.search(value) for value in values)
    if condition.startswith("^"):
        return lambda values: any(value.startswith(condition[1:]) for value in values)
    wanted = condition.lstrip("=") if condition.startswith("=") else condition
    return lambda values: wanted in values


def _pattern(text: str) -> re.Pattern[str]:
    match = re.fullmatch(r"/(.*)/(i?)", text, re.DOTALL)
    try:
        return re.compile(match[1], re.IGNORECASE if match[2] else 0) if match is not None else re.compile(text)
    except re.error:
        raise database(f"Error parsing query : invalid regular expression {text}") from None


# --- booleans, numbers, dates ------------------------------------------------------------------------------


def _flag_test(path: str, text: str) -> Callable[[Json], bool]:
    negated = text.startswith("!")
    wanted = (text.lstrip("!=").lower() == "true") is not negated
    return lambda document: (values_at(document, path) == [True]) is wanted


def number_test(path: str, text: str) -> Callable[[Json], bool]:
    """Comparisons of a number; commas mean OR.

    Raises:
        Refusal: 500 for what is no number.
    """
    tests = [_one_number(condition) for condition in text.split(",")]
    return lambda document: any(test(value) for test in tests for value in values_at(document, path))


def _one_number(condition: str) -> Callable[[float], bool]:
    match = re.fullmatch(r"(>=|<=|>|<|!==?|==?|!)?\s*(-?[0-9.]+(?:[eE][-+]?[0-9]+)?)", condition)
    if match is None:
        raise database(f"Error parsing query : {condition}")
    wanted = float(match[2])
    tests: dict[str, Callable[[float], bool]] = {
        ">": lambda value: value > wanted,
        ">=": lambda value: value >= wanted,
        "<": lambda value: value < wanted,
        "<=": lambda value: value <= wanted,
    }
    negated = (match[1] or "").startswith("!")
    return tests.get(match[1] or "", lambda value: (value == wanted) is not negated)


def _date_test(path: str, text: str, query: Json) -> Callable[[Json], bool]:
    """A whole period, a range or a comparison (section 5); the upper end of a range is exclusive."""
    if "," in text:
        return lambda _: False
    match = re.fullmatch(r"(>=|<=|>|<|==?)?(\d{4,14})(?:-(\d{4,14}))?", text)
    if match is None or (match[1] and match[3]):
        raise database("Error parsing query : " + json.dumps(query, separators=(",", ":")))
    start, end = _period(match[2])
    if match[3]:
        end = _period(match[3])[0]
    low, high = {
        ">": (end, "99999999999999"), ">=": (start, "99999999999999"), "<": ("0", start), "<=": ("0", end),
    }.get(match[1] or "", (start, end))  # fmt: skip
    return lambda document: any(low <= str(value) < high for value in values_at(document, path))


def _period(text: str) -> tuple[str, str]:
    """The first second of a period, and of the next one."""
    length = next((size for size in (14, 12, 10, 8, 6, 4) if len(text) >= size), 4)
    start = datetime.strptime(text[:length] + "00000101000000"[length:], "%Y%m%d%H%M%S")  # noqa: DTZ007 - text
    if length <= 6:  # noqa: PLR2004 - a year or a month
        months = 12 if length == 4 else 1  # noqa: PLR2004
        index = start.year * 12 + start.month - 1 + months
        end = start.replace(year=index // 12, month=index % 12 + 1)
    else:
        steps = {8: timedelta(days=1), 10: timedelta(hours=1), 12: timedelta(minutes=1), 14: timedelta(seconds=1)}
        end = start + steps[length]
    return _digits(start), _digits(end)


def _digits(moment: datetime) -> str:
    return f"{moment.year:04}{moment:%m%d%H%M%S}"  # %Y has no leading zeros everywhere

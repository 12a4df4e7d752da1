"""Variable sets and annotation sets (section 6; recordings 198 to 209)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox import links
from biodata_opencga.sandbox.bodies import read_body, read_map
from biodata_opencga.sandbox.errors import catalog
from biodata_opencga.sandbox.filters import number_test, text_test, values_at
from biodata_opencga.sandbox.http import Part
from biodata_opencga.sandbox.params import UPDATE
from biodata_opencga.sandbox.studydata import variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata_opencga.sandbox.calls import Call
    from biodata_opencga.sandbox.model import Study

__all__ = ["annotate", "applied", "change_variable_sets", "checked", "filter_of", "variable_sets"]

Json = dict[str, Any]
_JAVA = "org.opencb.opencga.core.models.study.VariableSet"
_TYPES: dict[str, tuple[type, ...]] = {
    "BOOLEAN": (bool,), "INTEGER": (int,), "DOUBLE": (int, float), "STRING": (str, int, float, bool),
    "CATEGORICAL": (str,), "OBJECT": (dict,),
}  # fmt: skip
_CONDITION = re.compile(r"(?:(?P<set>[^:;=<>!~]+):)?(?P<name>[^=<>!~]+)(?P<op>==|=|!=|!|~|>=|<=|>|<)(?P<value>.*)")


def variable_sets(call: Call, study: Study) -> Part:
    """Those of a study, or the one with the `id` of the query."""
    wanted = call.ask.query.get("id")
    sets = [one for one in study.variable_sets if wanted == one["id"] or (wanted is None and not one["internal"])]
    return Part(results=sets, kind=_JAVA if sets else "", matches=-1)


def change_variable_sets(call: Call, study: Study) -> Part:
    """Add or remove one."""
    body = read_body(call.ask, UPDATE["variable sets"])
    there = [one for one in study.variable_sets if one["id"] == body.get("id")]
    if call.ask.query.get("action", "ADD") == "REMOVE":
        study.variable_sets = [one for one in study.variable_sets if one not in there]
        return Part(updated=1, kind="")
    if there:
        raise catalog(f"VariableSet '{body['id']}' already exists.")
    defaults = {"name": body.get("id"), "unique": True, "confidential": False, "internal": False, "description": ""}
    made = {**defaults, "entities": [], "release": 1, "attributes": {}, **body}
    made["variables"] = [variable(one) for one in body.get("variables", ())]
    study.variable_sets.append(made)
    return Part(results=[made], kind=_JAVA, updated=1)


def checked(study: Study, given: Json) -> Json:
    """An annotation set, if it fits its variable set.

    Raises:
        Refusal: no such variable set, a wrong type, a missing variable.
    """
    sets = [one for one in study.variable_sets if one["id"] == given.get("variableSetId")]
    if not sets:
        raise catalog(f"VariableSet '{given.get('variableSetId')}' not found.")
    _check(sets[0], given.get("annotations", {}))
    return {key: given[key] for key in ("id", "variableSetId", "annotations") if key in given}


def _check(variable_set: Json, values: Json) -> None:
    known = {one["id"]: one for one in variable_set["variables"]}
    for name, value in values.items():
        if name not in known:
            raise catalog(f"Annotation '{name}' is not part of variable set '{variable_set['id']}'")
        one = known[name]
        every = value if one["multiValue"] and isinstance(value, list) else [value]
        if not all(_fits(each, one) for each in every):
            raise catalog(f"Annotation value '{value}' does not seem appropriate for variable {_shown(one)}")
    absent = [name for name, one in known.items() if one["required"] and name not in values]
    if absent:
        raise catalog(f"Missing required variable {absent[0]}")


def _fits(value: Any, one: Json) -> bool:
    if isinstance(value, bool) and one["type"] in ("INTEGER", "DOUBLE"):
        return False
    if one["type"] == "CATEGORICAL" and one["allowedValues"] and value not in one["allowedValues"]:
        return False
    return isinstance(value, _TYPES.get(one["type"], (object,)))


def _shown(one: Json) -> str:
    texts = {key: f"'{one[key]}'" for key in ("id", "name", "category", "dependsOn", "description")}
    lists = f"[{', '.join(one['allowedValues'])}]"
    required, many = str(one["required"]).lower(), str(one["multiValue"]).lower()
    return (
        f"Variable{{id={texts['id']}, name={texts['name']}, category={texts['category']}, type={one['type']}, "
        f"defaultValue=null, required={required}, multiValue={many}, allowedValues={lists}, allowedKeys=null, "
        f"rank={one['rank']}, dependsOn={texts['dependsOn']}, description={texts['description']}, "
        f"variables=null, attributes={{}}}}"
    )


def applied(study: Study, now: list[Json], given: list[Json], action: str) -> list[Json]:
    """The annotation sets of an entry after an update.

    Raises:
        Refusal: one does not fit.
    """
    whole = given if action == "REMOVE" else [checked(study, one) for one in given]
    return links.apply_list(now, whole, action)


def annotate(call: Call, kind: str, entry_id: str, set_id: str) -> Part:
    """Change the values of one annotation set: ADD, SET, REMOVE, RESET or REPLACE."""
    study = call.study
    entry = links.resolve(study, kind, entry_id)
    values = read_map(call.ask)
    sets = {one["id"]: one for one in entry.fields["annotationSets"]}
    if set_id not in sets:
        raise catalog(f"AnnotationSet '{set_id}' not found.")
    action, before = call.ask.query.get("action", "ADD"), sets[set_id]["annotations"]
    if action == "SET":
        after = values
    elif action in ("REMOVE", "RESET"):
        gone = str(values.get(action.lower(), "")).split(",")
        after = {name: value for name, value in before.items() if name not in gone}
    else:
        after = {**before, **values}
    sets[set_id] = checked(study, {**sets[set_id], "annotations": after})
    links.bump(call, entry)
    entry.fields["annotationSets"] = list(sets.values())
    return Part(updated=1, matches=1)


def filter_of(study: Study, text: str) -> Callable[[Json], bool]:
    """A test for the parameter `annotation`: conditions joined by `;`, all of which must hold (section 5)."""
    tests = [_condition(study, one) for one in text.split(";")]
    return lambda document: all(test(document) for test in tests)


def _value_test(variable_type: str, op: str, value: str) -> Callable[[Json], bool]:
    if variable_type in ("INTEGER", "DOUBLE"):
        return number_test("value", ",".join(op + one for one in value.split(",")))
    if variable_type == "BOOLEAN" and op in ("=", "=="):
        wanted = [one.lower() == "true" for one in value.split(",")]
        return lambda document: any(one in wanted for one in values_at(document, "value"))
    return text_test(["value"], op.replace("==", "=") + value)


def _condition(study: Study, text: str) -> Callable[[Json], bool]:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise catalog(f"Annotation query '{text}' cannot be read")
    name, op, value = match["name"], match["op"], match["value"]
    wanted = match["set"]
    if wanted is None and name in ("variableSet", "annotationSet"):
        key = "id" if name == "annotationSet" else "variableSetId"
        return lambda document: any(one[key] in value.split(",") for one in document["annotationSets"])
    sets = [one for one in study.variable_sets if wanted in (None, one["id"])]
    owners = {one["id"]: each for one in sets for each in one["variables"] if each["id"] == name}
    if len(owners) != 1:
        raise catalog(f"Variable '{name}' is in {len(owners)} variable sets")
    ((owner, known),) = owners.items()
    inner = _value_test(known["type"], op, value)

    def test(document: Json) -> bool:
        held = [one for one in document["annotationSets"] if one["variableSetId"] == owner]
        return any(inner({"value": one["annotations"].get(name)}) for one in held)

    return test

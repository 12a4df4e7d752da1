"""The JSON Schema for editors says what the reader says: of every key, at every place of a pipeline file."""

import ast
import json
import re
import runpy
from textwrap import dedent

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from biodata.config.yaml import load_yaml
from biodata.errors import ConfigError
from biodata.pipelines import demo_file
from biodata.pipelines.file import grammar, scalars
from biodata.pipelines.file.document import parse_file
from biodata.pipelines.file.json_schema import attributes, description, json_schema, schema_text
from biodata.pipelines.file.shapes import Either, Keys, Listed, Named

ROOT = demo_file().parents[3]
SCHEMA = json_schema()
VALID = Draft202012Validator(SCHEMA)

MORE_THAN_FORM = re.compile(
    r"has no column|there is no other step|there is no parameter|is taken by line|default: expected (?!a value)"
    r"|A comparison is expected|expected one SELECT|it is not one SQL expression|in a circle"
    r"|mapping: there is no file"
)
"""Problems of a file that a schema does not see: names that are not there or twice there, and other languages."""

POSITIONS = {"origin", "line", "column", "line_number", "column_number"}
NOT_WRITTEN = {"file", "parts", "sha256", "tables"}
"""Fields of structs that no key fills: places, and what the reader finds out itself."""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Where a document is written for the reader, beside a mapping table."""
    directory = tmp_path_factory.mktemp("pipeline")
    (directory / "mapping.csv").write_text("source field,rule,target field\na,,b\n", "utf-8")
    return directory / "pipeline.yml"


def told(document, path):
    """What the reader says of the form of a document."""
    path.write_text(json.dumps(document), "utf-8")
    try:
        parse_file(path)
    except ConfigError as error:
        lines = [line for line in error.message.splitlines() if line.startswith(str(path))]
        return [line for line in lines if not MORE_THAN_FORM.search(line)]
    return []


# examples


def written_in_tests():
    """The pipeline files that the tests hold as text, as far as they are right."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\nsteps:\n" in node.value:
                yield pytest.param(dedent(node.value), id=f"{path.name}:{node.lineno}")


def written_in_docs():
    for path in sorted((ROOT / "docs").glob("*.md")):
        for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", path.read_text("utf-8"), re.DOTALL)):
            if "\nsteps:" in block:
                yield pytest.param(block, id=f"{path.name}-{number}")


FILES = sorted((ROOT / "config/pipelines").glob("*.yml")) + sorted((ROOT / "biodata/pipelines/data").glob("*.yml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_the_files_that_we_ship_fit(file):
    assert not [error.message for error in VALID.iter_errors(load_yaml(file).value)]


@pytest.mark.parametrize("text", [*written_in_docs(), *written_in_tests()])
def test_what_the_reader_takes_fits(text, path):
    path.write_text(text, "utf-8")
    try:
        parse_file(path)
    except ConfigError:
        return  # a template, or one that is wrong on purpose
    assert not [error.message for error in VALID.iter_errors(load_yaml(path).value)]


# the file for editors


def test_it_is_a_json_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_in_docs_is_up_to_date():
    assert (ROOT / "docs/pipeline.schema.json").read_text("utf-8") == schema_text()
    assert runpy.run_path(str(ROOT / "docs/tables.py"))["SCHEMA"] == ROOT / "docs/pipeline.schema.json"


@pytest.mark.parametrize("file", sorted((ROOT / "config/pipelines").glob("*.yml")), ids=lambda file: file.name)
def test_our_files_name_it_for_editors(file):
    found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text("utf-8"))
    assert found, "begin the file with: # yaml-language-server: $schema=../../docs/pipeline.schema.json"
    assert (file.parent / found[1]).resolve() == ROOT / "docs/pipeline.schema.json"


# one truth


def tables(shape, name="pipeline"):
    """Every mapping of known keys, with a name for it."""
    if isinstance(shape, Keys):
        yield name, shape
        for key, inner in shape.shapes.items():
            yield from tables(inner, key)
    for inner in getattr(shape, "shapes", ()) if isinstance(shape, Either) else ():
        yield from tables(inner, name)
    if isinstance(shape, Listed | Named):
        yield from tables(shape.item if isinstance(shape, Listed) else shape.value, name)


TABLES = list(tables(grammar.PIPELINE))


@pytest.mark.parametrize(("name", "keys"), TABLES, ids=[name for name, _ in TABLES])
def test_every_key_says_what_it_means(name, keys):
    assert not [key for key in keys if not description(keys, key)]
    assert not [text for text in keys.says.values() if not text.endswith((".", "%"))]


STRUCTS = [(name, keys) for name, keys in TABLES if keys.about]


@pytest.mark.parametrize(("name", "keys"), STRUCTS, ids=[name for name, _ in STRUCTS])
def test_every_field_of_a_struct_has_a_key_and_every_key_a_field(name, keys):
    fields = {field.name for field in msgspec.structs.fields(keys.about)}
    filled = {keys.fields.get(key, key) for key in keys}
    wanted = fields - POSITIONS - NOT_WRITTEN
    if keys in (grammar.PARAMETER, grammar.COUNT, grammar.REFERENCES, grammar.FRESH):
        wanted.remove("name")  # stands outside the mapping
    if keys is grammar.PLOTS["scatter"]:
        wanted -= {"x", "y"}
    assert wanted <= filled
    assert filled - fields <= set(keys.says)
    assert set(attributes(keys.about)) <= fields


# schema and reader, place by place


def samples(schema):
    """Values that fit: each word, each alternative and each key is in one of them at least."""
    if "const" in schema:
        return [schema["const"]]
    if "enum" in schema:
        return list(schema["enum"])
    if "anyOf" in schema and "type" not in schema:
        return [value for one in schema["anyOf"] for value in samples(one)]
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return [value for one in types for value in _of_type(one, schema)]


def _of_type(kind, schema):
    if kind == "object":
        return _objects(schema)
    if kind == "array":
        return [[value] * schema.get("minItems", 1) for value in samples(schema["items"])]
    text = schema.get("examples", ["a"])[0]
    return [{"string": text, "integer": 3, "number": 2.5, "boolean": True, "null": None}[kind]]


def _objects(schema):
    free = schema["additionalProperties"]
    named = {key: samples(inner) for key, inner in schema.get("properties", {}).items() if inner}
    if free:
        return [{"a": value} for value in samples(free)] + [{key: values[0]} for key, values in named.items()]
    fits = Draft202012Validator(schema).is_valid
    required = {key: named[key][0] for key in schema.get("required", ())}
    wanted = [{}, *({key: value} for key, values in named.items() for value in values)]
    return [next(one for one in _with(required, few, named) if fits(one)) for few in wanted]


def _with(required, few, named):
    """The required keys and a few more, then with any two others, which they may need or exclude."""
    yield {**required, **few}
    some = [(key, value) for key, values in named.items() for value in values[:3]]
    yield from ({**required, one: first, two: second, **few} for one, first in some for two, second in some)


def paths(value, path=()):
    """Every path of keys and indexes in a value, itself first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from paths(one, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def replaced(value, path, new):
    """The document with something else at that path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def every_place():
    """(path, document): for each place, and each kind of value there, the first document that has it."""
    seen = {}
    for document in SAMPLES:
        for path in paths(document):
            keys = tuple(part if isinstance(part, str) else "[]" for part in path)
            seen.setdefault((keys, type(at(document, path))), (path, document))
    return list(seen.values())


SAMPLES = samples(SCHEMA)
PLACES = every_place()
OTHERS = [[], [[]], {}, {"nothing": {"like": "it"}}, " ", -1, 0, 1.5, True, "two words", ["a", "b", "c"]]
CHOSEN = {"params", "each", "columns", "rename", "codes", "links", "adds"}
"""Under these, users choose the names."""


def test_the_samples_have_every_key():
    reached = {part for path, _ in PLACES for part in path}
    assert {key for _, table in TABLES for key in table} <= reached


def test_what_fits_is_read(path):
    problems = [(document, told(document, path)) for document in SAMPLES]
    assert [one for one in problems if one[1]] == []


def test_a_misspelt_key_is_refused_by_both(path):
    taken = []
    for place, document in PLACES:
        if not place or not isinstance(place[-1], str) or {*place[-2:-1]} & CHOSEN:
            continue
        above = at(document, place[:-1])
        other = replaced(document, place[:-1], {f"{key}x" if key == place[-1] else key: above[key] for key in above})
        taken += [(place, "the schema")] * VALID.is_valid(other) + [(place, "the reader")] * (not told(other, path))
    assert taken == []


def test_both_agree_on_values_of_another_kind(path):
    differ = []
    for place, document in PLACES:
        for value in OTHERS:
            other = replaced(document, place, value)
            words = told(other, path)
            differ += [(place, value, words)] if VALID.is_valid(other) == bool(words) else []
    assert differ == []


STEP = ("steps", 0)
TEXTS = {
    ("name",): (scalars.STEP_NAME, "ab-_ A."),
    (*STEP, "extract", "from"): (scalars.ADDRESS, "ab/ ${param:}"),
    (*STEP, "extract", "file"): (scalars.PATH, "a. ${param:}"),
    (*STEP, "extract", "incremental", "lag"): (scalars.DURATION, "019.smhdw -"),
    (*STEP, "each", "a"): (scalars.WHOLE_PARAMETER, "${param:a} "),
    (*STEP, "transform", 0, "explode", "into"): (scalars.COLUMN_NAME, "ab \"'`."),
    (*STEP, "transform", 0, "pseudonymise", "key"): (scalars.SECRET, "${env:file} a/"),
    (*STEP, "transform", 0, "python"): (scalars.CALL, "ab1_.: -"),
    (*STEP, "check", 0, "share_of_last_run"): (scalars.SHARE, "01.%- "),
    (*STEP, "load", "to"): (scalars.ADDRESS, "ab/ ${param:}"),
    ("on_reject", "budget"): (scalars.BUDGET, "01.%- "),
}
"""Where a text has a form of its own, and the letters that matter there."""


@pytest.mark.parametrize("place", TEXTS, ids=lambda place: ".".join(map(str, place)))
def test_both_agree_on_texts(place, path):
    document = next(one for found, one in PLACES if found == place and isinstance(at(one, found), str))
    value, letters = TEXTS[place]
    right = st.from_regex(value.schema["pattern"], alphabet=st.characters(min_codepoint=32, max_codepoint=126))
    right = right.map(lambda text: text.removesuffix("\n"))  # Python's $ is before it too, that of editors is not

    @settings(max_examples=40)
    @given(st.text(letters, max_size=8) | right)
    def agree(text):
        other = replaced(document, place, text)
        words = [line for line in told(other, path) if "up to 100%" not in line]
        assert VALID.is_valid(other) != bool(words), words

    agree()

"""Ontology terms: spellings that become standard CURIEs, and what is no term."""

import os
import subprocess
import sys

import pyarrow as pa
import pytest

import biodata
from biodata.pipelines.operations.terms import Terms
from biodata.pipelines.spec import Ontology
from biodata.records.types import Field, List, Schema, String
from tests.pipelines.through import compiled, through


@pytest.mark.parametrize(
    ("text", "curie"),
    [
        ("orphanet:558", "ORPHA:558"),
        ("ORPHA:558", "ORPHA:558"),
        ("orphanet 558", "ORPHA:558"),
        ("Orphanet_558", "ORPHA:558"),
        ("ORDO:558", "ORPHA:558"),
        ("orphanet.ordo:Orphanet_558", "ORPHA:558"),
        ("http://www.orpha.net/ORDO/Orphanet_558", "ORPHA:558"),
        ("https://identifiers.org/orphanet:558", "ORPHA:558"),
        ("HP:0001250", "HP:0001250"),
        ("hp: 0001250", "HP:0001250"),
        ("hp_0001250", "HP:0001250"),
        ("HPO:0001250", "HP:0001250"),
        ("https://purl.obolibrary.org/obo/HP_0001250", "HP:0001250"),
        ("ICD-10:c50.9", "icd10:C50.9"),
        ("ICD10 C50", "icd10:C50"),
        ("MIM:154700", "omim:154700"),
        ("SNOMED:22298006", "snomedct:22298006"),
        ("doid:DOID:1816", "DOID:1816"),
        ("BNF:0101", "bnf:0101"),
        ("BNF 0101", None),
        ("HP:1250", None),
        ("HP:", None),
        ("icd10:C50.9.1", None),
        ("0001250", None),
        ("https://example.org/HP_0001250", None),
        ("foo:bar", None),
        ("Jane Doe", None),
        ("go home", None),
        ("", None),
        ("://", None),
    ],
)
def test_spellings_of_all_prefixes(text, curie):
    assert Terms(()).curie(text) == curie


@pytest.mark.parametrize(
    ("prefixes", "text", "curie"),
    [
        (["hpo"], "0001250", "HP:0001250"),
        (["hp"], "HP0001250", "HP:0001250"),
        (["hp"], "ORPHA:558", None),
        (["hp"], "1250", None),
        (["orphanet"], "ORPHA558", "ORPHA:558"),
        (["ICD10"], "e11.9", "icd10:E11.9"),
        (["icd10", "hp"], "E11.9", None),
        (["icd10", "hp"], "hp:0001250", "HP:0001250"),
    ],
)
def test_prefixes_restrict_and_one_alone_takes_bare_ids(prefixes, text, curie):
    assert Terms(prefixes).curie(text) == curie


def test_a_prefix_that_is_not_registered_is_found_before_any_row():
    with pytest.raises(biodata.QueryError, match=r"the prefix 'mondoo' is not registered; did you mean 'mondo'\?"):
        compiled(Ontology("v", ("hp", "mondoo")), pa.schema([("v", pa.string())]))


def test_values_of_no_term_are_rejected_become_null_or_stay():
    rows = [{"v": "hp:0001250"}, {"v": "Jane Doe"}, {"v": None}]
    records, faults, (coverage,) = through(Ontology("v", ("hp", "orphanet")), rows)
    assert [one["v"] for one in records] == ["HP:0001250", None]
    assert faults == [(2, "ontology v", "a value that is no term of HP, ORPHA")]
    assert (coverage.column, coverage.list, coverage.rows, coverage.mapped) == ("v", "HP, ORPHA", 2, 1)
    assert coverage.version.startswith("bioregistry ")
    assert through(Ontology("v", on_invalid="null"), rows)[0][1] == {"v": None}
    assert through(Ontology("v", on_invalid="keep"), rows)[0][1] == {"v": "Jane Doe"}


def test_of_a_list_each_element_and_into_another_column():
    rows = [{"v": ["558", "orphanet:730"]}, {"v": ["x"]}]
    records, faults, _ = through(Ontology("v", ("orphanet",), into="codes"), rows)
    assert records == [{"v": ["558", "orphanet:730"], "codes": ["ORPHA:558", "ORPHA:730"]}]
    assert [fault[0] for fault in faults] == [2]


def test_it_needs_no_network_and_leaves_nothing_in_the_home(tmp_path):
    code = (
        "import socket\n"
        "def refuse(*_): raise OSError('no network here')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from biodata.pipelines.operations.terms import Terms\n"
        "print(Terms(()).curie('http://www.orpha.net/ORDO/Orphanet_558'))"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYSTOW")}
    env["HOME"] = str(tmp_path)
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ORPHA:558"
    assert list(tmp_path.iterdir()) == []


PIPELINE = """\
version: 1
name: diagnoses
steps:
  - name: diagnoses
    extract: {from: source/diagnoses}
    transform:
      - ontology: {column: disease, prefixes: [orphanet], on_invalid: reject}
      - ontology: {column: phenotypes, prefixes: [hp], on_invalid: 'null'}
    load: {to: target/diagnoses, mode: merge, key: [id]}
on_reject: {budget: 1}
"""

DIAGNOSES = Schema(
    "diagnoses",
    "id",
    (Field("id", String(), required=True), Field("disease", String()), Field("phenotypes", List(String()))),
)


def test_a_whole_run_normalises_rejects_and_tells_the_coverage(connect, pipeline, run, target):
    rows = [
        {"id": "a", "disease": "558", "phenotypes": ["hp_0001250", "seizures"]},
        {"id": "b", "disease": "http://www.orpha.net/ORDO/Orphanet_730"},
        {"id": "c", "disease": "Marfan"},
    ]
    with connect("source") as connection:
        connection.ensure(DIAGNOSES).upsert(rows).raise_for_refused()
    report = run(pipeline(text=PIPELINE), show_values=True)
    assert target("diagnoses") == {
        "a": {"id": "a", "disease": "ORPHA:558", "phenotypes": ["HP:0001250"]},
        "b": {"id": "b", "disease": "ORPHA:730", "phenotypes": None},
    }
    disease, phenotypes = report.steps[0].coverage
    assert (disease.rows, disease.mapped, disease.unmapped[0].value) == (3, 2, "Marfan")
    assert (phenotypes.rows, phenotypes.mapped, phenotypes.unmapped[0].value) == (2, 1, "seizures")
    assert [(one.rule, one.rows) for one in report.steps[0].rejects] == [("ontology disease", [3])]

"""The example that people copy, config/pipelines/biobank.yml, as an institute runs it: by the command, each night.

The servers are real ones on loopback, with the made-up biobank of `biodata sandbox up --with biobank`. One first
night is behind all tests; what a test changes it tells by how things were before.
"""

import csv
import json
import shutil
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import pytest

import biodata
from biodata.cli.main import status_of
from biodata.sandbox.run import Sandbox

SHIPPED = Path(__file__).parents[2] / "config/pipelines"
KEY = "a key that the tests have made up for themselves"
LOADED = ("case", "demographic", "exposure", "diagnosis", "sample")


def rows(table):
    """The rows of the biobank's table, as they are shipped."""
    text = files("biodata_molgenis.sandbox").joinpath("data", "biobank", f"biobank_{table}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


DONORS = {row["id"]: row for row in rows("donors")}


class Institute:
    """The two servers, the pipeline's own copy, and the command."""

    def __init__(self, sandbox, directory):
        self.sandbox = sandbox
        self.directory = directory
        self.file = directory / "pipelines/biobank.yml"
        shutil.copytree(SHIPPED, self.file.parent)

    def open(self, name):
        return biodata.connect(name, config=self.sandbox.config_path)

    def night(self, *options, status=0):
        """One run by the command; its report, as JSON has it."""
        reports = self.directory / "reports"
        arguments = ("run", str(self.file), "--report", str(reports), "--events", str(self.directory / "events"))
        assert status_of([*arguments, *options]) == status
        return json.loads((reports / "biobank.json").read_text("utf-8"))

    def loaded(self):
        """What the biobank has in the commons: table to key to record."""
        with self.open("gen3") as commons:
            found = {table: commons[table].query("submitter_id like 'north-%'").to_records() for table in LOADED}
        return {table: {one["submitter_id"]: one for one in records} for table, records in found.items()}


@pytest.fixture(scope="module")
def institute(tmp_path_factory):
    directory = tmp_path_factory.mktemp("institute")
    with pytest.MonkeyPatch.context() as patch, Sandbox(("molgenis", "gen3"), options={"example": "biobank"}) as one:
        patch.setenv("BIODATA_CONFIG", str(one.config_path))
        patch.setenv("BIODATA_STATE", str(directory / "state"))
        patch.setenv("BIOBANK_KEY", KEY)
        yield Institute(one, directory)


@pytest.fixture(scope="module")
def first(institute):
    """The first night: its report, and what was there in the morning."""
    report = institute.night()
    return SimpleNamespace(report=report, steps=by_name(report), loaded=institute.loaded())


def by_name(report):
    return {step["name"]: step for step in report["steps"]}


def tallies(report, name="tally"):
    """Step to what became of its records, without zeros."""
    return {
        step["name"]: {word: number for word, number in step[name].items() if number}
        for step in report["steps"]
        if step["target"]
    }


def sizes(loaded):
    return {table: len(found) for table, found in loaded.items()}


def test_the_first_night_loads_who_agreed(first):
    north = [one for one in DONORS.values() if one["collection"].startswith("north-")]
    agreed = [one for one in north if one["consent"] not in {"", "withdrawn"}]
    assert len(agreed) == first.steps["cases"]["rows_read"] == 122
    assert sizes(first.loaded) == {"case": 121, "demographic": 119, "exposure": 119, "diagnosis": 135, "sample": 269}
    assert tallies(first.report)["cases"] == {"created": 121}
    assert all(check["ok"] for step in first.report["steps"] for check in step["checks"] if check["kind"] != "rows")


def test_what_belongs_together_hangs_together(first):
    cases = first.loaded["case"]
    assert {one["studies"] for one in cases.values()} == {"north-cohort", "north-rare"}
    assert set(first.loaded["demographic"]) <= set(cases)
    for table in LOADED[1:]:
        assert {one["cases"] for one in first.loaded[table].values()} <= set(cases)


def test_codes_units_terms_and_dates_are_those_of_the_commons(first):
    demographics, diagnoses = first.loaded["demographic"].values(), first.loaded["diagnosis"].values()
    assert {one["sex"] for one in demographics} == {"female", "male", "unknown"}
    assert {1.4 < one["height"] < 2.1 for one in demographics if one["height"]} == {True}
    assert {35 < one["weight"] < 130 for one in first.loaded["exposure"].values() if one["weight"]} == {True}
    assert {one["disease"].partition(":")[0] for one in diagnoses} == {"ORPHA", "icd10"}
    assert {term[:5] for one in diagnoses for term in one["phenotypes"]} == {"HP:00"}
    assert max(one["age_at_diagnosis"] for one in diagnoses) <= 89
    assert [one["year_of_birth"] for one in demographics].count(None) == 15  # born before 1940
    assert min(one["year_of_birth"] for one in demographics if one["year_of_birth"]) == 1940


def test_values_in_a_list_stay_several(first):
    samples = list(first.loaded["sample"].values())
    assert {"dna", "plasma", "serum"} <= {one["material"] for one in samples}
    assert ["RT", "-80 °C"] in [one["storage"] for one in samples]
    assert {one["tissue"] for one in samples if one["material"] == "dna"} == {"blood"}


def test_wrong_rows_are_told_by_rule(first):
    told = {(step["name"], one["rule"]): one["count"] for step in first.report["steps"] for one in step["rejects"]}
    assert told == {
        ("cases", "code list consent"): 1,
        ("demographics", "code list lists/sex.csv"): 1,
        ("demographics", "height is plausible"): 1,
        ("demographics", "cases"): 1,
        ("exposures", "units of weight"): 1,
        ("exposures", "body mass index is plausible"): 1,
        ("exposures", "cases"): 1,
        ("diagnoses", "ontology term"): 1,
        ("diagnoses", "born before the diagnosis"): 1,
        ("diagnoses", "cases"): 1,
        ("samples", "cases"): 3,
    }
    assert sum(step["waiting"] for step in first.report["steps"]) == 6


def test_nobody_can_be_told_by_what_is_left_anywhere(institute, first):
    """In the commons, in reports, events and logs; of rejected records there are dates, for their owner alone."""
    numbers = {row["id"] for table in ("donors", "diagnoses", "samplings") for row in rows(table)}
    days = {row["birth_date"] for row in DONORS.values()}
    clear = {*numbers, *days, *(row["postcode"] for row in DONORS.values()), KEY}
    with institute.open("gen3") as commons:
        texts = {table: json.dumps(commons[table].query().to_records(), default=str) for table in LOADED}
    assert not {one for one in clear for text in texts.values() if one in text}
    left = {path: path.read_bytes() for path in institute.directory.rglob("*") if path.is_file()}
    assert {path.name for path in left} >= {"biobank.html", "biobank.json", "events", "rejects.sqlite"}
    found = {one: path.name for one in clear for path, content in left.items() if one.encode() in content}
    assert set(found) <= days
    assert set(found.values()) <= {"rejects.sqlite"}


OLDEST = 89
DAYS = 365.25


def ages_above(facts, now):
    """What anybody can work out about one donor: each event, and `now`, at which the age is certainly above 89.

    A year of birth, or a year with an age, says when somebody was born at the latest; days to an event of a known age
    say how old somebody was at enrolment, and so at every other event with days.
    """
    events = facts["events"]
    born = [facts["born"], *(year - age for age, _, year in events if None not in (age, year))]
    latest = min((year for year in born if year is not None), default=now)
    enrolled = max((age - days / DAYS for age, days, _ in events if None not in (age, days)), default=0)
    told = {"now": now - latest - 1, "enrolment": enrolled}
    for number, (age, days, year) in enumerate(events):
        by_year = year - latest - 1 if year is not None else 0
        told[number] = max(age or 0, by_year, enrolled + days / DAYS if days is not None else 0)
    return {name for name, age in told.items() if age >= OLDEST + 1}


def facts_by_case(loaded):
    """Of each donor: the year of birth, and age, days and year of each event."""
    facts = {key: {"born": None, "events": []} for key in loaded["case"]}
    for one in loaded["demographic"].values():
        facts[one["cases"]]["born"] = one["year_of_birth"]
    for one in loaded["diagnosis"].values():
        event = (one["age_at_diagnosis"], one["days_to_diagnosis"], one["year_of_diagnosis"])
        facts[one["cases"]]["events"].append(event)
    for one in loaded["sample"].values():
        facts[one["cases"]]["events"].append((None, one["days_to_collection"], None))
    return facts


@pytest.mark.parametrize(
    ("born", "events", "known"),
    [
        (1930, [(89, 3000, 2024)], {"now", 0}),
        (None, [(84, -2868, None), (None, 0, None)], {"enrolment", 1}),
        (None, [(85, 0, None), (89, 3000, None)], {1}),
        (None, [(84, None, 2011)], {"now"}),
        (None, [(89, None, None), (84, None, None), (None, None, None)], set()),
        (1940, [(84, 10, 2024), (None, 400, None)], set()),
    ],
)
def test_the_tests_can_work_out_ages(born, events, known):
    assert ages_above({"born": born, "events": events}, 2026) == known


def test_no_age_above_89_can_be_worked_out(first):
    now = datetime.now(UTC).year
    assert not {key for key, facts in facts_by_case(first.loaded).items() if ages_above(facts, now)}


def test_nothing_goes_where_the_biobank_does_not_let_it_go(institute, monkeypatch, tmp_path, capsys):
    profiles = institute.sandbox.config_path.read_text("utf-8")
    own = profiles.replace("  molgenis:\n", "  molgenis:\n    may_flow_to: [local]\n")
    (tmp_path / "profiles.yml").write_text(own, "utf-8")
    monkeypatch.setenv("BIODATA_CONFIG", str(tmp_path / "profiles.yml"))
    assert status_of(["run", str(institute.file)]) == 3
    assert "BD-PIPELINE-FLOW" in capsys.readouterr().err


def test_the_second_night_changes_nothing(institute, first):
    before = institute.loaded()
    report = institute.night()
    assert all(set(tally) == {"unchanged"} for tally in tallies(report).values())
    assert institute.loaded() == before


def test_a_change_and_a_withdrawal_are_previewed_approved_and_done(institute, first, tmp_path):
    before = institute.loaded()
    with institute.open("molgenis") as biobank:
        changed, withdrawn, gone = _donors_with_one_diagnosis(biobank)
        biobank["biobank_donors"].update({"id": changed, "smoking": "2", "postcode": "9999 ZZ"}).raise_for_refused()
        biobank["biobank_donors"].update({"id": withdrawn, "consent": "withdrawn"}).raise_for_refused()
        for table in ("biobank_diagnoses", "biobank_samplings"):
            records = biobank[table].query(biodata.col("donor") == gone, fields=["id"])
            biobank[table].delete([one["id"] for one in records]).raise_for_refused()
        biobank["biobank_donors"].delete(gone).raise_for_refused()
    preview = tallies(institute.night("--dry-run"), "preview")
    assert (preview["cases"]["delete"], preview["exposures"]["change"], preview["diagnoses"]["delete"]) == (2, 1, 2)
    plan = tmp_path / "plan.json"
    institute.night("--save-plan", str(plan))
    assert institute.loaded() == before
    report = institute.night("--apply", str(plan))
    assert tallies(report)["exposures"]["updated"] == 1
    deleted = {name: step["deletes"]["tally"]["deleted"] for name, step in by_name(report).items() if step["deletes"]}
    assert deleted == {name: tally["delete"] for name, tally in preview.items() if "delete" in tally}
    after = institute.loaded()
    cases = set(before["case"]) - set(after["case"])
    assert len(cases) == 2
    assert not [one for table in LOADED[1:] for one in after[table].values() if one["cases"] in cases]
    with institute.open("gen3") as commons:
        assert commons["case"].count("submitter_id like 'NA%'") == 6  # other people's, out of scope


def _donors_with_one_diagnosis(biobank):
    """Three donors who are loaded, do not smoke, and have one diagnosis each."""
    records = biobank["biobank_diagnoses"].query(
        "donor.collection.biobank = 'north' and donor.consent = 'broad' and donor.smoking = '0'", fields=["donor"]
    )
    donors = [one["donor"] for one in records]
    return [one for one in donors if donors.count(one) == 1][10:13]


def test_a_mapping_that_was_extended_lets_in_who_waited(institute, first):
    before = sizes(institute.loaded())
    text = institute.file.read_text("utf-8")
    institute.file.write_text(text.replace("codes: {broad:", "codes: {genetic: general research, broad:"), "utf-8")
    assert status_of(["rejects", "replay", str(institute.file), "--step", "cases"]) == 0
    after = sizes(institute.loaded())
    come = {table: after[table] - before[table] for table in LOADED}
    assert come == {"case": 1, "demographic": 1, "exposure": 1, "diagnosis": 1, "sample": 3}


def test_a_row_that_was_corrected_by_hand_is_loaded(institute, first, tmp_path):
    before = institute.loaded()["exposure"]
    exported = tmp_path / "exposures.csv"
    assert status_of(["rejects", "export", "--step", "exposures", "--output", str(exported)]) == 0
    text = exported.read_text("utf-8")
    assert text.count('"72,5"') == 1
    exported.write_text(text.replace('"72,5"', "72.5"), "utf-8")
    assert status_of(["rejects", "replay", str(institute.file), "--corrected", str(exported)]) == 0
    after = institute.loaded()["exposure"]
    assert [after[key]["weight"] for key in set(after) - set(before) if after[key]["weight"] == 72.5] == [72.5]


def test_an_emptied_source_deletes_nothing(institute, first, capsys):
    before = institute.loaded()
    with institute.open("molgenis") as biobank:
        kept = biobank["biobank_diagnoses"].query().to_records()
        biobank["biobank_diagnoses"].delete(all=True).raise_for_refused()
        report = institute.night(status=9)
        biobank["biobank_diagnoses"].add(kept).raise_for_refused()
    assert "the source is empty" in capsys.readouterr().err
    assert by_name(report)["diagnoses"]["deletes"]["withheld"].startswith("the source is empty")
    assert institute.loaded() == before


OLD = {
    "H930": ("1930-05-01", "2016-03-01", ["2024-05-18"], ["2024-06-01"]),  # 85 when enrolled, 94 when diagnosed
    "H927": ("1927-02-11", "2019-09-30", ["2011-11-23"], ["2019-09-30"]),  # 84 when diagnosed, 92 when enrolled
    "H931": ("1931-01-01", "2016-02-01", ["2016-02-01", "2024-04-19"], ["2019-02-01"]),  # 85, then 93
    "H939": ("1939-12-31", "2020-01-01", ["2021-01-01"], ["2022-01-01"]),  # the last who has no years
    "H940": ("1940-01-01", "2020-01-01", ["2021-01-01"], ["2022-01-01"]),  # the first who has
}


def old_donors(biobank):
    for donor, (born, enrolled, diagnosed, taken) in OLD.items():
        one = {"id": donor, "collection": "north-cohort", "consent": "broad", "sex": "2"}
        biobank["biobank_donors"].add({**one, "birth_date": born, "enrolled": enrolled}).raise_for_refused()
        for number, day in enumerate(diagnosed):
            one = {"id": f"DX{donor}{number}", "donor": donor, "term": "icd10:I10", "diagnosed": day}
            biobank["biobank_diagnoses"].add(one).raise_for_refused()
        for number, day in enumerate(taken):
            one = {"id": f"SV{donor}{number}", "donor": donor, "taken": day, "materials": ["DNA"]}
            biobank["biobank_samplings"].add(one).raise_for_refused()


def test_the_oldest_are_one_group_at_every_event(institute, first):
    before = institute.loaded()["case"]
    with institute.open("molgenis") as biobank:
        old_donors(biobank)
    institute.night()
    now = datetime.now(UTC).year
    facts = {key: one for key, one in facts_by_case(institute.loaded()).items() if key not in before}
    assert not {key for key, one in facts.items() if ages_above(one, now)}
    events = sorted((one["born"], sorted(one["events"], key=str)) for one in facts.values() if one["born"])
    assert events == [(1940, [(81, 366, 2021), (None, 731, None)])]
    rest = sorted(tuple(sorted(one["events"], key=str)) for one in facts.values() if not one["born"])
    assert rest == [
        ((81, 366, None), (None, 731, None)),
        ((84, None, None), (None, None, None)),
        ((85, 0, None), (89, None, None), (None, 1096, None)),
        ((89, None, None), (None, None, None)),
    ]


def test_a_day_that_is_to_be_set_forward_is_told(institute, first):
    told = by_name(institute.night("--param", "years_from=1930-01-01", "--dry-run"))["years"]["rejects"]
    assert [(one["rule"], one["count"]) for one in told] == [("years_from is to be set forward", 1)]

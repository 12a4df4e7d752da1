"""Deletes in a table whose key has two fields: a pair goes when nobody has it, and no other goes with it."""

import datetime as dt
import json
import re

import pytest

import biodata
from biodata.cli.main import status_of
from biodata.cli.output import json_text
from biodata.pipelines.reports.progress import Silent
from biodata.pipelines.state.audit import Audit
from biodata.records.types import Date, Field, Integer, Schema, String

DONOR, DAY = Field("donor", String(), required=True), Field("on day", Date(), required=True)
REST = (Field("site", String()), Field("weight", Integer()))
VISITS = Schema("visits", ("donor", "on day"), (DONOR, DAY, *REST))
READ = Schema("read", (), tuple(Field(name, String()) for name in ("who", "day", "place", "kg")))
FILE = """\
version: 1
name: visits
steps:
  - name: visits
    extract: {from: source/read}
    transform:
      - columns:
          donor: src.who
          on day: CAST(src.day AS DATE)
          site: src.place
          weight: CAST(src.kg AS INTEGER)
    load: {to: target/visits, mode: merge, key: [on day, donor], batch: 3, delete_missing: {max: 50%}}
on_reject: {budget: 100%}
"""
REPLACE = (
    "mode: merge, key: [on day, donor], batch: 3, delete_missing: {max: 50%}",
    "mode: replace, key: [on day, donor]",
)
MODES = pytest.mark.parametrize("mode", [(), (REPLACE,)], ids=["merge", "replace"])
DAYS = FIRST, SECOND, THIRD = "2026-01-01", "2026-01-02", "2026-01-03"
PAIRS = [(who, day) for who in ("a", "a2", "b") for day in DAYS] + [("a2026-01", FIRST)]
PAIRS += [(f"z{number}", FIRST) for number in range(34)]
GONE = [("a", SECOND), ("a2", FIRST), ("b", THIRD), ("a2026-01", FIRST)]


def without(*gone):
    return [pair for pair in PAIRS if pair not in gone]


@pytest.fixture
def visits(connect):
    """Makes the source hold these visits, and no other; of a pair may be said what is otherwise."""

    def fill(pairs, otherwise=()):
        told = {pair: {"who": pair[0], "day": pair[1], "place": "here", "kg": "70"} for pair in pairs}
        rows = [row | dict(otherwise).get(pair, {}) for pair, row in told.items()]
        with connect("source") as connection:
            table = connection.ensure(READ)
            table.delete(all=True)
            table.add(rows).raise_for_refused()

    return fill


@pytest.fixture
def there(target):
    """The pairs of the target, days as text."""
    return lambda: sorted((donor, day.isoformat()) for donor, day in target("visits"))


@pytest.fixture
def loaded(visits, pipeline, run, connect):
    """Loads all pairs by the file; its key has another order than the table's."""

    def load(*replacements):
        visits(PAIRS)
        with connect("target") as connection:
            connection.ensure(VISITS)
        path = pipeline(*replacements, text=FILE)
        run(path)
        return path

    return load


def withheld(run, path, words, **options):
    with pytest.raises(biodata.CheckFailed, match=words) as caught:
        run(path, **options)
    assert caught.value.code == "BD-PIPELINE-WITHHELD"


@MODES
def test_only_pairs_that_nobody_has_are_deleted(visits, loaded, run, there, tmp_path, mode):
    path = loaded(*mode)
    visits(without(*GONE))
    assert run(path, dry_run=True).steps[0].preview == {"leave": 40, "delete": 4}
    report = run(path)
    assert (report.steps[0].deletes.there, report.steps[0].deletes.missing) == (44, 4)
    assert there() == sorted(without(*GONE))


def test_the_audit_log_names_the_pairs_that_were_deleted(visits, loaded, run, tmp_path):
    path = loaded()
    visits(without(*GONE))
    run(path)
    audit = Audit(tmp_path / "state")
    lines = [json.loads(line) for line in audit.chain.path.read_text().splitlines()]
    deleted = [key for line in lines if line["verb"] == "delete" for key in line["keys"]]
    gone = [audit.key_hash("target", "visits", (donor, dt.date.fromisoformat(day))) for donor, day in GONE]
    assert sorted(deleted) == sorted(gone)


def test_in_the_scope_alone_and_no_more_than_allowed(visits, loaded, run, there, connect):
    path = loaded(("max: 50%", "max: 2, scope: \"site = 'here' and `on day` < '2026-01-03'\""))
    with connect("target") as connection:
        connection["visits"].upsert({"donor": "a", "on day": SECOND, "site": "there"}).raise_for_refused()
    visits(without(*GONE))
    report = run(path)
    assert (report.steps[0].deletes.there, report.steps[0].deletes.missing) == (40, 2)
    assert there() == sorted(without(("a2", FIRST), ("a2026-01", FIRST)))


def test_more_than_allowed_are_withheld(visits, loaded, run, there):
    path = loaded(("max: 50%", "max: 3"))
    visits(without(*GONE))
    withheld(run, path, r"4 of 44 records would be deleted \(max: 3\)")
    assert there() == sorted(PAIRS)


@MODES
def test_a_rejected_row_whose_pair_is_known_keeps_its_record(visits, loaded, run, there, mode):
    path = loaded(*mode)
    wrong = {("a", FIRST): {"kg": "heavy"}, ("b", SECOND): {"kg": ""}}
    visits(without(*GONE), wrong)
    report = run(path)
    assert report.rejected == 2
    assert there() == sorted(without(*GONE))


@MODES
def test_a_rejected_row_of_which_half_the_pair_is_known_stops_the_deletes(visits, loaded, run, there, mode):
    path = loaded(*mode)
    visits(without(*GONE), {("a", FIRST): {"day": "no day"}})
    withheld(run, path, "of 1 rejected rows it is not known which records they are")
    assert there() == sorted(PAIRS)


@pytest.mark.parametrize("lacking", [None, ""])
def test_a_row_that_lacks_half_of_its_pair_stops_the_deletes(visits, loaded, run, there, lacking):
    path = loaded()
    visits(without(*GONE), {("a", FIRST): {"who": lacking}})
    withheld(run, path, "of 1 rejected rows it is not known which records they are")
    assert there() == sorted(PAIRS)


class Stopping(Silent):
    """Presses Ctrl-C when a task of that name begins, once."""

    def __init__(self, word):
        self.word = word

    def begin(self, task, _total=None):
        if self.word in task:
            raise KeyboardInterrupt


@pytest.mark.parametrize("word", ["merge into", "delete what"])
def test_what_is_known_of_rejected_rows_is_known_when_a_run_goes_on(visits, loaded, run, there, word, tmp_path):
    path = loaded()
    visits(without(*GONE), {("a", FIRST): {"kg": "heavy"}})
    with pytest.raises(KeyboardInterrupt):
        run(path, progress=Stopping(word))
    assert there() == sorted(PAIRS)
    visits([])
    report = run(path)
    assert (report.resumed, report.steps[0].deletes.tally) == (1, {"deleted": 4})
    assert there() == sorted(without(*GONE))


@MODES
def test_deletes_of_a_plan_are_those_that_were_approved(visits, loaded, run, there, connect, tmp_path, mode):
    path, plan = loaded(*mode), tmp_path / "plan.json"
    visits(without(*GONE, *PAIRS[:3]), {("b", FIRST): {"kg": "71"}})
    assert run(path, save_plan=plan).state == "planned"
    (told,) = json.loads(plan.read_text())["steps"]
    assert told["would"] == {"change": 1, "leave": 37, "delete": 6}
    assert "38 rows were read, 86% of the 44 of the last run" in told["guards"]
    assert there() == sorted(PAIRS)
    visits([])
    with connect("target") as connection:
        connection["visits"].delete([("a", FIRST)]).raise_for_refused()
        connection["visits"].add({"donor": "c", "on day": FIRST}).raise_for_refused()
    report = run(path, apply=plan)
    assert there() == sorted([*without(*GONE, *PAIRS[:3]), ("c", FIRST)])
    step = report.steps[0]
    assert (step.deletes.tally or step.tally)["deleted"] == 5


@MODES
def test_a_record_that_has_changed_since_the_plan_is_held_back_and_the_deletes_are_made(
    visits, loaded, run, there, connect, tmp_path, mode
):
    path, plan = loaded(*mode), tmp_path / "plan.json"
    visits(without(*GONE), {("b", FIRST): {"kg": "71"}})
    run(path, save_plan=plan)
    with connect("target") as connection:
        connection["visits"].update({"donor": "b", "on day": FIRST, "weight": 1}).raise_for_refused()
    with pytest.raises(biodata.CheckFailed, match="visits: 1 record"):
        run(path, apply=plan)
    assert there() == sorted(without(*GONE))


def test_pairs_of_two_steps_are_spared_by_both(visits, loaded, run, there):
    path = loaded()
    head, step, end = re.split("(?=  - name: visits|on_reject)", path.read_text("utf-8"))
    parts = (("early", "kg <> '70'"), ("late", "kg = '70'"))
    reads = [(f"name: {name}", f'{{from: source/read, where: "{where}"}}') for name, where in parts]
    steps = [step.replace("name: visits", name).replace("{from: source/read}", read) for name, read in reads]
    path.write_text("".join((head, *steps, end)), "utf-8")
    visits(without(*GONE), {pair: {"kg": "60"} for pair in without(*GONE)[::2]} | {("a", FIRST): {"kg": "heavy"}})
    report = run(path)
    assert sum(step.deletes.tally.get("deleted", 0) for step in report.steps) == 4
    assert there() == sorted(without(*GONE))


# --- without a file ---------------------------------------------------------------------------------------------


PAIRED = ("source/read", "target/visits", "--key", "who=donor,day=on day", "--map", "place=site", "--fields", "place")


@pytest.fixture
def say(visits, connect, tmp_path, monkeypatch, capsys):
    """The command, whose target has all pairs, of which the source has not four, and has one that is new."""
    visits([*without(*GONE), ("c", FIRST)], {("b", FIRST): {"place": "there"}})
    with connect("target") as connection:
        rows = [{"donor": who, "on day": day, "site": "here"} for who, day in PAIRS]
        connection.ensure(VISITS).add(rows).raise_for_refused()
    lines = (f"  {name}: {{platform: duckdb, path: {name}.duckdb}}\n" for name in ("source", "target"))
    (tmp_path / "profiles.yml").write_text("profiles:\n" + "".join(lines))
    monkeypatch.setenv("BIODATA_CONFIG", str(tmp_path / "profiles.yml"))
    monkeypatch.setenv("BIODATA_STATE", str(tmp_path / "state"))

    def call(*arguments, status=0):
        found = status_of([*map(str, arguments)])
        out, err = capsys.readouterr()
        assert found == status, err
        return out

    return call


def test_diff_pairs_records_by_both_fields(say):
    told = json.loads(say("diff", *PAIRED, "-o", "json", "--show-values"))
    assert [told[name] for name in ("only_a", "only_b", "different", "same")] == [1, 4, 1, 39]
    keys = {tuple(one["key"]) for one in told["records"] if one["where"] == "b"}
    assert keys == set(GONE)


def test_diff_counts_pairs_that_are_there_twice(say, connect):
    with connect("source") as connection:
        connection["read"].add([{"who": "a", "day": FIRST}, {"who": "a", "day": THIRD}]).raise_for_refused()
    assert json.loads(say("diff", *PAIRED, "-o", "json"))["doubled"] == 2


def test_sync_deletes_pairs(say, there):
    say("sync", *PAIRED, "--delete", status=9)
    assert there() == sorted([*PAIRS, ("c", FIRST)])
    scope = ("--where", f"day < '{THIRD}'", "--scope", f"`on day` < '{THIRD}'", "--max", "50%")
    assert "3 deleted" in say("sync", *PAIRED, "--delete", *scope)
    assert there() == sorted([*without(*GONE[:2], GONE[3]), ("c", FIRST)])


def test_a_preview_names_a_pair_as_diff_does(say):
    shown = ("b", FIRST)
    assert f"different: {json_text(shown, indent=0)}" in say("diff", *PAIRED, "-o", "text", "--show-values")
    assert f"{json_text(shown, indent=0)}: site" in say("sync", *PAIRED, "--dry-run", "--show-values")


def test_sync_deletes_by_a_plan(say, there, tmp_path):
    plan = tmp_path / "plan.json"
    assert "4 of 44 records would be deleted" in say("sync", *PAIRED, "--delete", "--save-plan", plan)
    assert "4 deleted" in say("sync", *PAIRED, "--delete", "--apply", plan)
    assert there() == sorted([*without(*GONE), ("c", FIRST)])

"""docs/scheduling.md: what it has for a shell is run by a shell, with the environment that cron gives."""

import os
import re
import shlex
import signal
import subprocess
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from biodata import errors
from biodata.cli.run import run
from biodata.pipelines import Journal, load_pipeline
from biodata.sandbox import Sandbox
from tests.recipes import EXAMINED, PAGE, ROOT, Night, files

DAY = "2026-11-30"


@pytest.fixture
def own(tmp_path):
    """A night before a MOLGENIS into which people come."""
    with Sandbox(("molgenis",)) as server:
        yield Night(tmp_path, server)


@pytest.fixture
def night(request, tmp_path):
    """A night before the MOLGENIS of all tests; or, where a test asks for `own`, before that one."""
    if "own" in request.fixturenames:
        return request.getfixturevalue("own")
    return Night(tmp_path, request.getfixturevalue("sandbox"))


@pytest.fixture
def cron(night):
    """Carries out the line of the crontab as cron does; gives what would be mailed and the exit status."""
    night.write("nightly.sh")
    *settings, line = night.here(files()["crontab"]).splitlines()
    given = dict(one.split("=", 1) for one in settings)
    command = line.split(maxsplit=5)[5]
    bare = {"HOME": str(night.directory), "LOGNAME": "etl", "SHELL": "/bin/sh", **given}

    def call(*, kill_when=None):
        begun = subprocess.Popen(
            ["/bin/sh", "-c", command], env=bare, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if kill_when:
            kill(night, kill_when, begun)
        mail, _ = begun.communicate()
        return SimpleNamespace(mail=mail, status=begun.returncode)

    return call


def kill(night, moment, begun):
    """kill -9 the run itself when the moment has come; the script sees what came of it."""
    until = time.monotonic() + 120
    while not (pid := moment(night)):
        assert begun.poll() is None, begun.communicate()
        assert time.monotonic() < until
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)


def loading(night):
    """The process of a run that has loaded something, and not everything."""
    if not (night.state / "journal.sqlite").exists():
        return None
    journal = Journal(night.state)
    return next((run.pid for run in journal.runs() if journal.batches(run.id)), None)


def _day(ago: int = 0) -> str:
    return (datetime.now().astimezone().date() - timedelta(days=ago)).isoformat()


def test_the_page_has_a_file_for_each_tool():
    assert {"crontab", "Snakefile", "main.nf"} <= set(files())
    assert {f"examinations_{tool}.py" for tool in ("airflow", "prefect", "dagster")} <= set(files())


def test_cron_says_nothing_when_all_is_well(night, cron):
    before = _day()
    first = cron()
    assert (first.mail, first.status) == ("", 0)
    assert night.loaded() == EXAMINED
    (report,) = night.directory.glob("reports/*/examinations.html")
    assert report.parent.name in {before, _day()}
    assert "3 rows read" in (night.directory / "examinations.out").read_text()


def test_the_next_night_reads_from_the_last_one_on(night, cron):
    assert [cron().status, cron().status] == [0, 0]
    assert "1 rows read" in (night.directory / "examinations.out").read_text()  # who was examined last
    assert night.loaded() == EXAMINED


def test_nobody_is_left_out_when_a_night_is_killed_while_it_loads(own, cron):
    """Night 28 dies; somebody is examined on the 28th; night 29 loads what 28 had read; night 30 has everybody."""
    own.change("key: [id]", "key: [id], batch: 1")  # so that it can be met in the middle
    people = [f"P{number}" for number in range(300)]
    own.examine(*people, day=_day(ago=2))
    killed = cron(kill_when=loading)
    assert (killed.status, killed.mail.count("\n")) == (137, 1)
    own.examine("p3", day=_day(ago=1))
    assert cron().status == 0
    assert [(run.state, run.resumed) for run in Journal(own.state).runs()] == [("done", 1)]
    assert own.loaded() == EXAMINED + len(people)
    assert cron().status == 0
    assert own.loaded() == EXAMINED + len(people) + 1


def test_nobody_is_left_out_who_comes_in_while_nights_fail_or_are_missed(own, cron):
    assert cron().status == 0
    own.examine("late", day=_day(ago=20))
    own.change(own.url, "http://127.0.0.1:9", "profiles.yml")
    own.change("wait: 15m", "wait: 0s")
    assert cron().status == 6
    own.change("http://127.0.0.1:9", own.url, "profiles.yml")
    assert cron().status == 0
    assert own.loaded() == EXAMINED + 1


def test_who_is_entered_within_the_lag_is_read(own, cron):
    own.examine("today", day=_day())
    assert cron().status == 0
    own.examine("in time", day=_day(ago=29))
    assert cron().status == 0
    assert own.loaded() == EXAMINED + 2


def test_no_recipe_keeps_a_date_from_which_on_to_read():
    for name, text in files().items():
        assert not re.search(r"--param|parameters=|since", text), name


def wrong(night):
    night.change("glucose > 0", "glucose > 5")


def some_wrong(night):
    wrong(night)
    night.change("budget: 1%", "budget: 100%")


def no_password(night):
    night.change(f"UMCG_PASSWORD='{night.password}'", "UMCG_PASSWORD=not-the-password", "environment")


def no_variable(night):
    night.change("UMCG_PASSWORD", "ANOTHER_PASSWORD", "environment")


def no_command(night):
    (night.bin / "biodata").unlink()


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (wrong, 8, "rejected, and the budget"),
        (some_wrong, 7, "rejected"),
        (no_password, 4, "login"),
        (no_variable, 3, "UMCG_PASSWORD"),
        (Night.server_goes_away, 6, "127.0.0.1:9"),
        (no_command, 127, "biodata"),
    ],
)
def test_cron_is_told_in_one_line_what_is_wrong(night, cron, change, status, words):
    change(night)
    told = cron()
    assert told.status == status, told.mail
    assert told.mail.count("\n") == 1
    assert told.mail.startswith(f"examinations: exit status {status}: ")
    assert words in told.mail
    assert "not-the-password" not in told.mail


def test_a_night_that_failed_is_made_up_for(night, cron):
    wrong(night)
    assert cron().status == 8
    night.change("glucose > 5", "glucose > 0")
    assert cron().status == 0
    assert night.loaded() == EXAMINED


def test_a_second_run_at_the_same_time_is_told_so(night, cron):
    night.state.mkdir(mode=0o700)
    with Journal(night.state).hold("examinations"):
        told = cron()
    assert told.status == 3
    assert told.mail.count("\n") == 1
    assert night.runs() == []


def test_the_shell_text_of_snakemakes_rule(night):
    rule = files()["Snakefile"]
    text = re.search(r'shell:\n\s+"(.*)"', rule)[1]
    (night.directory / "logs").mkdir()  # Snakemake makes the directories of what a rule says it makes
    command = text.format(input="examinations.yml", wildcards=SimpleNamespace(day=DAY), log="logs/1.log")
    done = night.program("bash", "-c", f"set -euo pipefail; {command}")
    assert done.returncode == 0, (night.directory / "logs/1.log").read_text()
    output = re.search(r'output:\n\s+"(.*)"', rule)[1]
    assert (night.directory / output.format(day=DAY)).is_file()
    assert night.loaded() == EXAMINED


def script(night):
    """The shell text of Nextflow's process, with its values."""
    text = re.search(r'"""\n(.*?)"""', files()["main.nf"], re.DOTALL)[1]
    return text.replace("${projectDir}", shlex.quote(str(night.directory)))


def test_the_script_of_nextflows_process(night, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    done = night.program("bash", "-ue", "-c", script(night), directory=work)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in work.iterdir()) == ["examinations.html", "examinations.json"]
    assert night.loaded() == EXAMINED


def test_nextflow_tries_again_when_a_server_is_away_and_after_a_kill(night):
    night.server_goes_away()
    done = night.program("bash", "-ue", "-c", script(night))
    again = re.search(r"task\.exitStatus in \[(.*?)\]", files()["main.nf"])[1]
    assert {int(one) for one in again.split(", ")} == {done.returncode, 128 + 9, 128 + 15}


@pytest.mark.parametrize("name", [name for name in files() if name.endswith(".py")])
def test_the_recipes_in_python_are_python(name):
    compile(files()[name], name, "exec")


def test_every_option_on_the_page_is_an_option_of_the_command():
    known = {option for parameter in run.params for option in parameter.opts}
    blocks = "\n".join(files()[name] for name in ("nightly.sh", "Snakefile", "main.nf"))
    used = {word for line in re.findall(r"biodata run .*", blocks) for word in re.findall(r"--[a-z-]+", line)}
    assert {"--report", "--strict"} <= used <= known
    assert {"--events", "--restart"} <= known


def test_every_exit_status_is_told():
    rows = re.findall(r"^\| (\d[\d, ]*) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    told = {int(one) for row in rows for one in row.split(",")}
    kinds = [getattr(errors, name) for name in errors.__all__ if name != "near_match"]
    assert {kind.exit_status for kind in kinds} <= told


def test_the_versions_on_the_page_are_those_that_are_run():
    text = PAGE.read_text("utf-8")
    names = re.findall(r"(Airflow|Prefect|Dagster|Snakemake|Nextflow) (\d+\.\d+\.\d+)", text)
    locked = {path.stem for path in (ROOT / "tests/more").iterdir()}
    assert {f"{name.lower()}-{version}" for name, version in names} <= locked
    assert len(dict(names)) == 5


def test_the_pipeline_of_the_page_makes_sense(night):
    spec = load_pipeline(night.directory / "examinations.yml").spec
    assert not spec.parameters  # the same command every night
    assert spec.steps[0].extract.incremental.cursor == "examined"

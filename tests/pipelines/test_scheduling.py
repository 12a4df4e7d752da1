"""docs/scheduling.md: what it has for a shell is run by a shell, with the environment that cron gives."""

import re
import shlex
import subprocess
from datetime import datetime
from types import SimpleNamespace

import pytest

from biodata import errors
from biodata.cli.run import run
from biodata.pipelines import Journal, load_pipeline
from tests.recipes import EXAMINED, FIRST_DAY, PAGE, ROOT, Night, files


@pytest.fixture
def night(tmp_path, sandbox):
    return Night(tmp_path, sandbox)


@pytest.fixture
def cron(night):
    """Carries out the line of the crontab as cron does; gives what would be mailed and the exit status."""
    night.write("nightly.sh")
    *settings, line = night.here(files()["crontab"]).splitlines()
    given = dict(one.split("=", 1) for one in settings)
    command = line.split(maxsplit=5)[5]
    bare = {"HOME": str(night.directory), "LOGNAME": "etl", "SHELL": "/bin/sh", **given}

    def call():
        done = subprocess.run(
            ["/bin/sh", "-c", command], env=bare, cwd="/", capture_output=True, text=True, check=False
        )
        return SimpleNamespace(mail=done.stdout + done.stderr, status=done.returncode)

    return call


def _day() -> str:
    return datetime.now().astimezone().date().isoformat()


def test_the_page_has_a_file_for_each_tool():
    assert {"crontab", "Snakefile", "main.nf"} <= set(files())
    assert {f"examinations_{tool}.py" for tool in ("airflow", "prefect", "dagster")} <= set(files())


def test_cron_says_nothing_when_all_is_well(night, cron):
    before = _day()
    first = cron()
    assert (first.mail, first.status) == ("", 0)
    assert night.loaded() == EXAMINED
    day = (night.directory / "examinations.since").read_text().strip()
    assert day in {before, _day()}
    assert (night.directory / "reports" / day / "examinations.html").is_file()
    assert "3 rows read" in (night.directory / "examinations.out").read_text()


def test_the_next_night_reads_from_the_last_one_on(night, cron):
    assert [cron().status, cron().status] == [0, 0]
    assert "0 rows read" in (night.directory / "examinations.out").read_text()
    assert night.loaded() == EXAMINED


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
    assert (night.directory / "examinations.since").exists() == (status == 7)


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
    command = text.format(input="examinations.yml", wildcards=SimpleNamespace(since=FIRST_DAY), log="logs/1.log")
    done = night.program("bash", "-c", f"set -euo pipefail; {command}")
    assert done.returncode == 0, (night.directory / "logs/1.log").read_text()
    output = re.search(r'output:\n\s+"(.*)"', rule)[1]
    assert (night.directory / output.format(since=FIRST_DAY)).is_file()
    assert night.loaded() == EXAMINED


def script(night):
    """The shell text of Nextflow's process, with its values."""
    text = re.search(r'"""\n(.*?)"""', files()["main.nf"], re.DOTALL)[1]
    return text.replace("${projectDir}", shlex.quote(str(night.directory))).replace("${since}", FIRST_DAY)


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
    assert {"--param", "--report", "--strict"} <= used <= known
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
    assert load_pipeline(night.directory / "examinations.yml").spec.parameters[0].required

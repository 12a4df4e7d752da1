"""Runs whose every byte is searched: each value of their records holds a sign that stands nowhere else."""

import re
from contextlib import contextmanager

import pytest

from biodata.cli.main import status_of
from biodata.sandbox.run import Sandbox

__all__ = ["SIGN", "House", "opened_house", "step", "text"]

SIGN = re.compile(rb"qzx|7741741|774174|1917-?0[78]", re.IGNORECASE)
"""In each text, number and date of a record, in the key of the pseudonyms, and in what parameters are given."""
OWN = ("source", "local")


class House:
    """A directory with two DuckDB files, beside the servers of a sandbox; the command finds both."""

    def __init__(self, home, sandbox, capfd=None):
        self.home, self.sandbox, self.capfd = home, sandbox, capfd
        self.reports, self.events, self.state = home / "reports", home / "events.ndjson", home / "state"

    def say(self, *arguments, status=0, values=False):
        """Calls the command, and finds no sign in what it says; gives what it said on stdout."""
        self.capfd.readouterr()
        found = status_of([str(one) for one in arguments])
        out, err = self.capfd.readouterr()
        signs = [line for line in (out + err).splitlines() if SIGN.search(line.encode())]
        assert bool(signs) is values, signs
        assert found == status, err
        return out

    def go(self, content, *options, status=0, name="night"):
        """Runs the text of a pipeline as loudly as can be; no sign is in anything that it leaves for others."""
        file = self.home / f"{name}.yml"
        file.write_text(content, "utf-8")
        options = ("--report", self.reports, "--events", self.events, *options)
        self.say("-vv", "run", file, *options, status=status)
        left = [*self.reports.iterdir(), self.events, self.state / "audit.ndjson"]
        assert not [path.name for path in left if path.exists() and SIGN.search(path.read_bytes())]

    def kept(self):
        """The files of the state directory that hold people's values, beside what waits to be applied."""
        kept = [*self.state.rglob("*")]
        assert not [path for path in kept if path.stat().st_mode & 0o077]
        assert not [path for path in kept if SIGN.search(str(path.relative_to(self.home)).encode())]
        files = [path for path in kept if path.is_file() and path.parent.name != "spool"]
        return {path.name for path in files if SIGN.search(path.read_bytes())}


@contextmanager
def opened_house(home, platforms, **options):
    """The house while the servers of these platforms run, in the environment of the command."""
    own = (f"  {name}: {{platform: duckdb, path: '{home}/{name}.duckdb', access: delete}}\n" for name in OWN)
    with pytest.MonkeyPatch.context() as patch, Sandbox(platforms, **options) as sandbox:
        config = home / "profiles.yml"
        config.write_text(sandbox.config_path.read_text().replace("  local:", "  sandboxes:") + "".join(own))
        patch.setenv("BIODATA_CONFIG", str(config))
        patch.setenv("BIODATA_STATE", str(home / "state"))
        patch.setenv("QZX_KEY", "a key of qzx that is long enough")
        yield House(home, sandbox)


def step(name, transform="", to=None, key="id", *, check="", extract="from: source/people", load="", mode="merge"):
    """The text of a step."""
    loads = f"    load: {{to: {to or f'local/{name}'}, mode: {mode}, key: {key}{load}}}\n"
    checks = f"    check: [{check}]\n" if check else ""
    return f"  - name: {name}\n    extract: {{{extract}}}\n    transform: [{transform}]\n{checks}{loads}"


def text(name, *steps, budget="100%", params=""):
    """The text of a pipeline."""
    return f"version: 1\nname: {name}\n{params}steps:\n{''.join(steps)}on_reject: {{budget: {budget}}}\n"

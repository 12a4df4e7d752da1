"""The files of docs/scheduling.md, laid out as the page says, on this computer and before a MOLGENIS on loopback."""

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

import biodata
from biodata.pipelines import Journal

ROOT = Path(__file__).parents[1]
SOURCES = f"{ROOT}{os.pathsep}{ROOT / 'adapters'}"
PAGE = ROOT / "docs/scheduling.md"
BLOCK = re.compile(r"^```(\w+) file=(\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMINED = 3
"""Persons of the sandbox's MOLGENIS who were examined since the study began."""


def files():
    """Name to text of each file on the page."""
    return {name: text for _, name, text in BLOCK.findall(PAGE.read_text("utf-8"))}


class Night:
    """The directory /srv/biodata of the page.

    Attributes:
        environment: what the page's file of that name says, and where `biodata` and the usual programs are.
    """

    def __init__(self, directory, sandbox):
        self.directory = directory
        profile = yaml.safe_load(sandbox.config_path.read_text("utf-8"))["profiles"]["molgenis"]
        self.url = profile["url"]
        self.password = sandbox.platform("molgenis").state.passwords[profile["username"]]
        self.state = directory / "state"
        self.write("examinations.yml", "profiles.yml", "environment")
        self.bin = self._command()
        said = dict(line.split("=", 1) for line in (directory / "environment").read_text("utf-8").splitlines())
        usual = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(directory), "PYTHONPATH": SOURCES}
        self.environment = {**usual, **{name: value.strip("'") for name, value in said.items()}}

    def write(self, *names, **replaced):
        """Write files of the page; gives the path of the last."""
        for name in names:
            path = self.directory / name
            text = self.here(files()[name])
            for old, new in replaced.items():
                assert old in text, old
                text = text.replace(old, new)
            path.write_text(text, "utf-8")
            path.chmod(0o700)
        return path

    def here(self, text):
        """A text of the page, with the addresses and places of this computer."""
        places = {
            "/srv/biodata": str(self.directory),
            "/var/lib/biodata": str(self.state),
            "/opt/biodata/bin": str(self.directory / "bin"),
            "https://molgenis.example.org": self.url,
            "username: etl": "username: admin",
            "the password": self.password,
        }
        for old, new in places.items():
            text = text.replace(old, new)
        return text

    def change(self, old, new, name="examinations.yml"):
        """Replace some text of a file."""
        path = self.directory / name
        text = path.read_text("utf-8")
        assert old in text, old
        path.write_text(text.replace(old, new), "utf-8")

    def server_goes_away(self):
        """Nobody listens at the address any more, and nobody waits."""
        self.change(self.url, "http://127.0.0.1:9", "profiles.yml")
        self.change("wait: 15m", "wait: 0s")

    def _command(self):
        """`biodata` of this Python, as a program of its own directory."""
        directory = self.directory / "bin"
        directory.mkdir()
        python = f'PYTHONPATH="{SOURCES}" exec "{sys.executable}"'
        (directory / "biodata").write_text(f'#!/bin/sh\n{python} -m biodata "$@"\n', "utf-8")
        (directory / "biodata").chmod(0o700)
        return directory

    def program(self, *arguments, directory=None, **environment):
        """Run a program to its end with the page's environment and no other."""
        return subprocess.run(
            [str(one) for one in arguments],
            cwd=directory or self.directory,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def examine(self, *names, day):
        """People come into the source, examined on a day."""
        who = {"username": "admin", "password": self.password, "access": "write"}
        with biodata.connect(self.url, platform="molgenis", **who) as umcg:
            rows = ({"id": one, "sex": "f", "examined": day, "glucose_mmol_l": 5} for one in names)
            umcg["persons"].add(rows).raise_for_refused()

    def loaded(self):
        """How many records the target has."""
        with biodata.connect(self.directory / "warehouse.duckdb", platform="duckdb") as connection:
            return connection["examinations"].count()

    def runs(self):
        """How each run ended, in order."""
        return [run.state for run in Journal(self.state).runs()]

"""The command as a process that kills itself at a moment of its own, as kill -9 would by chance."""

import os
import signal
import subprocess
import sys

__all__ = ["Killed"]

KILL = """\
import os, signal, sys
from importlib import import_module
from biodata.cli.main import main

place, name, when, count = sys.argv.pop(1).split()
module, _, owner = place.partition(":")
owner = getattr(import_module(module), owner) if owner else import_module(module)
real, left = getattr(owner, name), int(count)

def last(*arguments, **named):
    global left
    left -= 1
    if when == "before" and left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    answer = real(*arguments, **named)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

setattr(owner, name, last)
main()
"""


class Killed:
    """Runs `biodata` on the DuckDB files `source` and `target` of a directory.

    Args:
        directory: where they lie; `state` is the state directory.
    """

    def __init__(self, directory, state):
        self._directory = directory
        profiles = directory / "profiles.yml"
        lines = [f"  {name}: {{platform: duckdb, path: {name}.duckdb}}\n" for name in ("source", "target")]
        profiles.write_text("profiles:\n" + "".join(lines), "utf-8")
        self._environment = {**os.environ, "BIODATA_CONFIG": str(profiles), "BIODATA_STATE": str(state)}

    def __call__(self, moment, *arguments):
        """Run it until it kills itself: `biodata.module:Class method before 1`, or `after` it for the nth time.

        Without a class it is a function of the module.
        """
        done = self._do(["-c", KILL, moment, *map(str, arguments)])
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr

    def done(self, *arguments, status=0):
        """Run it to its end; what it says."""
        done = self._do(["-m", "biodata", *map(str, arguments)])
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def _do(self, arguments):
        return subprocess.run(
            [sys.executable, *arguments], env=self._environment, cwd=self._directory, capture_output=True,
            check=False, text=True, timeout=240,
        )  # fmt: skip

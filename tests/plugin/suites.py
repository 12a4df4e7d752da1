"""Runs the compliance suite of the tiny adapter once for each way of breaking it.

A process of its own: `python suites.py FAULT:TEST…`. Everything is imported once, then each run is a child, which
writes a line of JSON: the fault, the exit status of pytest and what it said.
"""

import contextlib
import io
import json
import os
import sys
import traceback
from pathlib import Path

import hypothesis  # noqa: F401 - so that no child has to
import pytest

import biodata.testing  # noqa: F401

SUITE = Path(__file__).parent / "compliance_of_tiny.py"
IMPORTS = "addopts=--import-mode=importlib"
# with plain asserts, because what is imported already cannot be rewritten
OPTIONS = ("-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "broken_tiny", "--noconftest", "-o", IMPORTS)


def run(fault: str, test: str) -> None:
    os.environ["BROKEN"] = fault
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = pytest.main([*OPTIONS, "-k", test, str(SUITE)])
    sys.stdout.write(json.dumps({"fault": fault, "status": int(status), "said": said.getvalue()}) + "\n")
    sys.stdout.flush()


for argument in sys.argv[1:]:
    child = os.fork()
    if not child:
        try:
            run(*argument.split(":"))
        except BaseException:  # noqa: BLE001 - a child never gets out of here
            traceback.print_exc()
        os._exit(0)
    os.waitpid(child, 0)

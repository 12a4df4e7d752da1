"""The house: who may import whom, and what a light import loads."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = {"pyopencga", "gen3", "gql", "molgenis"}
OWN = {"biodata", "msgspec", "click", "typing_extensions"}

RANKS = {
    "errors": 0,
    "records": 1,
    "query": 2,
    "http": 2,
    "config": 2,
    "receipts": 2,
    "extras": 2,
    "spelling": 1,
    "fitting": 2,
    "pages": 1,
    "adapter": 3,
    "registry": 4,
    "keys": 4,
    "parents": 5,
    "references": 4,
    "tabular": 4,
    "scan": 5,
    "keysets": 5,
    "expansion": 5,
    "grouping": 6,
    "groups": 7,
    "results": 8,
    "graph": 9,
    "repository": 9,
    "getting": 9,
    "comparing": 8,
    "writing": 9,
    "deleting": 9,
    "connection": 10,
    "opening": 10,
    "pipelines": 11,
    "sandbox": 11,
    "testing": 11,
    "cli": 12,
}
"""A room imports its own modules and rooms of a lower rank; those of one verb's rank may know each other."""

PEERS = {
    ("repository", "getting"), ("repository", "writing"), ("repository", "deleting"),
    ("getting", "repository"), ("deleting", "writing"), ("writing", "repository"),
    ("connection", "opening"), ("opening", "connection"), ("repository", "connection"),
    ("scan", "keysets"), ("keysets", "scan"),
}  # fmt: skip


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """The modules that a file imports when it runs; what only type checkers see does not count."""
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending.extend(node.orelse)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        else:
            pending.extend(ast.iter_child_nodes(node))
    return found


def room(path: Path) -> str:
    inside = path.relative_to(ROOT / "biodata")
    return inside.parts[0].removesuffix(".py")


def test_the_core_imports_no_adapter_and_no_client() -> None:
    wrong = {
        (str(path.relative_to(ROOT)), name)
        for path in sources("biodata")
        for name in imports(path)
        if name.split(".")[0] in CLIENTS or name.startswith("biodata_")
    }
    assert not wrong


@pytest.mark.parametrize("folder", ["biodata", "adapters", "tests", "benchmarks"])
def test_nobody_imports_adapters(folder: str) -> None:
    wrong = [path for path in sources(folder) for name in imports(path) if name.split(".")[0] == "adapters"]
    assert not wrong


def test_every_room_has_a_rank() -> None:
    rooms = {room(path) for path in sources("biodata")} - {"__init__", "__main__"}
    assert rooms == set(RANKS)


def test_imports_go_down_only() -> None:
    wrong = []
    for path in sources("biodata"):
        here = room(path)
        if here not in RANKS:
            continue
        for name in imports(path):
            parts = name.split(".")
            there = parts[1] if parts[0] == "biodata" and len(parts) > 1 else None
            if there not in RANKS or there == here or (here, there) in PEERS:
                continue
            if RANKS[there] >= RANKS[here]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_only_the_command_imports_sandbox_and_testing() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources("biodata")
        for name in imports(path)
        for part in ("sandbox", "testing")
        if name.startswith(f"biodata.{part}") and room(path) not in {part, "cli"}
    ]
    assert not wrong


def loaded(code: str) -> set[str]:
    """The modules beyond the standard library that running the code loads."""
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    names = json.loads(done.stderr.strip().splitlines()[-1])
    bare = subprocess.run(
        [sys.executable, "-I", "-c", "import sys, json; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    there = set(json.loads(bare.stdout))
    return {name for name in names if name not in there and name.split(".")[0] not in sys.stdlib_module_names}


def test_import_biodata_loads_the_errors_alone() -> None:
    assert loaded("import biodata") == {"biodata", "biodata.errors"}


def test_col_loads_the_filter_tree_and_nothing_heavy() -> None:
    found = loaded("import biodata; biodata.col('a') > 1")
    assert {name.split(".")[0] for name in found} <= OWN - {"click"}
    assert {name for name in found if name.startswith("biodata")} == {
        "biodata",
        "biodata.errors",
        "biodata.query",
        "biodata.query.builder",
        "biodata.query.patterns",
        "biodata.query.tree",
        "biodata.records",
        "biodata.records.types",
    }


def test_help_loads_click_and_nothing_heavy() -> None:
    found = loaded("from biodata.cli.main import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass")
    assert {name.split(".")[0] for name in found} <= OWN


def test_the_map_of_queries_names_each_module_once():
    told = ast.get_docstring(ast.parse((ROOT / "biodata/query/__init__.py").read_text(encoding="utf-8"))) or ""
    named = re.findall(r"`(\w+)`", told)
    names = [path.stem for path in sources("biodata/query") if path.stem != "__init__"]
    assert sorted(named) == names

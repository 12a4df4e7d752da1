"""One table made like another: the pipeline file that does it, which grows into one of its own when it must."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.pairs.pairing import Pairing
from biodata.pipelines.state.kept import MADE_BY_SYNC
from biodata.pipelines.state.private import private_directory, replace_private, usable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Sync", "sync_file", "sync_name"]

_LONGEST = 63


class Sync(msgspec.Struct, frozen=True, kw_only=True):
    """What goes from a table A to a table B.

    Attributes:
        a: its address; `b` likewise.
        pairing: which field stands for which.
        where: a filter: which records of A.
        delete: whether records of B that A has not are deleted: those that the filter `scope` is true of, but no
            more than `most`, a number or a percentage.
        budget: how many records may be refused.
    """

    a: str
    b: str
    pairing: Pairing
    where: str | None = None
    delete: bool = False
    scope: str | None = None
    most: str | None = None
    budget: str = "0"


def sync_file(sync: Sync, directory: Path) -> Path:
    """Write its pipeline file, for the owner's eyes only: the filters may hold people's values."""
    path = directory / f"{sync_name(sync.a, sync.b)}.yml"
    with usable("The pipeline file", path, "written"):
        private_directory(directory)
        replace_private(path, _text(sync).encode())
    return path


def sync_name(a: str, b: str) -> str:
    """The pipeline's name: the same for the same two tables, so that a run that died is taken up again."""
    whole = f"sync/{a}/{b}"
    words = re.sub(r"[^a-z0-9_]+", "-", whole.lower())
    if words == whole.replace("/", "-") and len(words) <= _LONGEST and "-" not in whole:
        return words
    return f"{words[: _LONGEST - 7].rstrip('-')}-{sha256(whole.encode()).hexdigest()[:6]}"


def _text(sync: Sync) -> str:
    """YAML; its values are written as JSON, which is YAML too."""
    lines = [
        f"# {sync.b} like {sync.a}: {MADE_BY_SYNC}; a copy is a pipeline file of your own",
        "version: 1",
        f"name: {sync_name(sync.a, sync.b)}",
        "steps:",
        "  - name: sync",
        f"    extract: {_flow(_extract(sync))}",
        *([f"    transform: [{{rename: {_flow(renamed)}}}]"] if (renamed := _renamed(sync.pairing)) else []),
        f"    load: {_flow(_load(sync))}",
        f"on_reject: {{budget: {_flow(sync.budget)}}}",
    ]
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _extract(sync: Sync) -> dict[str, Any]:
    where = {} if sync.where is None else {"where": sync.where}
    return {"from": sync.a, **where, "fields": list(sync.pairing.names)}


def _renamed(pairing: Pairing) -> dict[str, str]:
    return {name: other for name, other in pairing.names.items() if name != other}


def _load(sync: Sync) -> dict[str, Any]:
    scope = {} if sync.scope is None else {"scope": sync.scope}
    most = {} if sync.most is None else {"max": sync.most}
    deletes = {"delete_missing": {**scope, **most}} if sync.delete else {}
    return {"to": sync.b, "mode": "merge", "key": [name for _, name in sync.pairing.key], **deletes}

"""The names of older versions of pyopencga, and the table of what to write for them today."""

from __future__ import annotations

import inspect
from operator import attrgetter
from pathlib import Path
from typing import Any

from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata_opencga.adapter import OpencgaAdapter
from biodata_opencga.client_names import RENAMED_CLIENTS, today

LIST = Path(__file__).with_name("older_pyopencga.txt")
OF_THE_CLIENT = ("session_id", "user_id", "refreshToken")


def older_names() -> list[str]:
    """`users.projects`, … as docs/older_pyopencga.txt has them."""
    lines = LIST.read_text(encoding="utf-8").splitlines()[1:]
    clients = (line.partition(": ") for line in lines)
    return [f"{client}.{method}" for client, _, methods in clients for method in methods.split()]


def names_table() -> str:
    """One row a name, with what to write today."""
    client = _client()
    rows = [f"| `{old}` | `{new}` | each method below |" for old, new in RENAMED_CLIENTS.items()]
    for name in (*OF_THE_CLIENT, *older_names()):
        now = today(name)
        calls = "<br>".join(_call(client, one) for one in now.calls) or "nothing"
        rows.append(f"| `{name}` | {calls} | {now.note} |")
    return "\n".join(["| older | today | |", "| --- | --- | --- |", *rows])


def _client() -> Any:
    settings = settings_from_values(OpencgaAdapter.Settings, {"url": "https://opencga.example.org", "token": "none"})
    return OpencgaAdapter.open(settings, Context()).client


def _call(client: Any, name: str) -> str:
    if "." not in name:
        return f"`{name}`"
    parameters = inspect.signature(attrgetter(name)(client)).parameters.values()
    return f"`{name}({', '.join('…' if one.kind is one.VAR_KEYWORD else one.name for one in parameters)})`"

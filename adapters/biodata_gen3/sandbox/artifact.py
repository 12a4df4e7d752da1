"""Reading a data dictionary: as `/_dictionary/_all` gives it, or as commons publish theirs.

The published form is one JSON object of the source files, `"case.yaml": {…}`, whose parts refer to each other:
`{"$ref": "_definitions.yaml#/UUID"}`, several in a list, beside further keys that win.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_artifact"]

_SUFFIX = ".yaml"
_TERMS = "_terms.yaml"


def read_artifact(path: Path) -> dict[str, Any]:
    """The dictionary of a JSON file, without references.

    Raises:
        ValueError: it is no JSON object, or a reference leads nowhere.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError:
        raise ValueError("it is not JSON") from None
    if not isinstance(raw, dict):
        raise ValueError("it is no object of node types")  # noqa: TRY004 - for the caller it is a bad value
    if not any(name.endswith(_SUFFIX) for name in raw):
        return raw
    return {name.removesuffix(_SUFFIX): _resolved(part, name, raw) for name, part in raw.items()}


def _resolved(value: Any, here: str, files: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_resolved(one, here, files) for one in value]
    if not isinstance(value, dict):
        return value
    merged: dict[str, Any] = {}
    refs = value.get("$ref", [])
    for ref in [refs] if isinstance(refs, str) else refs:
        merged |= _target(ref, here, files)
    return merged | {name: _resolved(one, here, files) for name, one in value.items() if name != "$ref"}


def _target(ref: str, here: str, files: dict[str, Any]) -> dict[str, Any]:
    file, _, path = ref.partition("#/")
    if ref.startswith("http"):
        return {}
    found: Any = files.get(file or here)
    for step in path.split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        if file == _TERMS:
            return {}  # a term only describes, and dictionaries are published without some of theirs
        raise ValueError(f"the reference {ref} in {here} leads nowhere")
    resolved: dict[str, Any] = _resolved(found, file or here, files)
    return resolved

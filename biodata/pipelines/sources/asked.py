"""Digests of what a step asks for: where one is another, what was read before says nothing."""

from __future__ import annotations

import hmac
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.parameters import names_in
from biodata.pipelines.spec import CodeList, FileExtract

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.pipelines.sources.base import Binding
    from biodata.pipelines.spec import Extract, PipelineSpec, Step

__all__ = ["ANEW", "digest_of", "records_of"]

ANEW = "the step was changed, or asks for other records than at the last run, so everything is read"
PLACES = frozenset({"line", "column"})
NOT_WHICH = PLACES | {"fields", "contract", "incremental"}
"""What an extract says besides which records it is about."""


def digest_of(binding: Binding, extract: Extract | FileExtract, salt: str) -> str:
    """Of the extract with the values of its parameters, of `each`, and of `transform` with the lists that it names.

    Args:
        binding: of the step.
        extract: its extract, as the file says it.
        salt: in hex; the values may be people's, and nobody is to find them by trying.
    """
    step = binding.step
    place = extract.path if isinstance(extract, FileExtract) else str(extract.source)
    names = dict.fromkeys((*names_in(place), *names_in(extract.where or "")))
    each = step.each
    told = {
        "extract": [place, extract.where, extract.fields, {name: binding.values.get(name) for name in names}],
        "each": each and [each.name, binding.values[each.values] if isinstance(each.values, str) else each.values],
        "transform": _without_places(msgspec.to_builtins(step.transform)),
        "lists": [_digest(binding, one.path) for one in step.transform if isinstance(one, CodeList) and one.path],
    }
    text = msgspec.json.encode(told, enc_hook=str, order="deterministic")
    return hmac.digest(bytes.fromhex(salt), text, "sha256").hex()


def records_of(spec: PipelineSpec, step: Step, values: Mapping[str, Any]) -> str:
    """Of which records a step gets, through all the steps that it reads from; a run that asks otherwise gets others.

    It is no secret, so keep it where the records themselves may lie.
    """
    told: list[Any] = []
    for one in (*spec.upstream(step), step):
        asked = {name: part for name, part in msgspec.to_builtins(one.extract).items() if name not in NOT_WHICH}
        each = one.each and [one.each.name, one.each.values]
        names = {*names_in(str(asked)), *([one.each.values] if one.each and isinstance(one.each.values, str) else [])}
        told.append([asked, each, {name: values.get(name) for name in sorted(names)}])
    return sha256(msgspec.json.encode(told, enc_hook=str, order="deterministic")).hexdigest()


def _digest(binding: Binding, name: str) -> str:
    path = Path(binding.file).parent / Path(name).expanduser()
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _without_places(told: Any) -> Any:
    """Without the lines and columns of the file: what is moved is not changed."""
    if isinstance(told, dict):
        return {
            name: _without_places(inner)
            for name, inner in told.items()
            if not (name in PLACES and isinstance(inner, int))
        }
    return [_without_places(inner) for inner in told] if isinstance(told, list | tuple) else told

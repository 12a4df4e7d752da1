"""The differential test on Gen3: a dictionary with one wide node type, on a commons without anything else."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import strategies as st

from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata.connection import Connection
from biodata.sandbox import Sandbox
from biodata.testing import DifferentialSuite, Target, Wide, changed, conditioned
from biodata_gen3 import Gen3Adapter
from biodata_gen3.sandbox import PROJECT, Gen3Sandbox
from biodata_gen3.sandbox.dictionary import Dictionary
from biodata_gen3.settings import Gen3Settings
from tests.domains import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterator

PROPERTIES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "maybe": {"type": ["string", "null"]},
    "either": {"oneOf": [{"type": "string"}, {"type": "null"}]},
    "enum": {"enum": ["zulu", "Alpha", "mike", "it's", 'say "hi"', "$a"]},
    "enum_or_null": {"enum": ["zulu", "Alpha", None], "type": ["string", "null"]},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "number_or_integer": {"type": ["number", "integer"]},
    "flag": {"type": "boolean"},
    "day": {"type": "string", "format": "date"},
    "moment": {"type": "string", "format": "date-time"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "enums": {"type": "array", "items": {"enum": ["zulu", "Alpha", "mike"]}},
    "numbers": {"type": "array", "items": {"type": "number"}},
    "integers": {"type": "array", "items": {"type": "integer"}},
    "text_or_number": {"oneOf": [{"type": "string"}, {"type": "number"}]},
}
GIVEN = {
    "text_or_number": st.none() | st.sampled_from([4.5, -7.25])
}  # peregrine has one type for it, and fails on others


def _link(name: str, target: str, multiplicity: str) -> dict[str, Any]:
    return {
        "name": name, "target_type": target, "backref": f"wide_of_{name}", "label": "of",
        "multiplicity": multiplicity, "required": False,
    }  # fmt: skip


def _dictionary() -> Dictionary:
    """Our own one's upper part, and below it `batch` and `wide`."""
    own = Dictionary.load().raw
    raw = {name: deepcopy(own[name]) for name in own if name.startswith("_") or name in ("program", "project")}
    batch, wide = deepcopy(own["study"]), deepcopy(own["sample"])
    raw["batch"] = batch | {"id": "batch", "title": "Batch"}
    batch["links"][0]["backref"] = "batches"
    del batch["properties"]["number_of_families"]["minimum"]
    links = [_link("batches", "batch", "many_to_one"), _link("groups", "batch", "many_to_many")]
    ends = wide["properties"]["cases"]
    kept = {name: wide["properties"][name] for name in ("id", "type", "submitter_id", *wide["systemProperties"])}
    lists = deepcopy(ends)
    lists["anyOf"][0]["items"].pop("maxItems")
    properties = kept | deepcopy(PROPERTIES) | {"batches": ends, "groups": lists}
    raw["wide"] = wide | {
        "id": "wide", "title": "Wide", "links": links, "required": ["submitter_id"], "properties": properties
    }  # fmt: skip
    return Dictionary(raw)


class TestGen3(DifferentialSuite):
    mutations: ClassVar = {
        "quick_search is exact": partial(
            changed, reason="quick_search finds the text anywhere in key or id, in any case", support="exact"
        ),
        "all numbers are alike": partial(conditioned, condition="fraction", holds=True),
        "order is the server's": partial(
            changed, reason="the database puts nulls first and sorts text by its collation", support="exact"
        ),
    }
    unmet: ClassVar = {"the commons cannot look into it": "no type of a property is an object with fields of its own"}

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Iterator[Target]:
        options = {"dictionary": _dictionary()}
        with Sandbox(("gen3",), empty=True, classes={"gen3": Gen3Sandbox}, options=options) as sandbox:
            settings = settings_from_values(Gen3Settings, sandbox.entries["gen3"])
            adapter = Gen3Adapter.open(settings, Context(profile="gen3", access="delete"))
            with Connection(adapter, name="gen3", access="delete") as connection:
                batches = Wide("batch", given={"projects": st.just(PROJECT)}, rows=8, asked=False)
                yield Target(connection=connection, domain=DOMAINS["gen3"], wide=(batches, Wide("wide", given=GIVEN)))

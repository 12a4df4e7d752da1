"""What a refusal of the commons says of the values: nothing."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata.connection import Connection
from biodata.http import Response
from biodata.sandbox import Sandbox
from biodata_gen3 import Gen3Adapter
from biodata_gen3.errors import words
from biodata_gen3.sandbox import PROJECT, Gen3Sandbox
from biodata_gen3.sandbox.dictionary import Dictionary
from biodata_gen3.settings import Gen3Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.repository import Repository


@pytest.fixture(scope="module")
def studies() -> Iterator[Repository]:
    """Studies with a property that is a text or a number, which is JSON here."""
    raw = deepcopy(Dictionary.load().raw)
    raw["study"]["properties"]["either"] = {"oneOf": [{"type": "string"}, {"type": "number"}]}
    options = {"dictionary": Dictionary(raw)}
    with Sandbox(("gen3",), empty=True, classes={"gen3": Gen3Sandbox}, options=options) as sandbox:
        settings = settings_from_values(Gen3Settings, sandbox.entries["gen3"])
        adapter = Gen3Adapter.open(settings, Context(profile="gen3", access="write"))
        with Connection(adapter, name="gen3", access="write") as connection:
            yield connection["study"]


@pytest.mark.parametrize("value", [True, [False, True, None], {"a": False}, ["Jan Jansen"], {"Jan": 1980}])
def test_a_refusal_does_not_repeat_the_value(studies: Repository, value: Any) -> None:
    receipt = studies.add({"submitter_id": "s", "projects": PROJECT, "either": value})
    (refused,) = receipt.refused
    assert refused.field == "either"
    assert "<value> is not valid" in refused.message
    assert not {word for word in ("True", "False", "Jan", "1980") if word in refused.message}


def test_a_value_is_masked_before_a_long_text_is_cut() -> None:
    assert "Zw" not in words(Response(status=500, body=b"Zwolle-1 " * 99), ["Zwolle-1"])

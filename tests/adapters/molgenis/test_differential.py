"""The differential test on MOLGENIS: a table of all types, with references of every kind."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import strategies as st

import biodata
from biodata.sandbox import Sandbox
from biodata.testing import DifferentialSuite, Target, Wide, changed, conditioned
from biodata_molgenis.sandbox import MolgenisSandbox
from biodata_molgenis.sandbox.model import Attribute
from tests.domains import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = (
    Attribute(name="code", is_id=True),
    Attribute(name="title", is_label=True),
    Attribute(name="size", type="int"),
    Attribute(name="people", type="onetomany", ref="wide", mapped_by="place"),
)
WIDE = (
    Attribute(name="id", is_id=True),
    Attribute(name="name", nillable=False, is_label=True),
    Attribute(name="text", type="text"),
    Attribute(name="word", aggregatable=True),
    Attribute(name="int", type="int"),
    Attribute(name="sure", type="int", nillable=False),
    Attribute(name="long", type="long"),
    Attribute(name="decimal", type="decimal"),
    Attribute(name="tagged", case_sensitive=True),
    Attribute(name="bool", type="bool", aggregatable=True),
    Attribute(name="date", type="date"),
    Attribute(name="datetime", type="datetime"),
    Attribute(name="enum", type="enum", enum_options=("zulu", "Alpha", "mike", "it's", "a,b;c"), aggregatable=True),
    Attribute(name="mail", type="email"),
    Attribute(name="home", type="hyperlink"),
    Attribute(name="markup", type="html"),
    Attribute(name="place", type="xref", ref="place", aggregatable=True),
    Attribute(name="kind", type="categorical", ref="place", aggregatable=True),
    Attribute(name="visited", type="mref", ref="place"),
    Attribute(name="kinds", type="categoricalmref", ref="place"),
    Attribute(name="photo", type="file", ref="sys_FileMeta"),
    Attribute(name="twice", expression="name"),
    Attribute(name="outer", type="compound"),
    Attribute(name="inner", type="int", part_of="outer"),
)
GIVEN = {
    "mail": st.sampled_from(["a@example.org", "A@example.org", "it's@example.org", None]),
    "home": st.sampled_from(["https://example.org/?a=b&c", "https://example.org/%41", None]),
    "tagged": st.sampled_from(["a", "A", "ab", "aB", None]),
    "photo": st.none(),
}


class TestMolgenis(DifferentialSuite):
    questions = 120
    mutations: ClassVar = {
        "substrings are exact": partial(
            changed, reason="=like= is a substring test that ignores case", support="exact"
        ),
        "a tag changes nothing": partial(changed, reason="a tag may make =like= tell case apart", support="inexact"),
        "'' is a value": partial(conditioned, condition="empty", holds=False),
        "nulls are last": partial(changed, reason="the database puts nulls first", support="exact"),
        "text is in order": partial(changed, reason="the database's collation is not by code point", support="exact"),
    }

    @pytest.fixture(scope="class")
    @classmethod
    def target(cls) -> Iterator[Target]:
        with Sandbox(("molgenis",), empty=True, classes={"molgenis": MolgenisSandbox}) as sandbox:
            state = sandbox.platform("molgenis").state
            state.create_table("place", PLACE)
            state.create_table("wide", WIDE)
            login = {"username": "admin", "password": "admin"}
            url = sandbox.url("molgenis")
            with biodata.connect(url, platform="molgenis", access="delete", **login) as connection:
                wide = (Wide("place", rows=8, asked=False), Wide("wide", given=GIVEN))
                yield Target(connection=connection, domain=DOMAINS["molgenis"], wide=wide)

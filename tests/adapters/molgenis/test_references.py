"""References on MOLGENIS: a look-up by the server's `=in=`, in place of reading the whole table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata.sandbox import Sandbox
from biodata_molgenis.sandbox.model import Attribute
from tests.adapters.molgenis.conftest import Rig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.records.types import Record

SITES = (Attribute(name="code", is_id=True), Attribute(name="name"))
KITS = (
    Attribute(name="code", is_id=True),
    Attribute(name="maker"),
    Attribute(name="lot", type="int"),
    Attribute(name="site", type="xref", ref="sites"),
)
TUBES = (
    Attribute(name="n", type="int", is_id=True),
    Attribute(name="kit", type="xref", ref="kits"),
    Attribute(name="kits", type="mref", ref="kits"),
)


@pytest.fixture(scope="module")
def tubes() -> Iterator[Rig]:
    """10 000 tubes of 1000 kits, which come in lots of ten; every hundredth tube has none."""
    with Sandbox(("molgenis",), empty=True) as running:
        rig = Rig(running)
        rig.state.create_table("sites", SITES)
        rig.state.create_table("kits", KITS)
        rig.state.create_table("tubes", TUBES)
        rig.state.add_rows("sites", [{"code": "gro", "name": "Groningen"}])
        rig.state.add_rows("kits", [_kit(number) for number in range(1000)])
        for start in range(0, 10_000, 1000):
            rig.state.add_rows("tubes", [_tube(number) for number in range(start, start + 1000)])
        yield rig
        for connection in rig.opened:
            connection.close()


def _kit(number: int) -> Record:
    odd = number % 2
    return {"code": f"k{number:03}", "maker": f"it's {odd}", "lot": number // 10, "site": None if odd else "gro"}


def _tube(number: int) -> Record:
    kit = f"k{number % 1000:03}" if number % 100 else None
    return {"n": number, "kit": kit, "kits": [f"k{number % 5:03}", f"k{number % 5 + 5:03}"]}


@pytest.mark.parametrize(
    ("where", "number", "looked_up", "pages"),
    [
        ("kit.lot = 1", 100, 1, 1),
        ("kit.lot < 40 and kit.maker = 'it''s 1'", 2000, 1, 2),
        ("kit.lot != 1 and kit.lot < 50", 4850, 1, 5),
        ("kit.site.name = 'Groningen' and kit.lot = 3", 50, 2, 1),
        ("kits.lot = 0", 10_000, 1, 10),
        ("kit.lot = 1000", 0, 1, 0),
        ("kit.site.name is null and kit.lot < 3", 150, 2, 1),
    ],
)
def test_look_ups_and_as_many_pages_as_there_are_records(
    tubes: Rig, where: str, number: int, looked_up: int, pages: int
) -> None:
    table = tubes.connect(page_size=1000)["tubes"]
    table.query(where).explain()
    tubes.log.clear()
    assert sum(1 for _ in table.query(where, fields=["n"])) == number
    assert len(tubes.asked(start="/api/v2/tubes")) == pages
    assert len(tubes.asked(start="/api/v2/kits")) + len(tubes.asked(start="/api/v2/sites")) == looked_up


def test_count_and_limit_go_down_with_the_keys(tubes: Rig) -> None:
    table = tubes.connect()["tubes"]
    table.query("kit.lot = 1").explain()
    tubes.log.clear()
    assert table.count("kit.lot = 1") == 100
    assert len(list(table.query("kit.lot = 1", limit=3, offset=80))) == 3
    kits, counted, kits_again, limited = tubes.asked()
    assert "num=1&" in f"{counted.target}&"
    assert "start=80&num=3" in limited.target
    assert kits.target == kits_again.target


def test_keys_beyond_the_bound_are_joined_by_the_page(tubes: Rig) -> None:
    table = tubes.connect(page_size=5000)["tubes"]
    table.query("kit.lot >= 0").explain()
    tubes.log.clear()
    assert sum(1 for _ in table.query("kit.lot >= 0", fields=["n"])) == 9900
    first, *pages = [one for one in tubes.asked() if "/kits" in one.path]
    assert "num=501" in first.target
    assert len(pages) == 4
    assert len(tubes.asked(start="/api/v2/tubes")) == 2

"""The graph of a connection's tables: where they stand, what is drawn, and that it is the same each time."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import biodata
from biodata.graph import Graph, Link, Node
from biodata.graph.layout import columns, place

SVG = "{http://www.w3.org/2000/svg}"


def _graph(names, links, records=None):
    nodes = tuple(Node(name, (records or {}).get(name, 1)) for name in sorted(names))
    made = tuple(Link(table, target, target, required=True) for table, target in sorted(links))
    return Graph("p", nodes, made)


def _read(svg):
    return ET.fromstring(svg)  # noqa: S314 - our own


DIAMOND = _graph(
    "abcd", [("b", "a"), ("c", "a"), ("d", "b"), ("d", "c"), ("d", "a")], {"a": 1, "b": 1200, "c": 0, "d": 3}
)


def test_each_table_stands_right_of_what_it_refers_to():
    assert columns(DIAMOND) == {"a": 0, "b": 1, "c": 1, "d": 2}
    stops = dict(zip([(link.table, link.target) for link in DIAMOND.links], place(DIAMOND).stops, strict=True))
    assert [column for column, _ in stops["d", "a"]] == [1], "one stop where it passes the middle column"
    assert stops["d", "b"] == ()


def test_only_the_filled_ones():
    filled = DIAMOND.filled()
    assert [node.name for node in filled.nodes] == ["a", "b", "d"]
    assert {(link.table, link.target) for link in filled.links} == {("b", "a"), ("d", "a"), ("d", "b")}
    assert filled.hidden == 1
    assert filled.to_text().splitlines() == [
        "p: 3 tables, 1,204 records, 1 empty not shown",
        "a          1",
        "  b    1,200  -> a",
        "    d      3  -> a, b",
    ]


def test_the_drawing():
    drawn = _read(DIAMOND.to_svg())
    boxes = {group.get("id"): group for group in drawn.iter(f"{SVG}g")}
    assert set(boxes) == {f"table-{name}" for name in "abcd"}
    assert "1,200 records" in "".join(boxes["table-b"].itertext())
    assert boxes["table-c"].get("class") == "table empty"
    lines = [one for one in drawn.iter(f"{SVG}path") if (one.get("class") or "").startswith("link") and list(one)]
    assert [one[0].text for one in lines] == [
        f"{link.table}.{link.field}: one of {link.target}" for link in DIAMOND.links
    ]
    assert "&lt;" in _graph(["<x>"], []).to_svg(), "a name is text"
    odd = Graph("p\x1b", (Node("a\x00", 1, "label\x02\ud800"), Node("é\U0001f9ec", 0)), ())
    assert "é\U0001f9ec" in "".join(_read(odd.to_svg()).itertext()), "what no XML can hold does not break it"
    assert _read(_graph([], []).to_svg()).tag == f"{SVG}svg"


@st.composite
def graphs(draw):
    names = [f"t{at}" for at in range(draw(st.integers(1, 12)))]
    links = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=25, unique=True))
    return _graph(names, links)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # a busy computer is no defect
@given(graphs())
def test_any_graph_is_drawn_the_same_each_time_and_no_box_lies_on_another(graph):
    """Circles and tables that refer to themselves are among them."""
    svg = graph.to_svg()
    assert svg == graph.to_svg()
    assert len(re.findall('class="link', svg)) == len(graph.links) + 1
    boxes = [
        tuple(float(one.get(name)) for name in ("x", "y", "width", "height")) for one in _read(svg).iter(f"{SVG}rect")
    ]
    for (x, y, width, height), (other_x, other_y, other_width, other_height) in combinations(boxes, 2):
        apart = (
            x + width <= other_x or other_x + other_width <= x or y + height <= other_y or other_y + other_height <= y
        )
        assert apart
    text = graph.to_text().splitlines()[1:]
    assert sorted(line.split()[0] for line in text) == sorted(node.name for node in graph.nodes)


def test_a_line_goes_round_the_tables_between():
    drawn = _read(DIAMOND.to_svg())
    lines = {one[0].text: one.get("d") for one in drawn.iter(f"{SVG}path") if len(one)}
    passing = float(re.findall(r" ([\d.]+) H", lines["d.a: one of a"])[0])
    middle = [
        group.find(f"{SVG}rect") for group in drawn.iter(f"{SVG}g") if group.get("id") in {"table-b", "table-c"}
    ]
    assert all(not float(box.get("y")) <= passing <= float(box.get("y")) + float(box.get("height")) for box in middle)


def test_every_platform_has_one(tmp_path, sandbox):
    with biodata.connect(str(tmp_path / "x.duckdb"), platform="duckdb", access="delete") as connection:
        assert connection.graph().to_text() == "duckdb: 0 tables, 0 records"


@pytest.mark.parametrize("form", ["text", "json", "svg"])
def test_forms(form):
    shown = {"text": DIAMOND.to_text, "json": DIAMOND.to_dict, "svg": DIAMOND.to_svg}[form]()
    assert all(node.name in str(shown) for node in DIAMOND.nodes)

"""`connection.export`: nodes and ids to files, streamed and counted."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from biodata.errors import NotFound, PermissionDenied, ProtocolError, QueryError, Unsupported
from biodata_gen3.bounded import Bounded
from biodata_gen3.rowcount import JsonRows, TableRows
from biodata_gen3.sandbox import NOBODY
from biodata_gen3.sandbox.templates import packed
from tests.adapters.gen3.conftest import GRAPHQL, HERE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.adapters.gen3.conftest import Rig


def ids_of(rig: Rig, *labels: str) -> list[str]:
    return [one.id for label in labels for one in rig.state.of_type(label)]


def test_a_node_as_tsv(rig: Rig, tmp_path: Path) -> None:
    rig.samples(40)
    target = tmp_path / "sample.tsv"
    assert rig.connect("read").export(node="sample", format="tsv", to=target) == {"sample": 46}
    lines = target.read_text().splitlines()
    assert lines[0].split("\t")[:4] == ["type", "id", "project_id", "submitter_id"]
    assert len(lines) == 47
    assert len(rig.asked("GET", f"{HERE}/export")) == 1
    assert len(rig.asked("POST", GRAPHQL)) == 1, "and one count"


def test_a_node_as_json_into_an_open_file(rig: Rig) -> None:
    file = io.BytesIO()
    assert rig.connect("read").export(node="case", format="json", to=file) == {"case": 6}
    assert len(json.loads(file.getvalue())["data"]) == 6


def test_an_empty_node_and_one_that_may_not_be_read(rig: Rig, tmp_path: Path) -> None:
    assert rig.connect("read").export(node="aliquot", to=tmp_path) == {"aliquot": 0}
    assert (tmp_path / "aliquot.tsv").read_text().startswith("type\t")
    with pytest.raises(PermissionDenied):
        rig.connect("read", user=NOBODY).export(node="case", to=tmp_path)


def test_what_comes_short_leaves_the_file_as_it_was(rig: Rig, tmp_path: Path) -> None:
    target = tmp_path / "case.tsv"
    target.write_text("before")
    rig.faults.add(f"GET {HERE}/export*", status=200, body="type\tid\ncase\t1\n")
    with pytest.raises(ProtocolError) as caught:
        rig.connect("read").export(node="case", to=target)
    assert caught.value.code == "BD-REMOTE-SHORT"
    assert target.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir() if one.suffix in {".tsv", ".tmp"}] == ["case.tsv"]


@pytest.mark.parametrize(("format_", "first"), [("tsv", "type\t"), ("json", "[")])
def test_ids_of_one_node(rig: Rig, tmp_path: Path, format_: Any, first: str) -> None:
    rig.samples(300)
    ids = ids_of(rig, "sample")
    assert rig.connect("read").export(ids=ids, format=format_, to=tmp_path / "out") == {"sample": 306}
    assert (tmp_path / "out").read_text().startswith(first)


@pytest.mark.parametrize("archives", [True, False])
def test_ids_of_several_nodes(rig: Rig, tmp_path: Path, *, archives: bool) -> None:
    rig.state.mixed_exports = archives
    directory = tmp_path / "out"
    found = rig.connect("read").export(ids=ids_of(rig, "case", "sample"), to=directory)
    assert found == {"case": 6, "sample": 6}
    assert sorted(one.name for one in directory.iterdir()) == ["case.tsv", "sample.tsv"]
    assert len((directory / "case.tsv").read_text().splitlines()) == 7
    assert len(rig.asked("POST", f"{HERE}/export")) == (1 if archives else 3)


def test_ids_of_several_nodes_as_json(rig: Rig, tmp_path: Path) -> None:
    rig.connect("read").export(ids=ids_of(rig, "case", "sample"), format="json", to=tmp_path)
    assert len(json.loads((tmp_path / "case.json").read_text())) == 6
    assert len(rig.asked("POST", f"{HERE}/export")) == 2


def test_ids_of_several_nodes_need_a_directory(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for target in (io.BytesIO(), tmp_path / "file"):
        with pytest.raises(QueryError, match="directory"):
            rig.connect("read").export(ids=ids_of(rig, "case", "sample"), to=target)


def test_ids_that_are_not_there(rig: Rig, tmp_path: Path) -> None:
    absent = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(NotFound) as caught:
        rig.connect("read").export(ids=[*ids_of(rig, "case"), absent], to=tmp_path / "out")
    assert caught.value.missing == (absent,)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../case.tsv", "/tmp/case.tsv", "zebra.tsv", "a/case.tsv", "case.tsv/../x"])  # noqa: S108
def test_an_archive_that_would_write_elsewhere(rig: Rig, tmp_path: Path, name: str) -> None:
    body = packed({name: b"type\tid\r\ncase\t1\r\n"})
    rig.faults.add(f"POST {HERE}/export", status=200, body=body, content_type="application/octet-stream")
    with pytest.raises(ProtocolError, match="something else"):
        rig.connect("read").export(ids=ids_of(rig, "case", "sample"), to=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "case.tsv").exists()


def hostile(kind: str) -> bytes:
    """A few kilobytes that unpack to 64 MiB, which are nowhere sent."""
    big = 64 << 20
    if kind == "zeros":
        return packed({"case.tsv": bytes(big)})
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as zipped:
        header = tarfile.TarInfo("case.tsv")
        if kind == "header":
            header.type, header.size = tarfile.XHDTYPE, big
            zipped.write(header.tobuf())
            zipped.write(bytes(big))
        else:
            header.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": f"{big},0"}
            header.pax_headers |= {"GNU.sparse.size": str(big), "GNU.sparse.numblocks": "1"}
            zipped.write(header.tobuf(tarfile.PAX_FORMAT))
            zipped.write(bytes(10240))
    return out.getvalue()


@pytest.mark.parametrize("kind", ["zeros", "header", "sparse"])
def test_an_archive_that_unpacks_to_more_than_its_records_can_be(rig: Rig, tmp_path: Path, kind: str) -> None:
    body = hostile(kind)
    rig.faults.add(f"POST {HERE}/export", status=200, body=body, content_type="application/octet-stream")
    with pytest.raises(ProtocolError, match="archive of an export") as caught:
        rig.connect("read").export(ids=ids_of(rig, "case", "sample"), to=tmp_path / "out")
    assert caught.value.code == "BD-REMOTE-FORMAT"
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    "body", [b"", b"no archive", packed({"case.tsv": b"x" * 9000})[:60]], ids=["empty", "text", "cut"]
)
def test_what_is_no_archive(rig: Rig, tmp_path: Path, body: bytes) -> None:
    rig.faults.add(f"POST {HERE}/export", status=200, body=body, content_type="application/octet-stream")
    with pytest.raises(ProtocolError):
        rig.connect("read").export(ids=ids_of(rig, "case", "sample"), to=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_archive_is_read_forwards_only() -> None:
    source = Bounded(io.BytesIO(bytes(100)), 80)
    assert len(source.read(60)) == 60
    wrong = (lambda: source.read(21), lambda: source.read(-1), lambda: source.seek(81), lambda: source.seek(59))
    for beyond in wrong:
        with pytest.raises(ProtocolError):
            beyond()
    with pytest.raises(ProtocolError):
        Bounded(io.BytesIO(), 1 << 30).read((1 << 20) + 1)
    assert (source.seek(70), source.tell(), len(source.read(10))) == (70, 70, 10)


def test_an_archive_that_lacks_records(rig: Rig, tmp_path: Path) -> None:
    body = packed({"case.tsv": b"type\tid\r\ncase\t1\r\n"})
    rig.faults.add(f"POST {HERE}/export", status=200, body=body, content_type="application/octet-stream")
    with pytest.raises(ProtocolError) as caught:
        rig.connect("read").export(ids=ids_of(rig, "case", "sample"), to=tmp_path / "out")
    assert caught.value.code == "BD-REMOTE-SHORT"


def test_what_an_export_takes(rig: Rig, tmp_path: Path) -> None:
    connection = rig.connect("read")
    for wrong in ({}, {"node": "case", "ids": ["x"]}, {"node": "case", "format": "xml"}, {"node": "project"}):
        with pytest.raises(QueryError):
            connection.export(**wrong, to=tmp_path / "out")
    with pytest.raises(NotFound):
        connection.export(node="zebra", to=tmp_path / "out")


def test_platforms_without_an_export() -> None:
    import biodata

    with biodata.connect(":memory:", platform="duckdb") as local, pytest.raises(Unsupported):
        local.export(node="case", to="x")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_rows_are_counted_however_they_are_cut(size: int) -> None:
    whole = b'{ "data": [{"a": "x{[\\"", "l": [{"n": {}}]},\n{"a": "\\\\"}, {}]}'
    rows = JsonRows()
    table = b"type\tid\ncase\t1\na line of it\ncase\t2\n"
    lines = TableRows("case")
    for start in range(0, 100, size):
        rows.feed(whole[start : start + size])
        lines.feed(table[start : start + size])
    assert (rows.finish(), lines.finish()) == (3, 2)


@pytest.mark.parametrize("cut", [b"", b'{ "data": [{}', b"[{}", b'[{"a": "x'])
def test_json_that_is_cut(cut: bytes) -> None:
    rows = JsonRows()
    rows.feed(cut)
    with pytest.raises(ProtocolError):
        rows.finish()

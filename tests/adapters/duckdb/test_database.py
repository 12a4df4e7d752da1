"""The file: locks, access, transactions, threads."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

import biodata
from biodata.records import types as t

PLAIN = t.Schema(
    "t", "id", (t.Field("id", t.String()), t.Field("n", t.Integer()), t.Field("u", t.String(), unique=True))
)


def test_the_directory_is_made_by_the_first_write_and_by_no_look(house, path):
    assert house.tables() == []
    assert house.identity().server == "DuckDB"
    with pytest.raises(biodata.NotFound):
        house.schema("t")
    assert house.would_make(PLAIN)
    assert not path.parent.exists()
    house.ensure(PLAIN)
    assert path.is_file()
    assert not house.would_make(PLAIN)


def test_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with (
        biodata.connect(":memory:", platform="duckdb") as one,
        biodata.connect(":memory:", platform="duckdb") as other,
    ):
        one.ensure(PLAIN)
        assert other.tables() == []
        assert one.identity().notes == ("the database is :memory:",)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_opened_before_it_is_used(path):
    biodata.connect(path, platform="duckdb").close()
    assert not path.exists()


def test_another_process_has_it(house, path):
    house.ensure(PLAIN)
    program = (
        "import sys, biodata\n"
        "try: biodata.connect(sys.argv[1], platform='duckdb').tables()\n"
        "except biodata.Unavailable as error: print(error)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True
    ).stdout
    assert "BD-DUCKDB-LOCKED" in said
    assert "PID" in said


def test_processes_can_read_side_by_side(path):
    with biodata.connect(path, platform="duckdb") as connection:
        connection.ensure(PLAIN)
    program = (
        "import sys, biodata; print(len(biodata.connect(sys.argv[1], platform='duckdb', access='read').tables()))"
    )
    with biodata.connect(path, platform="duckdb", access="read") as connection:
        assert connection["t"].count() == 0
        done = subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "1"


def test_a_reader_needs_a_file(path):
    with pytest.raises(biodata.ConfigError) as caught:
        biodata.connect(path, platform="duckdb", access="read").tables()
    assert caught.value.code == "BD-DUCKDB-FILE"
    assert not path.exists()


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "no.duckdb").write_text("not a database at all" * 1000)
    with pytest.raises(biodata.ConfigError) as caught:
        biodata.connect(tmp_path / "no.duckdb", platform="duckdb").tables()
    assert caught.value.code == "BD-DUCKDB-FILE"


def test_the_client_is_held_to_the_access(path):
    with biodata.connect(path, platform="duckdb") as connection:
        connection.ensure(PLAIN)
    with (
        biodata.connect(path, platform="duckdb", access="read") as connection,
        pytest.raises(Exception, match="read-only"),
    ):
        connection.client.execute("DELETE FROM t")
    with (
        biodata.connect(path, platform="duckdb", access="write") as connection,
        pytest.raises(biodata.PermissionDenied),
    ):
        _ = connection.client


def test_a_reader_beside_a_writer_in_one_process(house, path):
    house.ensure(PLAIN).add({"id": "a"}).raise_for_refused()
    with biodata.connect(path, platform="duckdb", access="read") as reader:
        assert reader["t"].count() == 1
        with pytest.raises(biodata.PermissionDenied):
            _ = reader.client


def test_a_refusal_inside_a_transaction_leaves_the_rest(house):
    table = house.ensure(PLAIN)
    with house.transaction():
        table.add([{"id": "a", "u": "x"}]).raise_for_refused()
        receipt = table.add([{"id": "b"}, {"id": "a"}, {"id": "c", "u": "x"}], on_refused="isolate")
        assert [outcome.status for outcome in receipt] == ["created", "refused", "refused"]
    assert {row["id"] for row in table.query()} == {"a", "b"}


def test_what_only_duckdb_can_see_undoes_the_transaction(house):
    house.client.execute("CREATE TABLE c (id INTEGER PRIMARY KEY, n INTEGER CHECK (n > 0))")
    table = house["c"]
    assert table.add([{"id": 1, "n": 1}, {"id": 2, "n": 0}], on_refused="isolate").tally == {
        "created": 1,
        "refused": 1,
    }

    def refused_late() -> None:
        with house.transaction():
            table.add({"id": 3, "n": 3}).raise_for_refused()
            assert table.add({"id": 4, "n": 0}).refused[0].code == "BD-WRITE-CHECK"

    with pytest.raises(biodata.WriteError) as caught:
        refused_late()
    assert caught.value.code == "BD-WRITE-TRANSACTION"
    assert table.count() == 1


def test_foreign_keys(house):
    house.client.execute(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p)"
    )
    house["p"].add({"id": 1}).raise_for_refused()
    receipt = house["c"].add([{"id": 1, "p": 1}, {"id": 2, "p": 9}], on_refused="isolate")
    assert [outcome.code for outcome in receipt] == ["", "BD-WRITE-REFERENCE"]
    assert house["p"].delete(1).refused[0].code == "BD-WRITE-REFERENCED"


def test_what_is_referred_to_is_neither_emptied_nor_dropped(house):
    house.client.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY); INSERT INTO parent VALUES (1)")
    house.client.execute("CREATE TABLE child (id INTEGER PRIMARY KEY, up INTEGER REFERENCES parent(id))")
    house["child"].add({"id": 1, "up": 1}).raise_for_refused()
    with pytest.raises(biodata.WriteError) as emptied:
        house["parent"].delete(all=True)
    with pytest.raises(biodata.WriteError) as dropped:
        house["parent"].adapter.drop("parent")
    assert {emptied.value.code, dropped.value.code} == {"BD-WRITE-REFERENCED"}
    assert house["parent"].count() == 1


def test_a_table_made_in_a_transaction_goes_with_it(house):
    def broken_off() -> None:
        with house.transaction():
            house.ensure(PLAIN).add({"id": "a"}).raise_for_refused()
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        broken_off()
    with pytest.raises(biodata.NotFound):
        house["t"].count()


def test_transactions_take_turns(house):
    table = house.ensure(PLAIN)
    table.add({"id": "a", "n": 0}).raise_for_refused()

    def increase() -> None:
        with house.transaction():
            table.update({"id": "a", "n": table.get("a")["n"] + 1}).raise_for_refused()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(increase) for _ in range(20)]:
            done.result()
    assert table.get("a")["n"] == 20


def test_reading_while_another_thread_writes(house):
    table = house.ensure(PLAIN)
    stop = threading.Event()

    def reads() -> int:
        number = 0
        while not stop.is_set():
            keys = [row["id"] for row in table.query(page_size=50)]
            assert len(keys) == len(set(keys))
            number += 1
        return number

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(reads) for _ in range(2)]
        for start in range(0, 1000, 100):
            table.add({"id": f"{n:04}"} for n in range(start, start + 100)).raise_for_refused()
        stop.set()
        assert all(reader.result() for reader in readers)
    assert table.count() == 1000


def test_readers_in_other_threads_stand_a_transaction_that_comes_and_goes(house):
    table = house.ensure(PLAIN)
    table.add({"id": f"{n:03}"} for n in range(100)).raise_for_refused()
    stop = threading.Event()

    def reads() -> None:
        while not stop.is_set():
            assert table.count() == len(list(table.query())) == table.query().to_arrow().num_rows == 100

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(reads) for _ in range(4)]
        for number in range(60):
            with house.transaction():
                table.update({"id": "000", "n": number}).raise_for_refused()
        stop.set()
        for reader in readers:
            reader.result()


def test_writing_while_reading_loses_nothing(house):
    table = house.ensure(PLAIN)
    table.add({"id": f"{n:03}"} for n in range(100)).raise_for_refused()
    seen = []
    for row in table.query(page_size=10):
        seen.append(row["id"])
        table.update({"id": row["id"], "n": 1}).raise_for_refused()
    assert seen == [f"{n:03}" for n in range(100)]


def test_an_export_is_one_snapshot_and_ends_with_the_connection(path):
    with biodata.connect(path, platform="duckdb") as connection:
        table = connection.ensure(PLAIN)
        table.add({"id": f"{n:04}", "n": n} for n in range(5000)).raise_for_refused()
        batches = connection.adapter.export(table.query("n >= 10", page_size=2048, order_by="-n").plan)
        first = next(batches)
        table.delete(all=True)
        assert first.num_rows + sum(batch.num_rows for batch in batches) == 4990
        left = connection.adapter.export(table.query(page_size=2048).plan)
        assert next(left, None) is None
        open_one = connection.adapter.export(table.query().plan)
    del open_one
    with biodata.connect(path, platform="duckdb") as connection:
        assert connection["t"].count() == 0


def test_an_export_inside_a_transaction_sees_it(house):
    table = house.ensure(PLAIN)
    plan = table.query(fields=["id"]).plan
    with house.transaction():
        table.add([{"id": "a"}, {"id": "b"}]).raise_for_refused()
        found = [row["id"] for batch in house.adapter.export(plan) for row in batch.to_pylist()]
    assert found == ["a", "b"]


def test_a_native_query(house):
    table = house.ensure(PLAIN)
    table.add({"id": f"{n}", "n": n} for n in range(10)).raise_for_refused()
    assert table.query("n > 2", native="n % 2 = 0 -- even ones").count() == 3
    with pytest.raises(biodata.QueryError) as caught:
        table.query(native="no_such_column = 1").to_records()
    assert caught.value.code == "BD-QUERY-NATIVE"


def test_a_native_query_is_a_condition_and_nothing_more(house):
    table = house.ensure(PLAIN)
    table.add({"id": "a"}).raise_for_refused()
    for text in ("TRUE); DELETE FROM t; SELECT (1", "TRUE) OR (TRUE", ""):
        with pytest.raises(biodata.QueryError):
            table.query("id = 'b'", native=text).to_records()
    assert table.count() == 1


def test_errors_hold_no_values(house):
    table = house.ensure(PLAIN)
    table.add({"id": "secret-a", "u": "secret-u"}).raise_for_refused()
    receipt = table.add([{"id": "secret-a"}, {"id": "b", "u": "secret-u"}], on_refused="isolate")
    assert [outcome.field for outcome in receipt] == ["id", "u"]
    assert not [outcome for outcome in receipt if "secret" in outcome.message]


def test_many_records_are_fast_and_paged(house):
    table = house.ensure(PLAIN)
    receipt = table.add({"id": f"{n:06}", "n": n % 7} for n in range(50_000))
    assert receipt.created == 50_000
    found = [row["id"] for row in table.query(order_by="n", page_size=10_000)]
    assert len(set(found)) == len(found) == 50_000
    assert table.upsert({"id": f"{n:06}", "n": n % 7 + (n == 5)} for n in range(50_000)).tally == {
        "unchanged": 49_999,
        "updated": 1,
    }


def test_an_open_connection_can_be_wrapped(tmp_path):
    own = duckdb.connect(tmp_path / "own.duckdb")
    own.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    with biodata.connect(own) as connection:
        assert connection.platform == "duckdb"
        assert connection["t"].add({"id": 1}).created == 1
    assert own.execute("SELECT count(*) FROM t").fetchall() == [(1,)]
    own.close()


def test_memory_cannot_be_wrapped():
    with pytest.raises(biodata.ConfigError) as caught:
        biodata.connect(duckdb.connect(":memory:"))
    assert caught.value.code == "BD-CONFIG-CLIENT"


FULL = """
import resource, signal, sys
import biodata
from biodata.records.types import Field, Schema, String

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
table = biodata.connect(sys.argv[1], platform="duckdb").ensure(Schema("t", "id", (Field("id", String()),)))
try:
    table.add(({"id": f"{number:0500}"} for number in range(30_000)), on_refused="isolate")
except biodata.RemoteError as error:
    print(error.code, sorted(error.receipt.tally))
"""


def test_a_file_that_cannot_grow_is_no_fault_of_a_record(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "full.duckdb")], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("BD-DUCKDB"), done.stderr
    assert "refused" not in done.stdout

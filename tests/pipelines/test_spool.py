"""The spool: sealed, private, and gone at the end."""

import stat
from pathlib import Path

import pyarrow as pa
import pytest

from biodata.errors import ConfigError
from biodata.pipelines.state.spool import Spool

SCHEMA = pa.schema([("n", pa.int64())])


def batch(*numbers):
    return pa.RecordBatch.from_pydict({"n": list(numbers)}, schema=SCHEMA)


def test_what_is_written_is_read_in_order(tmp_path):
    spool = Spool(tmp_path / "spool")
    with spool.writer("a", SCHEMA) as writer:
        writer.write(batch(1, 2, 3))
        writer.write(batch())
        writer.write(batch(4))
        sealed = writer.seal()
    assert sealed.rows == 4
    assert sealed.schema() == SCHEMA
    assert [part.to_pydict()["n"] for part in sealed.batches(3)] == [[1, 2, 3], [4]]
    assert list(sealed.batches())


def test_nothing_at_all_is_sealed_too(tmp_path):
    with Spool(tmp_path / "spool").writer("a", SCHEMA) as writer:
        sealed = writer.seal()
    assert (sealed.rows, list(sealed.batches()), sealed.schema()) == (0, [], SCHEMA)


def test_private_and_removed(tmp_path):
    spool = Spool(tmp_path / "spool")
    with spool.writer("a", SCHEMA) as writer:
        sealed = writer.seal()
    assert stat.S_IMODE(spool.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(sealed.path.stat().st_mode) == 0o600
    spool.remove()
    assert not spool.directory.exists()


def test_what_was_not_sealed_has_no_name(tmp_path):
    spool = Spool(tmp_path / "spool")
    with spool.writer("a", SCHEMA) as writer:
        writer.write(batch(1))
    assert [path.name for path in spool.directory.iterdir()] == ["a.parquet.part"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_told_with_the_place(tmp_path):
    spool = Spool(tmp_path / "spool")
    (spool.directory / "a.parquet.part").symlink_to("/dev/full")
    with spool.writer("a", SCHEMA) as writer:
        writer.write(batch(*range(1000)))
        with pytest.raises(ConfigError, match="spool cannot be written: No space left on device"):
            writer.seal()

"""Only records whose content is new or changed, for sources without a date of the last change.

All records are read and compared with those of the last run by a keyed hash of all that a record holds, null aside.
What is compared are the rows as the step's operations would see them, pseudonyms and all, so that no hash of a clear
value is kept.
"""

from __future__ import annotations

import hmac
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.rows import Rows
from biodata.pipelines.sources.asked import ANEW, digest_of
from biodata.pipelines.sources.base import Around
from biodata.pipelines.sources.cursor import unfit
from biodata.pipelines.state.damage import read_key
from biodata.pipelines.state.hashes import Hashes, keep_hashes
from biodata.pipelines.state.kept import contents_file
from biodata.pipelines.state.private import private_directory, replace_private, usable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from biodata.pipelines.rows import Fault
    from biodata.pipelines.sources.base import Binding, Source
    from biodata.pipelines.spec import Extract, FileExtract
    from biodata.pipelines.state.spool import Spool

__all__ = ["ANEW_HINT", "CONTENT", "ContentSource", "keep_content"]

CONTENT = "content"
"""The name under which the journal has what the next run must know."""
KEY, KEY_BYTES, HASH_BYTES = "contents.key", 32, 16
KEY_WHAT = "The key of the memory of steps"
ANEW_HINT = "To begin anew, empty what it is added to and run once with --full; or use mode merge"


def keep_content(spool: Path, kept: Path, step: str, rejected: Iterable[int]) -> None:
    """Keep what a step has seen, now that its rows are loaded; nothing where it does not compare contents.

    Args:
        spool: the directory of the run's spool.
        kept: where the pipeline keeps things between runs.
        step: the step's name.
        rejected: the numbers of its rows that were rejected, at whatever stage: they come again at the next run.
    """
    keep_hashes(spool / contents_file(step), kept / contents_file(step), rejected)


class ContentSource(Around):
    """The rows whose content was not there at the last run, as often as it is there now.

    Raises:
        ConfigError: `BD-PIPELINE-INCREMENTAL`, nothing is kept between runs; or what is added would be added again.
    """

    def __init__(self, inner: Source, binding: Binding, extract: Extract | FileExtract) -> None:
        super().__init__(inner)
        if binding.state is None:
            raise unfit("by: content needs a place where the hashes are kept between runs")
        self._step, self._state = binding.step.name, binding.state
        self._unchanged = 0
        known: dict[str, str] = binding.memory.seen.get(CONTENT, {})
        salt = known.get("salt") or token_hex(16)
        had_key = (self._state / KEY).exists()
        self._key = _key(self._state)
        self._told = {"salt": salt, "asked": digest_of(binding, extract, salt), "key": _hash(self._key, {}).hex()}
        self._before = self._state / contents_file(self._step) if known else None
        if known and (not had_key or known.get("key", self._told["key"]) != self._told["key"]):
            self._begin_anew(binding, "the key of what the last run has seen is gone, so everything is read")
        elif known and {**self._told, **known} != self._told:  # an older version has not kept which key it was
            self._begin_anew(binding, ANEW)
        elif self._before is not None and not self._before.exists():
            self._begin_anew(binding, "what the last run has seen is not there any more, so everything is read")

    def _begin_anew(self, binding: Binding, why: str) -> None:
        if binding.appended:
            raise unfit(f"{why}, and mode append would add it again", ANEW_HINT)
        self._before = None
        self.own_notes.append(why)

    @property
    def unchanged(self) -> int:
        return self._unchanged

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:
        self._unchanged = 0
        hashes = Hashes(spool.directory / contents_file(self._step), self._before)
        try:
            for piece in self.inner.rows(spool):
                if not isinstance(piece, Rows):
                    yield piece
                    continue
                contents = [_hash(self._key, row) for row in piece.batch.to_pylist()]
                there = hashes.add(piece.numbers.to_pylist(), contents)
                self._unchanged += len(there)
                yield _left(piece, there)
            hashes.seal()
        finally:
            hashes.close()

    def seen(self) -> dict[str, Any]:
        return {**self.inner.seen(), CONTENT: self._told}


def _left(piece: Rows, there: set[int]) -> Rows:
    import pyarrow as pa

    if not there:
        return piece
    mask: pa.BooleanArray = pa.array([number not in there for number in piece.numbers.to_pylist()], pa.bool_())
    return piece.where(mask)


def _hash(key: bytes, row: dict[str, Any]) -> bytes:
    """Of what the row holds, whatever the order of its fields is."""
    there = {name: value for name, value in row.items() if value is not None}
    return hmac.digest(key, msgspec.msgpack.encode(there, enc_hook=str, order="sorted"), "sha256")[:HASH_BYTES]


def _key(directory: Path) -> bytes:
    """The key of the hashes, made once for a pipeline."""
    path = directory / KEY
    with usable(KEY_WHAT, path):
        private_directory(directory)
        if not path.exists():
            replace_private(path, token_bytes(KEY_BYTES))
    return read_key(KEY_WHAT, path, KEY_BYTES, "Or remove it, and everything is read anew")

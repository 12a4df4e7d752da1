"""The audit log: one line for each batch that was written or deleted, in a file that only grows (`audit.ndjson`).

A line says when, who, where, what and how many, and which records by keyed hashes of their keys: who has the key file
(`audit.key`) can tell whether a record was written, and nobody else learns a key from it.
"""

from __future__ import annotations

import hmac
import os
import socket
from contextlib import suppress
from functools import cached_property
from hashlib import file_digest
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from biodata.pipelines.state.chained import ChainedFile
from biodata.pipelines.state.damage import damaged, read_key
from biodata.pipelines.state.exact import to_text
from biodata.pipelines.state.private import private_directory, private_file, usable, user_name
from biodata.pipelines.state.verified import verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from biodata.pipelines.state.verified import Verified

__all__ = ["Audit", "audit_chain"]

KEY_BYTES = 32
KEY = "The key of the audit log"
ANEW = "To begin a new log with a new key, move it away with audit.ndjson and audit.head"
SHOWN = 16
"""Hexadecimal digits of a keyed hash."""


def audit_chain(directory: Path) -> ChainedFile:
    """The audit log of a state directory."""
    return ChainedFile(directory / "audit.ndjson", directory / "audit.key")


class Audit:
    """The audit log, opened for one run.

    Args:
        directory: the state directory.
        run: the run's id; `pipeline` its name.
        sha256: of the pipeline file.
    """

    def __init__(self, directory: Path, *, run: str = "", pipeline: str = "", sha256: str = "") -> None:
        self.chain = audit_chain(directory)
        self.key_path = directory / "audit.key"
        self._run = {"run": run, "pipeline": pipeline, "sha256": sha256, **_process()}

    def write(self, **told: Any) -> None:
        """Note that a batch was written, or that records were deleted; `told` is as of `line`.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, the log cannot be written.
        """
        self.append(self.line(**told))

    def append(self, line: Mapping[str, Any]) -> None:
        """Add a line to the log; see `write`."""
        self.chain.append(line)

    def line(
        self,
        *,
        profile: str,
        table: str,
        verb: str,
        counts: Mapping[str, int],
        keys: Iterable[Any] = (),
        identity: str | None = None,
    ) -> dict[str, Any]:
        """What the log is to have of a batch, without a place in it yet.

        Args:
            profile: where.
            table: likewise.
            verb: add, upsert or delete.
            counts: status to number of records, as the receipt has them.
            keys: of the records, in the order in which they were sent.
            identity: who the platform took us for.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, the key of the hashes cannot be used.
        """
        place = {"profile": profile, "identity": identity, "table": table, "verb": verb}
        hashes = [self.key_hash(profile, table, key) for key in keys]
        return {"event": "write", **self._run, **place, "counts": dict(counts), "keys": hashes}

    def check(self) -> None:
        """See that the log can be written, before anything is done that it has to tell of.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, log or key cannot be used, are damaged, or of a newer version of biodata.
        """
        self.chain.check()
        self._key  # noqa: B018 - it is read, or made, when it is asked for

    def verify(self, expected: str = "", told: Mapping[str, int] | None = None) -> Verified:
        """Whether every line is there and as it was written; see `biodata.pipelines.state.verified`."""
        return verify(self.chain, expected, told)

    def key_hash(self, profile: str, table: str, key: Any) -> str:
        """By which a record is named in the log: the same key in another table has another one."""
        text = to_text((profile, table, key))
        return hmac.digest(self._key, text.encode(), "sha256").hex()[:SHOWN]

    def file_hash(self, path: Path) -> str:
        """By which a file is told from any other, and nobody without the key learns what may be in it."""
        with path.open("rb") as file:
            return hmac.digest(self._key, file_digest(file, "sha256").digest(), "sha256").hex()

    def content_hash(self, content: bytes) -> bytes:
        """Likewise of some content: that which is kept somewhere else, and is to be as it was."""
        return hmac.digest(self._key, content, "sha256")

    @cached_property
    def _key(self) -> bytes:
        """The key of the hashes, made once for a state directory.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, it cannot be used, is damaged, or gone though the log has such hashes.
        """
        with usable(KEY, self.key_path):
            private_directory(self.key_path.parent)
            if not self.key_path.exists():
                if any(facts.get("keys") for facts in self.chain.facts()):
                    raise damaged(KEY, self.key_path, "it is not there, and the log has hashes made with it", ANEW)
                self.chain.begin()
                self._make_key()
        return read_key(KEY, self.key_path, KEY_BYTES, ANEW)

    def _make_key(self) -> None:
        """Two processes may do this at once: the file gets its name with its content, and the first one stays."""
        part = self.key_path.with_name(f".audit.key.{os.getpid()}")
        with os.fdopen(private_file(part, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            file.write(token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, self.key_path)
        part.unlink()


def _process() -> dict[str, Any]:
    """Whose process this is; the name is the system's, not what the environment says."""
    uid = os.getuid()
    return {"user": user_name(uid), "uid": uid, "host": socket.gethostname(), "pid": os.getpid()}

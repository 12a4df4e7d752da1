"""Files that records bring: the value of a `file` field that is to be stored.

In a record it stands as a path (`pathlib.Path`) or as an `Upload`; what is read back is an object of `id`,
`filename` and, where there is one, `url`. Plain text is no path: what came from a table must not open local files.
"""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from biodata.records.types import Record, Schema, Value

__all__ = ["Upload", "brings_file", "is_upload", "read_upload"]


class Upload(msgspec.Struct, frozen=True):
    """A file to store: `Upload(b"…", "scan.png")`.

    Attributes:
        content: all its bytes.
        filename: the name under which the platform keeps it.
        content_type: its media type; guessed from the name when None.
    """

    content: bytes
    filename: str
    content_type: str | None = None

    @property
    def media_type(self) -> str:
        """The media type that is sent."""
        guessed, _ = mimetypes.guess_type(self.filename)
        return self.content_type or guessed or "application/octet-stream"

    def __repr__(self) -> str:
        return f"<Upload of {len(self.content)} bytes>"


def is_upload(value: Value) -> TypeIs[Upload | os.PathLike[str]]:
    """Whether a value is a file to store."""
    return isinstance(value, Upload | os.PathLike)


def brings_file(schema: Schema, record: Record) -> bool:
    """Whether a record brings a file; such a record travels in a batch of its own."""
    return any(is_upload(record.get(name)) for name in schema.files)


def read_upload(value: Upload | os.PathLike[str]) -> Upload:
    """The file's name and content.

    Raises:
        ValueError: the file cannot be read; the message has no path.
    """
    if isinstance(value, Upload):
        return value
    path = Path(value)
    try:
        return Upload(path.read_bytes(), path.name)
    except OSError as error:
        raise ValueError(f"the file to store cannot be read: {error.strerror}") from None

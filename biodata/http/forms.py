"""A form with files, as the body of a request: `multipart/form-data` (RFC 7578)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from biodata.http.sending import Pieces, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["FormFile", "multipart"]

_ESCAPED = {"\r": "%0D", "\n": "%0A", '"': "%22"}


class FormFile(msgspec.Struct, frozen=True):
    """One file of a form: the field's name, the file's name, its bytes or where they lie, and its media type."""

    field: str
    name: str
    content: bytes | Path
    media_type: str = "application/octet-stream"


def multipart(fields: Mapping[str, str], files: Iterable[FormFile]) -> tuple[bytes | Pieces, str]:
    """The body, its fields before its files, and its content type with the boundary.

    A file that is given by its path is read while it is sent.

    Raises:
        ConfigError: `BD-CONFIG-FILE`, it is not there.
    """
    boundary = uuid4().hex
    parts: list[tuple[str, bytes | Path]] = [(_head(name), value.encode()) for name, value in fields.items()]
    parts += [(_head(one.field, one.name, one.media_type), one.content) for one in files]
    opening = f"--{boundary}\r\n"
    pieces = [piece for head, content in parts for piece in (f"{opening}{head}".encode(), content, b"\r\n")]
    return joined([*pieces, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _head(field: str, filename: str | None = None, media_type: str = "") -> str:
    head = f'Content-Disposition: form-data; name="{_escaped(field)}"'
    if filename is None:
        return f"{head}\r\n\r\n"
    return f'{head}; filename="{_escaped(filename)}"\r\nContent-Type: {media_type}\r\n\r\n'


def _escaped(name: str) -> str:
    return "".join(_ESCAPED.get(one, one) for one in name)

"""A form with files, as the body of a request: `multipart/form-data` (RFC 7578)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["FormFile", "multipart"]

_ESCAPED = {"\r": "%0D", "\n": "%0A", '"': "%22"}


class FormFile(msgspec.Struct, frozen=True):
    """One file of a form: the field's name, the file's name, its bytes and its media type."""

    field: str
    name: str
    content: bytes
    media_type: str = "application/octet-stream"


def multipart(fields: Mapping[str, str], files: Iterable[FormFile]) -> tuple[bytes, str]:
    """The body, its fields before its files, and its content type with the boundary."""
    boundary = uuid4().hex
    parts = [(_head(name), value.encode()) for name, value in fields.items()]
    parts += [(_head(one.field, one.name, one.media_type), one.content) for one in files]
    opening = f"--{boundary}\r\n".encode()
    body = b"".join(opening + head.encode() + content + b"\r\n" for head, content in parts)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _head(field: str, filename: str | None = None, media_type: str = "") -> str:
    head = f'Content-Disposition: form-data; name="{_escaped(field)}"'
    if filename is None:
        return f"{head}\r\n\r\n"
    return f'{head}; filename="{_escaped(filename)}"\r\nContent-Type: {media_type}\r\n\r\n'


def _escaped(name: str) -> str:
    return "".join(_ESCAPED.get(one, one) for one in name)

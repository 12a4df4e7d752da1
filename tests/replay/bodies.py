"""Building a request's body again from what a recording shows of it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.replay.recording import Exchange

_ENTITIES = re.compile(r"<(\d+) entities>")
_ZIP_OF = re.compile(r"(?P<folder>[\w-]+)/ \((?P<names>[^)]*)\)")
_ZIPPED = re.compile(r"PK\x03\x04.*?(?P<name>\w+\.[ct]sv)(?P<text>.*?)(?=PK\x01\x02|PK\x03\x04)", re.DOTALL)


def body_of(exchange: Exchange) -> bytes | None:
    """The body to send; None for none."""
    body, kind = exchange.body, exchange.headers.get("content-type", "")
    if body is None or body == "":
        return None
    if "multipart/" in kind:
        return _multipart(exchange, kind)
    if exchange.raw:
        return str(body).encode()
    many = _ENTITIES.fullmatch(body) if isinstance(body, str) else None
    if many is not None:
        return json.dumps({"entities": [{"id": f"n{number}"} for number in range(int(many[1]))]}).encode()
    if isinstance(body, str) and ("json" not in kind or body == "null" or body[:1] in "{["):
        return body.encode()
    return json.dumps(body).encode()


def _multipart(exchange: Exchange, kind: str) -> bytes:
    boundary = kind.partition("boundary=")[2].strip('"')
    body = exchange.body
    if isinstance(body, dict):
        return _form(boundary, _parts(body["multipart"], exchange.directory))
    if "PK\x03\x04" not in body:
        return str(body).encode()
    filename = re.search(r'filename="([^"]*)"', body)
    content = zipped({match["name"]: match["text"] for match in _ZIPPED.finditer(body)})
    return _form(boundary, [("file", filename[1] if filename is not None else "archive.zip", content)])


def _parts(parts: dict[str, Any], directory: Path) -> list[tuple[str, str | None, bytes]]:
    built: list[tuple[str, str | None, bytes]] = []
    for name, part in parts.items():
        if isinstance(part, str):
            built.append((name, None, part.encode()))
        elif "zip_of" in part:
            match = _ZIP_OF.match(part["zip_of"])
            assert match is not None, part["zip_of"]
            names = [one.strip() for one in match["names"].split(",")]
            folder = directory / match["folder"]
            texts = {one: (folder / one).read_text(encoding="utf-8") for one in names}
            built.append((name, part["filename"], zipped(texts)))
        else:
            built.append((name, part.get("filename"), str(part.get("content", "")).encode()))
    return built


def zipped(texts: dict[str, str]) -> bytes:
    """A zip of text files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return out.getvalue()


def _form(boundary: str, parts: list[tuple[str, str | None, bytes]]) -> bytes:
    out = bytearray()
    for name, filename, content in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        out += f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"
    return bytes(out + f"--{boundary}--\r\n".encode())

"""Reading recordings: one JSON file an exchange, or a call of a client with its exchanges."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path


_UPLOADS = {
    "190-file-upload2": {
        "multipart": {
            "study": "demo@proj1:study1",
            "relativeFilePath": "data/",
            "fileName": "up.txt",
            "fileFormat": "PLAIN",
            "file": {"filename": "up.txt", "content": "uploaded\n"},
        }
    }
}
"""Bodies that a recording does not show, as its answer tells of them: name, format, size and checksum."""


class Exchange(NamedTuple):
    """One request with its answer, as recorded. `raw` says that the body is the text that was sent."""

    name: str
    method: str
    target: str
    headers: dict[str, str]
    body: Any
    raw: bool
    status: int
    answer_headers: dict[str, str]
    answer: Any
    directory: Path


def exchanges_in(directory: Path) -> list[Exchange]:
    """The exchanges of a directory in the order of their names, which begin with numbers."""
    return [one for path in sorted(directory.glob("*.json")) for one in exchanges_of(path)]


def exchanges_of(path: Path) -> list[Exchange]:
    """The exchanges of one file; none for an index or a table of measurements."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        return []
    if "exchanges" in content:
        return [
            _of_client(f"{path.stem}#{number}", one, path.parent)
            for number, one in enumerate(content["exchanges"], start=1)
        ]
    if "request" in content and "status" in content:
        return [_flat(content, path)]
    return [_single(content, path)] if "request" in content and "response" in content else []


def _single(content: dict[str, Any], path: Path) -> Exchange:
    request, response = content["request"], content["response"]
    return Exchange(
        name=content.get("name", path.stem),
        method=request["method"],
        target=request["path"],
        headers=_lower(request.get("headers")),
        body=request.get("body"),
        raw=False,
        status=response["status"],
        answer_headers=_lower(response.get("headers")),
        answer=response.get("body"),
        directory=path.parent,
    )


def _flat(content: dict[str, Any], path: Path) -> Exchange:
    """A file whose request has `params`, and whose status stands beside the answer (OpenCGA)."""
    request = content["request"]
    query = "&".join(f"{name}={quote(str(value), safe='<>= ')}" for name, value in request["params"].items())
    return Exchange(
        name=path.stem,
        method=request["method"],
        target=request["path"] + (f"?{query}" if query else ""),
        headers=_lower(request.get("headers")),
        body=request.get("body") or _UPLOADS.get(path.stem),
        raw=False,
        status=content["status"],
        answer_headers=_lower(content.get("response_headers")),
        answer=_page_or(content),
        directory=path.parent,
    )


def _page_or(content: dict[str, Any]) -> Any:
    """The answer; a page of HTML in the form that the other recordings give it."""
    answer, kind = content.get("response"), _lower(content.get("response_headers")).get("content-type", "")
    title = re.search("<title>(.*?)</title>", str(answer)) if "html" in kind else None
    return answer if title is None else {"html_page": {"title": title[1], "messages": []}}


def _of_client(name: str, one: dict[str, Any], directory: Path) -> Exchange:
    return Exchange(
        name=name,
        method=one["method"],
        target=one["path"],
        headers=_lower(one.get("headers")),
        body=one.get("body"),
        raw=True,
        status=one["status"],
        answer_headers=_lower(one.get("response_headers")),
        answer=one.get("response"),
        directory=directory,
    )


def _lower(headers: dict[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}

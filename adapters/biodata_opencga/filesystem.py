"""The files of a study: folders, lines, whole contents, up and down (protocols/opencga.md, sections 1.9 and 7)."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from biodata.extras import needs
from biodata.http import FormFile, Request, Response, multipart, quote_segment, save
from biodata_opencga.answers import ask, failure
from biodata_opencga.catalogue import study_in_path
from biodata_opencga.operations import Operations

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["Files"]

_REFUSED = 400
_PAGE = 5000


def _check(response: Response) -> None:
    if response.status >= _REFUSED:
        raise failure(response)


class Files(Operations):
    """Files by their path, `data/a.txt`, or by their id, `data:a.txt`."""

    @needs("read")
    def list_folder(self, folder: str = "", *, study: str | None = None) -> list[dict[str, Any]]:
        """What lies in a folder: `id`, `path`, `type`, `size` of each.

        Raises:
            NotFound: there is no such folder.
        """
        params = (*self._in_study(study), ("include", "id,path,type,size"), ("limit", str(_PAGE)))
        found: list[dict[str, Any]] = []
        while True:
            page = self._get(f"files/{_id(folder)}/list", *params, ("skip", str(len(found))))
            found += page
            if len(page) < _PAGE:
                return found

    @needs("read")
    def tree(self, folder: str = "", *, study: str | None = None, depth: int | None = None) -> dict[str, Any]:
        """A folder with all that is in it: `file` and `children`."""
        deep = (("maxDepth", str(depth)),) if depth is not None else ()
        path = f"files/{_id(folder)}/tree"
        (found,) = self._get(path, *self._in_study(study), ("include", "id,path,type,size"), *deep)
        tree: dict[str, Any] = found
        return tree

    @needs("read")
    def head(self, file: str, *, lines: int = 20, offset: int = 0, study: str | None = None) -> str:
        """The first lines of a file, from a byte on."""
        return self._lines(file, "head", study, ("lines", str(lines)), ("offset", str(offset)))

    @needs("read")
    def tail(self, file: str, *, lines: int = 20, study: str | None = None) -> str:
        """The last lines of a file."""
        return self._lines(file, "tail", study, ("lines", str(lines)))

    @needs("read")
    def grep(self, file: str, pattern: str, *, ignore_case: bool = False, study: str | None = None) -> str:
        """The lines of a file in which a regular expression is found."""
        case = (("ignoreCase", "true"),) if ignore_case else ()
        return self._lines(file, "grep", study, ("pattern", pattern), *case)

    def _lines(self, file: str, verb: str, study: str | None, *params: tuple[str, str]) -> str:
        found = self._get(f"files/{_id(file)}/{verb}", *self._in_study(study), *params)
        return "".join(one.get("content") or "" for one in found)

    @needs("read")
    def content(self, file: str, *, study: str | None = None) -> bytes:
        """All of a file, in memory."""
        from io import BytesIO

        held = BytesIO()
        self._save(file, held, study)
        return held.getvalue()

    @needs("read")
    def download(self, file: str, to: IO[bytes] | PathLike[str] | str, *, study: str | None = None) -> int:
        """Write a file to a path or an open binary file, piece by piece; the number of bytes.

        Args:
            file: its path or id.
            to: a file of this name is replaced, when all of it has come.
            study: in place of the profile's.

        Raises:
            NotFound: there is no such file.
            ProtocolError: `BD-REMOTE-SHORT`, not all of it came.
        """
        return self._save(file, to, study)

    def _save(self, file: str, to: IO[bytes] | PathLike[str] | str, study: str | None) -> int:
        where = self._in_study(study)
        stored = self._get(f"files/{_id(file)}/info", *where, ("include", "id,size"))
        request = Request(method="GET", path=f"files/{_id(file)}/download", params=where)
        return save(self._session, request, to, _check, size=stored[0].get("size"))

    @needs("write")
    def upload(
        self,
        source: bytes | PathLike[str] | str,
        to: str,
        *,
        format: str = "PLAIN",  # noqa: A002 - the server's word
        bioformat: str = "NONE",
        description: str = "",
        study: str | None = None,
    ) -> str:
        """Store a file of this computer, or bytes, under a path of the study; its key. Folders are made.

        Raises:
            QueryError: there is a file of that path.
            ConfigError: `BD-CONFIG-FILE`, `source` is not there.
        """
        folder, _, name = to.strip("/").replace(":", "/").rpartition("/")
        where = study_in_path(self._session, study or self._study)
        told = {"relativeFilePath": folder, "fileName": name, "description": description}
        fields = {"study": where, "fileFormat": format, "bioformat": bioformat, "parents": "true"}
        part = FormFile("file", name, source if isinstance(source, bytes) else Path(source))
        body, content_type = multipart({**fields, **{key: one for key, one in told.items() if one}}, [part])
        request = Request(method="POST", path="files/upload", body=body, content_type=content_type)
        (made,) = ask(self._session, request, "files").result.results
        return str(made["id"])

    @needs("write")
    def link(self, uri: str, folder: str = "", *, description: str = "", study: str | None = None) -> str:
        """Make known a file that lies on the server, `file:///…`; its key.

        Raises:
            RemoteError: there is no such file on the server.
        """
        body = {"uri": uri, "path": folder, "description": description}
        given = {name: one for name, one in body.items() if one}
        (made,) = self._post("files/link", given, *self._in_study(study), ("parents", "true"))
        return str(made["id"])


def _id(path: str) -> str:
    """The id of a file for a path: `:` for `/`, the root folder being `/`."""
    return quote_segment(path.strip("/").replace("/", ":") or ":")

"""Exports to files: a whole node, or records by id, as TSV or JSON (protocols/gen3.md, b: Export).

Ids of several node types were once answered with an archive, and are refused by present servers (fact 10): it is
asked for, and without it each node type is asked for by itself.
"""

from __future__ import annotations

import re
import tarfile
import zlib
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from os import PathLike
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from biodata.errors import BiodataError, NotFound, ProtocolError, QueryError, RemoteError
from biodata.extras import needs
from biodata.http import Request
from biodata.records.files import in_place
from biodata_gen3.bounded import Bounded
from biodata_gen3.catalog import PROJECT
from biodata_gen3.errors import failure
from biodata_gen3.parts import Gen3Part
from biodata_gen3.read import check_export
from biodata_gen3.rowcount import Format, counter
from biodata_gen3.server import ask_graphql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from biodata.http.wire import Reply

__all__ = ["Exports"]

Target = IO[bytes] | PathLike[str] | str
_REFUSED = 400
_AT_ONCE = 500
_CHUNK = 1 << 16
_RECORD = 1 << 20
"""What an archive may unpack to: 1 MiB for each record, and as much for each file's own head."""
_ASKED_BY = frozenset({"ids", "first"})
"""Where the dictionary has properties of these names they are no arguments of the server's own (`reserved`)."""
_FORMATS = ("tsv", "json")
_MEMBER = re.compile(r"(?:\./)?([A-Za-z0-9_]+)\.tsv")


class Exports(Gen3Part):
    """The part of `connection.extras` that writes what the commons exports."""

    @needs("read")
    def export(
        self,
        *,
        node: str | None = None,
        ids: Sequence[str] | None = None,
        format: Format = "tsv",  # noqa: A002 - the platform's word
        to: Target,
    ) -> dict[str, int]:
        """Write a whole node, or the records with some ids, as the commons exports them; streamed.

        JSON can be submitted again, and a node as TSV where no value holds a tab or a line end, and none in a list a
        comma: the commons does not mark them. Of ids as TSV it writes nulls as `None` and lists as `['a']`.

        Args:
            node: a node type, all of whose records in the project are wanted.
            ids: the commons' ids, of one or several node types.
            format: `tsv` or `json`.
            to: a file, which is replaced when all of it has come; a directory, where each node type has its file
                `case.tsv`; an open binary file. Ids of several node types need a directory, which is made.

        Returns:
            Node type to number of records, which was compared with the commons' own count.

        Raises:
            NotFound: there is no such node type; some ids are not there (`missing` has them), nothing is written.
            ProtocolError: `BD-REMOTE-SHORT`, less came than the commons counts; a file stays as it was.
        """
        if format not in _FORMATS:
            raise QueryError(f"An export is tsv or json, not {format!r}", code="BD-QUERY-EXPORT")
        if (node is None) == (not ids):
            raise QueryError("An export takes node= or ids=, one of them", code="BD-QUERY-EXPORT")
        if node is not None:
            return {node: self._whole(node, format, to)}
        return self._by_ids(list(dict.fromkeys(ids or ())), format, to)

    # a whole node ------------------------------------------------------------------------------------------------

    def _whole(self, node: str, format: Format, to: Target) -> int:  # noqa: A002 - the platform's word
        schema = self.connection.schema(node)
        if node == PROJECT:
            raise QueryError("The commons exports no projects; query the table", code="BD-QUERY-EXPORT")
        params = (("node_label", node), ("format", format))
        request = Request(method="GET", path=self._project.path("export"), params=params)
        before = self._reader.everything(schema)
        with _opened(to, f"{node}.{format}") as file:
            number = self._copy(request, node, format, file)
            if number != before:
                check_export(schema, number, before, self._reader.everything(schema))
        return number

    def _copy(self, request: Request, node: str, format: Format, file: IO[bytes]) -> int:  # noqa: A002
        rows = counter(node, format)
        with self._session.stream(request) as reply:
            _check(reply, node)
            for piece in reply:
                file.write(piece)
                rows.feed(piece)
        return rows.finish()

    # by ids --------------------------------------------------------------------------------------------------------

    def _by_ids(self, ids: list[str], format: Format, to: Target) -> dict[str, int]:  # noqa: A002
        by_node = self._nodes_of(ids)
        if len(by_node) == 1:
            ((node, some),) = by_node.items()
            with _opened(to, f"{node}.{format}") as file:
                return {node: self._of_node(node, some, format, file)}
        if not isinstance(to, str | PathLike) or Path(to).is_file():
            raise QueryError(
                f"These ids are of {len(by_node)} node types ({', '.join(by_node)}): `to` must be a directory",
                code="BD-QUERY-EXPORT",
            )
        Path(to).mkdir(parents=True, exist_ok=True)
        found = self._archive(by_node, Path(to)) if format == "tsv" else None
        return found or {node: self._to_file(node, some, format, Path(to)) for node, some in by_node.items()}

    def _to_file(self, node: str, ids: list[str], format: Format, directory: Path) -> int:  # noqa: A002
        with _opened(directory, f"{node}.{format}") as file:
            return self._of_node(node, ids, format, file)

    def _of_node(self, node: str, ids: list[str], format: Format, file: IO[bytes]) -> int:  # noqa: A002
        number = self._copy(self._request(ids, format), node, format, file)
        _compare(node, number, ids)
        return number

    def _request(self, ids: Sequence[str], format: str, *, idempotent: bool = True) -> Request:  # noqa: A002
        """A POST, because the line of a GET holds about a hundred ids."""
        payload = {"ids": list(ids), "format": format}
        return Request.json("POST", self._project.path("export"), payload, idempotent=idempotent)

    def _nodes_of(self, ids: list[str]) -> dict[str, list[str]]:
        """Node type to those of the ids that are of it, in the order given.

        Raises:
            NotFound: `BD-NOT-FOUND`, some are not in the project.
        """
        types = [one.label for one in self._catalog().types.values() if not _ASKED_BY & one.properties.keys()]
        types.remove(PROJECT)
        node_of: dict[str, str] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            asked = " ".join(f"{label}(ids: $ids, project_id: $project, first: 0) {{id}}" for label in types)
            variables = {"ids": some, "project": [self._project.id]}
            query = f"query($ids: [String], $project: [String]) {{{asked}}}"
            found = ask_graphql(self._session, query, variables, None, dict[str, list[dict[str, str]]])
            node_of |= {row["id"]: label for label, rows in found.items() for row in rows}
        if not node_of:
            self._reader.check_read()
        missing = [one for one in ids if one not in node_of]
        if missing:
            message = f"{len(missing)} of {len(ids)} ids are not in project {self._project.id}"
            raise NotFound(message, code="BD-NOT-FOUND", missing=missing)
        return {label: [one for one in ids if node_of[one] == label] for label in dict.fromkeys(node_of.values())}

    # the archive of older servers --------------------------------------------------------------------------------

    def _archive(self, by_node: dict[str, list[str]], directory: Path) -> dict[str, int] | None:
        """One archive with a file for each node type, as older servers give it; None where this one fails at it."""
        ids = [one for some in by_node.values() for one in some]
        with TemporaryFile() as packed:
            try:
                with self._session.stream(self._request(ids, "tsv", idempotent=False)) as reply:
                    _check(reply, None)
                    packed.writelines(reply)
            except RemoteError as error:
                if error.status is not None and error.status >= 500:  # noqa: PLR2004 - the server's own failures
                    return None
                raise
            packed.seek(0)
            return _unpacked(packed, by_node, directory)


def _check(reply: Reply, node: str | None) -> None:
    if reply.response.status >= _REFUSED:
        raise failure(reply.response, node)


def _compare(node: str, number: int, ids: Sequence[str]) -> None:
    if number != len(ids):
        raise ProtocolError(
            f"An export has {number} records where {len(ids)} were asked for", code="BD-REMOTE-SHORT", table=node
        )


@contextmanager
def _opened(to: Target, name: str) -> Iterator[IO[bytes]]:
    """The file to write to: a path gets its content when all of it is there."""
    if not isinstance(to, str | PathLike):
        yield to
        return
    path = Path(to)
    with in_place(path / name if path.is_dir() else path) as fresh, fresh.open("wb") as file:
        yield file


def _unpacked(packed: IO[bytes], by_node: dict[str, list[str]], directory: Path) -> dict[str, int]:
    """Write the archive's files; only files of the node types that were asked for, and each once.

    Raises:
        ProtocolError: `BD-REMOTE-FORMAT`, it is no such archive, or holds more than 1 MiB a record;
            `BD-REMOTE-SHORT`, records are missing.
    """
    found: dict[str, int] = {}
    most = _RECORD * (len(by_node) + sum(map(len, by_node.values())))
    content: Any = Bounded(GzipFile(fileobj=packed), most)
    try:
        with tarfile.open(fileobj=content, mode="r:") as archive:
            for member in archive:
                node = _node_of(member, by_node)
                if node is None or node in found:
                    raise _strange()
                found[node] = _write_member(archive, member, node, by_node[node], directory)
    except (tarfile.TarError, EOFError, BadGzipFile, zlib.error) as error:
        raise _strange() from error
    if found.keys() != by_node.keys():
        raise ProtocolError("The archive of an export lacks a node type", code="BD-REMOTE-SHORT")
    return found


def _node_of(member: tarfile.TarInfo, nodes: Iterable[str]) -> str | None:
    match = _MEMBER.fullmatch(member.name)
    plain = member.isreg() and not member.issparse()  # the holes of a sparse one are bytes that nobody sent
    return match[1] if match and plain and match[1] in nodes else None


def _write_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, node: str, ids: list[str], directory: Path
) -> int:
    source: Any = archive.extractfile(member)
    rows = counter(node, "tsv")
    with _opened(directory, f"{node}.tsv") as file:
        while piece := source.read(_CHUNK):
            file.write(piece)
            rows.feed(piece)
        _compare(node, rows.finish(), ids)
    return rows.finish()


def _strange() -> BiodataError:
    return ProtocolError("The archive of an export holds something else than node types", code="BD-REMOTE-FORMAT")

"""Programs, projects and their states, templates, manifests (protocols/gen3.md, b)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from biodata.errors import ProtocolError, QueryError, WriteError
from biodata.extras import needs
from biodata.http import Request, quote_segment
from biodata.references import chunks
from biodata_gen3.parts import Gen3Part
from biodata_gen3.server import ask, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from biodata.receipts import Receipt

__all__ = ["Projects"]

_ROOT = "api/v0/submission"
_SEARCH = "api/search"
_IN_A_LINE = 90
"""Ids of a GET: each is a UUID and an encoded comma of a line of at most 4094 bytes (protocols/gen3.md, b: Sizes)."""
_HEAD = "files:\n"
_STATES = ("open", "review", "submit", "release")


class _Listing(msgspec.Struct, frozen=True):
    links: list[str]


class Projects(Gen3Part):
    """The part of `connection.extras` for programs and projects: the profile's own, unless another is named."""

    @needs("read")
    def programs(self) -> list[str]:
        """The names of all programs, whoever asks."""
        return self._listed(_ROOT)

    @needs("read")
    def projects(self, program: str | None = None) -> list[str]:
        """The codes of a program's projects, whoever asks.

        Raises:
            NotFound: there is no such program.
        """
        return self._listed(f"{_ROOT}/{quote_segment(program or self._project.program)}")

    def _listed(self, path: str) -> list[str]:
        """The last steps of the links, which themselves lack the start of their paths."""
        listed: _Listing = read_json(self._session, Request(method="GET", path=path), _Listing)
        return sorted(link.rpartition("/")[2] for link in listed.links)

    @needs("write")
    def create_program(self, name: str, accession: str | None = None) -> str:
        """Make a program; its id. One of that name is there already: it gets this accession.

        Args:
            name: of the program.
            accession: its dbGaP accession number, by which rights are given; the name, unless it is given: rights are
                checked by the name, so that another accession locks out all but administrators.
        """
        doc = {"type": "program", "name": name, "dbgap_accession_number": accession or name}
        made = self._made("", doc)
        return str(made["id"])

    @needs("write")
    def create_project(
        self,
        code: str,
        *,
        program: str | None = None,
        accession: str | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> str:
        """Make a project, or change one; its id.

        Args:
            code: unique in the whole commons.
            program: the program; the profile's own, unless it is given.
            accession: its dbGaP accession number; the code, unless it is given.
            properties: further properties of the dictionary's node type `project`.

        Raises:
            WriteError: the commons refuses it, in its own words.
        """
        doc = {"type": "project", "code": code, "dbgap_accession_number": accession or code, **(properties or {})}
        made = self._made(quote_segment(program or self._project.program), doc)
        return str(made["entities"][0]["id"]) if made.get("entities") else str(made.get("id", ""))

    def _made(self, path: str, doc: Mapping[str, Any]) -> dict[str, Any]:
        request = Request.json("PUT", f"{_ROOT}/{path}".rstrip("/"), doc)
        made: dict[str, Any] = self._accepted(request).decode(dict[str, Any])
        return made

    def _accepted(self, request: Request) -> Any:
        try:
            return ask(self._session, request)
        except QueryError as error:
            raise WriteError(error.message, code="BD-WRITE-REFUSED") from None

    @needs("delete")
    def delete_program(self, name: str) -> None:
        """Delete an empty program.

        Raises:
            WriteError: there are projects in it.
            NotFound: there is none.
        """
        self._accepted(Request(method="DELETE", path=f"{_ROOT}/{quote_segment(name)}"))

    @needs("delete")
    def delete_project(self, code: str, *, program: str | None = None) -> None:
        """Delete an empty project; errors as `delete_program`."""
        names = (program or self._project.program, code)
        self._accepted(Request(method="DELETE", path="/".join([_ROOT, *map(quote_segment, names)])))

    # states --------------------------------------------------------------------------------------------------------

    @needs("read")
    def project_state(self) -> str:
        """The state of the profile's project: `open` takes records, `review` and `submitted` do not."""
        query = "query($code: [String]) {project(code: $code, first: 0) {state project_id}}"
        found = self.connection.graphql(query, {"code": [self._project.code]})["project"]
        return next((str(one["state"]) for one in found if one["project_id"] == self._project.id), "")

    @needs("write")
    def set_project_state(self, verb: Literal["open", "review", "submit", "release"]) -> str:
        """Move the profile's project on: review, then open again or submit, then release; the commons' words.

        Raises:
            WriteError: the project is not in the state before that one.
        """
        if verb not in _STATES:
            raise QueryError(f"A project can {', '.join(_STATES)}, not {verb!r}", code="BD-QUERY-STATE")
        report: dict[str, Any] = self._accepted(Request(method="PUT", path=self._project.path(verb))).json()
        return str(report.get("message", ""))

    # what is there -------------------------------------------------------------------------------------------------

    @needs("read")
    def counts(self, nodes: Sequence[str] | None = None) -> dict[str, dict[str, int]]:
        """Project to node type to number of records, of every project that this user may read.

        Args:
            nodes: node types; all of the dictionary when None.
        """
        names = tuple(nodes or self._catalog().types)
        request = Request(method="GET", path=f"{_SEARCH}/datasets", params=(("nodes", ",".join(names)),))
        found: dict[str, dict[str, int]] = read_json(self._session, request, dict[str, dict[str, int]])
        return found

    @needs("read")
    def dictionary(self, node: str | None = None) -> dict[str, Any]:
        """The data dictionary as the commons publishes it: of one node type, or all of it."""
        path = f"{_ROOT}/_dictionary/{quote_segment(node) if node else '_all'}"
        found: dict[str, Any] = read_json(self._session, Request(method="GET", path=path, anonymous=True), dict)
        return found

    @needs("read")
    def template(self, node: str, format: Literal["tsv", "csv", "json"] = "tsv") -> str:  # noqa: A002 - the platform's word
        """The columns of a node type's submission; those that are required begin with `*`.

        Raises:
            NotFound: there is no such node type.
        """
        path = f"{_ROOT}/template/{quote_segment(node)}"
        request = Request(method="GET", path=path, params=(("format", format),), anonymous=True)
        return ask(self._session, request).text

    @needs("read")
    def manifest(self, ids: Sequence[str]) -> str:
        """The YAML that an upload client takes, of data files by id; as many to a request as its line holds.

        Raises:
            QueryError: some are no data files.
            NotFound: some are not there.
        """
        parts = [self._manifest(some) for some in chunks(list(dict.fromkeys(ids)), _IN_A_LINE)]
        head, *rest = parts or [self._manifest([])]
        return head + "".join(_entries(one) for one in rest)

    def _manifest(self, ids: Sequence[str]) -> str:
        params = (("ids", ",".join(ids)),)
        return ask(self._session, Request(method="GET", path=self._project.path("manifest"), params=params)).text

    @needs("delete")
    def delete_node(self, node: str, progress: Callable[[int], None] | None = None) -> Receipt:
        """Delete all records of a node type in the project.

        Args:
            node: the node type; records of it that others depend on are refused.
            progress: called with the number of records dealt with, after each hundred.
        """
        return self.connection[node].delete(all=True, progress=progress)


def _entries(manifest: str) -> str:
    """The files of a further manifest, without its head."""
    if not manifest.startswith(_HEAD):
        raise ProtocolError("A manifest does not begin with its files", code="BD-REMOTE-FORMAT")
    return manifest.removeprefix(_HEAD)

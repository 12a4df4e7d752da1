"""Beside the verbs: what `connection.extras` has; making, emptying and dropping tables; who we are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from biodata.adapter import Identity
from biodata.errors import AuthError, BiodataError, QueryError, SchemaError, WriteError
from biodata.extras import needs
from biodata.http import FormFile, Request
from biodata_molgenis.auth import log_out
from biodata_molgenis.emx import emx
from biodata_molgenis.importer import Imports, follow, start
from biodata_molgenis.metadata import Metadata
from biodata_molgenis.replace import Replace
from biodata_molgenis.schema import list_tables, read_meta
from biodata_molgenis.server import ask, emx2_version, read_json, refuse_stranger, table_path
from biodata_molgenis.uploads import download

if TYPE_CHECKING:
    from os import PathLike
    from typing import IO, Any

    from biodata.http import HttpSession
    from biodata.records.types import Schema
    from biodata_molgenis.auth import Login

__all__ = ["MolgenisExtras", "create_table", "delete_all", "drop", "identity"]

_RIGHTS = {"READ_DATA": "read", "ADD_DATA": "add", "UPDATE_DATA": "update", "DELETE_DATA": "delete"}
_RIGHTS_OF = 10


class MolgenisExtras(Imports, Metadata, Replace):
    """What a MOLGENIS server can do beyond the verbs."""

    @needs("read")
    def logout(self) -> bool:
        """End the present token on the server; the next request logs in anew, where the profile has a login.

        Returns:
            Whether there was a token that the server still knew.
        """
        return log_out(self._session)

    @needs("write")
    def copy(self, table: str, name: str) -> str:
        """Copy a table with its rows; the name that the copy has (protocols/molgenis.md, b1).

        Raises:
            SchemaError: a table of that name is there already.
        """
        request = Request.json("POST", table_path("v2", "copy", table), {"newEntityName": name})
        try:
            response = ask(self._session, request, table)
        except QueryError as error:
            raise SchemaError(f"The server refuses the copy: {error.message}", table=table) from None
        return str(response.decode(str))

    @needs("read")
    def download(self, file: Mapping[str, Any] | str | None, to: IO[bytes] | PathLike[str] | str) -> int:
        """Write a stored file's content to a path or an open binary file; the number of bytes.

        Args:
            file: the value of a record's file field, or its `id`.
            to: a file of this name is replaced, when all of it has come.

        Raises:
            NotFound: there is no such file.
            QueryError: `BD-QUERY-VALUE`, what is given is no file: the field has no value, perhaps.
        """
        file_id = file.get("id") if isinstance(file, Mapping) else file
        if not (isinstance(file_id, str) and file_id):
            raise QueryError("There is no file: give the value of a field of files, or its id", code="BD-QUERY-VALUE")
        return download(self._session, file_id, to)


# --- making a table ----------------------------------------------------------------------------------------


def create_table(session: HttpSession, schema: Schema, *, limit: float) -> None:
    """Make a table by the importer, and wait until it is there (protocols/molgenis.md, c).

    Args:
        session: with the tokens.
        schema: of the table; a name with `_` puts it in the package that stands before it.
        limit: seconds to wait.

    Raises:
        SchemaError: the server has no such type, or refuses the table.
        RemoteError: `BD-REMOTE-TIMEOUT`, the import goes on after `limit`.
    """
    try:
        run = start(session, FormFile("file", "emx.zip", emx(schema), "application/zip"), "add", "upsert")
        follow(session, run, limit=limit)
    except WriteError as error:
        raise SchemaError(f"The server refuses the table: {error.message}", table=schema.table) from None


# --- emptying and dropping ---------------------------------------------------------------------------------


def drop(session: HttpSession, table: str) -> None:
    """Remove a table with its rows (protocols/molgenis.md, a2).

    Raises:
        NotFound: `BD-NOT-FOUND-TABLE`.
        WriteError: another table refers to it.
    """
    _remove(session, table, "meta")


class _Total(msgspec.Struct):
    total: int


def delete_all(session: HttpSession, table: str) -> int:
    """Delete all rows; the number that there were just before.

    Raises:
        WriteError: rows of another table refer to some; nothing is deleted.
    """
    params = (("num", "0"),)
    total = read_json(
        session, Request(method="GET", path=table_path("v2", table), params=params), _Total, table
    ).total
    _remove(session, table)
    return total


def _remove(session: HttpSession, table: str, *rest: str) -> None:
    request = Request(method="DELETE", path=table_path("v1", table, *rest))
    try:
        response = ask(session, request, table)
    except QueryError as error:
        raise WriteError(error.message, code="BD-WRITE-REFERENCED", table=table) from None
    refuse_stranger(request, response, table)


# --- who we are --------------------------------------------------------------------------------------------


class _Version(msgspec.Struct, rename="camel"):
    molgenis_version: str
    build_date: str = ""


def identity(session: HttpSession, login: Login | None) -> Identity:
    """Server, version, user, rights on the first tables, and the token's remaining seconds.

    Raises:
        ConfigError: `BD-CONFIG-EMX2`, the address is an EMX2's.
        AuthError: the login is refused.
    """
    version = emx2_version(session)
    if version is not None:
        return Identity(server="MOLGENIS EMX2", version=version, notes=(_EMX2_NOTE,))
    server = read_json(session, Request(method="GET", path="api/v2/version"), _Version)
    rights, notes = _rights(session)
    user = login.user if login is not None else None
    if session.auth is not None and login is None:
        notes = (
            *notes,
            "the server does not say whose the given token is, and one that has ended reads as anonymous",
        )
    return Identity(
        server="MOLGENIS",
        version=f"{server.molgenis_version} ({server.build_date})" if server.build_date else server.molgenis_version,
        user=user,
        rights=rights,
        token_seconds=session.auth.seconds_left() if session.auth else None,
        notes=notes,
        place=session.path,
    )


_WHOSE_NOTE = "the server does not say whose the given token is; one that has ended reads as anonymous"
_EMX2_NOTE = "this adapter speaks to the classic server (version 10 and before); EMX2 has another protocol"


def _rights(session: HttpSession) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        tables = sorted(one.name for one in list_tables(session))
    except AuthError:
        return (), ("the list of tables may not be read",)
    more = len(tables) - _RIGHTS_OF
    notes = (f"rights are shown of {_RIGHTS_OF} tables; there are {more} more",) if more > 0 else ()
    return tuple(_rights_on(session, table) for table in tables[:_RIGHTS_OF]), notes


def _rights_on(session: HttpSession, table: str) -> str:
    try:
        held = read_meta(session, table).permissions
    except BiodataError:
        return f"{table}: none"
    return f"{table}: {', '.join(word for name, word in _RIGHTS.items() if name in held) or 'none'}"

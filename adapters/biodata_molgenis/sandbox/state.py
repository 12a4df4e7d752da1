"""What the server holds: entity types, rows, files, users, tokens. In memory, behind one lock.

Values are kept as Python has them: an int, a float, an ISO string for a date, an aware datetime, the id of the
referenced row, a tuple of ids. A one-to-many is not kept but computed from the other side.
"""

from __future__ import annotations

import base64
import itertools
import secrets
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from biodata_molgenis.sandbox import system
from biodata_molgenis.sandbox.errors import denied, unknown_row, unknown_type
from biodata_molgenis.sandbox.model import Attribute, EntityType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from biodata.sandbox import Clock

__all__ = ["ADMIN", "ALL_PERMISSIONS", "ANONYMOUS", "TOKEN_LIFETIME", "Row", "State"]

Row = dict[str, Any]
ADMIN = "admin"
ANONYMOUS = "anonymous"
TOKEN_LIFETIME = 2 * 60 * 60.0
SESSION_LIFETIME = 30 * 60.0
ALL_PERMISSIONS = (
    "DELETE_DATA",
    "UPDATE_METADATA",
    "UPDATE_DATA",
    "COUNT_DATA",
    "AGGREGATE_DATA",
    "READ_DATA",
    "ADD_DATA",
    "READ_METADATA",
    "DELETE_METADATA",
)
_READ = ("COUNT_DATA", "AGGREGATE_DATA", "READ_DATA", "READ_METADATA")
_WRITE = ("DELETE_DATA", "UPDATE_DATA", *_READ, "ADD_DATA")
_LEVELS = {"read": _READ, "write": _WRITE}
_PUBLIC_SYSTEM = frozenset({system.ENTITY_TYPE, system.ATTRIBUTE, system.PACKAGE, system.FILE_META})


class _Credential(msgspec.Struct, frozen=True):
    user: str
    until: float


class State:
    """The server's state. Hold `lock` while reading or writing more than one thing.

    Args:
        clock: what tokens and automatic dates go by.
        token_lifetime: seconds; None: two hours (a1).

    Attributes:
        two_factor: users who cannot log in with user name and password alone (a1).
        password_due: users who must first set a new password on the website (a1).
        import_seconds: how long an import or another job takes, by the clock; none unless a test says so.
    """

    def __init__(self, clock: Clock, token_lifetime: float | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.token_lifetime = TOKEN_LIFETIME if token_lifetime is None else token_lifetime
        self.types: dict[str, EntityType] = {}
        self.stored: dict[str, dict[Any, Row]] = {}
        self.files: dict[str, bytes] = {}
        self.passwords: dict[str, str] = {}
        self.two_factor: set[str] = set()
        self.password_due: set[str] = set()
        self._superusers: set[str] = set()
        self._grants: dict[tuple[str, str], str] = {}
        self._tokens: dict[str, _Credential] = {}
        self._sessions: dict[str, _Credential] = {}
        self.import_seconds = 0.0
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._numbers = itertools.count(1)
        for entity_type in system.system_types():
            self.put_type(entity_type)
        self.stored[system.PACKAGE] = system.package_rows()
        self.add_user(ADMIN, ADMIN, superuser=True)
        self.add_user(ANONYMOUS, secrets.token_hex(8))

    # tables ---------------------------------------------------------------------------------------------------

    def new_id(self) -> str:
        """A generated id: 26 characters in which later ones sort later."""
        number = next(self._numbers)
        packed = int(self.clock.time() * 1000).to_bytes(8, "big") + number.to_bytes(8, "big")
        return base64.b32encode(packed).decode().lower().rstrip("=")

    def put_type(self, entity_type: EntityType) -> EntityType:
        """Add or replace an entity type; its attributes get ids, its rows stay."""
        attributes = tuple(
            one if one.id else msgspec.structs.replace(one, id=self.new_id()) for one in entity_type.attributes
        )
        entity_type = msgspec.structs.replace(entity_type, attributes=attributes)
        with self.lock:
            self.types[entity_type.id] = entity_type
            self.stored.setdefault(entity_type.id, {})
        return entity_type

    def create_table(
        self,
        name: str,
        attributes: Iterable[Attribute],
        *,
        label: str | None = None,
        package: str | None = None,
        description: str | None = None,
    ) -> EntityType:
        """Define a table for tests and demo data; `name` is the full id.

        Without an attribute marked `is_id` the first one becomes the id: unique, required, read-only.
        """
        listed = tuple(attributes)
        if not any(one.is_id for one in listed):
            listed = (msgspec.structs.replace(listed[0], is_id=True), *listed[1:])
        return self.put_type(EntityType(name, label or name, tuple(map(_settled, listed)), package, description))

    def add_rows(self, table: str, rows: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Add rows, given in the JSON form in which a client would send them; returns their ids.

        Raises:
            ApiError: as the server would answer.
        """
        from biodata_molgenis.sandbox.writes import create

        with self.lock:
            return create(self, self.entity_type(table), list(rows))

    def drop_type(self, name: str) -> None:
        """Forget a table and its rows."""
        with self.lock:
            self.types.pop(name, None)
            self.stored.pop(name, None)

    def entity_type(self, name: str) -> EntityType:
        """The entity type of this id.

        Raises:
            ApiError: 404 D01.
        """
        if name not in self.types:
            raise unknown_type(name)
        return self.types[name]

    def rows(self, name: str) -> dict[Any, Row]:
        """The rows of a table by id; not to be changed by the caller."""
        if name == system.ENTITY_TYPE:
            return system.entity_type_rows(self.types.values())
        if name == system.ATTRIBUTE:
            return system.attribute_rows(self.types)
        return self.stored[name]

    def row(self, entity_type: EntityType, text: str) -> Row:
        """One row by the text of its id.

        Raises:
            ApiError: 404 D02.
        """
        row = self.rows(entity_type.id).get(typed_id(entity_type, text))
        if row is None:
            label = entity_type.id_attribute.label or entity_type.id_attribute.name
            raise unknown_row(label, text, entity_type.label)
        return row

    def children(self, attribute: Attribute) -> dict[Any, tuple[Any, ...]]:
        """For a one-to-many attribute: parent id -> ids of its children, in the order of their ids."""
        found: defaultdict[Any, list[Any]] = defaultdict(list)
        for child_id, child in sorted(self.rows(attribute.ref or "").items()):
            parent = child.get(attribute.mapped_by or "")
            if parent is not None:
                found[parent].append(child_id)
        return {parent: tuple(ids) for parent, ids in found.items()}

    def referrers(self, name: str) -> Iterator[tuple[EntityType, Attribute]]:
        """The attributes of all tables that refer to rows of this one, one-to-many left out."""
        for entity_type in self.types.values():
            for attribute in entity_type.atomic:
                if attribute.ref == name and attribute.type not in ("onetomany", "file"):
                    yield entity_type, attribute

    # jobs -----------------------------------------------------------------------------------------------------

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Do something when so many seconds have passed; at once when none must."""
        if seconds <= 0:
            job()
            return
        with self.lock:
            self._later.append((self.clock.time() + seconds, job))

    def do_what_is_due(self) -> None:
        """Do the jobs whose time has come; called before each request is answered."""
        with self.lock:
            now = self.clock.time()
            due = [job for at, job in self._later if at <= now]
            self._later = [(at, job) for at, job in self._later if at > now]
        for job in due:
            job()

    # users ----------------------------------------------------------------------------------------------------

    def add_user(self, name: str, password: str, *, superuser: bool = False) -> None:
        """Add a user; one that is no superuser may read nothing until `grant` says so."""
        user_id = self.new_id()
        row = {
            "id": user_id,
            "username": name,
            "password_": "*****",
            "active": True,
            "superuser": superuser,
            "Email": f"{name}@example.org",
        }
        with self.lock:
            self.stored[system.USER][user_id] = row
            self.passwords[name] = password
            if superuser:
                self._superusers.add(name)

    def grant(self, user: str, table: str, level: str | None) -> None:
        """Let a user `read` or `write` a table; None takes it back. `anonymous` is a user too (a1)."""
        with self.lock:
            if level is None:
                self._grants.pop((user, table), None)
            else:
                self._grants[user, table] = level

    def is_superuser(self, user: str) -> bool:
        """Whether this user may do everything."""
        return user in self._superusers

    def permissions(self, user: str, table: str) -> tuple[str, ...]:
        """What this user may do with a table."""
        if self.is_superuser(user):
            return ALL_PERMISSIONS
        if table in _PUBLIC_SYSTEM and any(holder == user for holder, _ in self._grants):
            return _READ
        return _LEVELS.get(self._grants.get((user, table), ""), ())

    def require(self, user: str, name: str, permission: str) -> EntityType:
        """The entity type, if the user may do this with it.

        Who may not read `sys_md_EntityType` is told so, and not that a table is unknown: only the system's own
        types are known without it [C 004, 151].

        Raises:
            ApiError: 401 DS04, or 404 D01.
        """
        entity_types = self.types[system.ENTITY_TYPE]
        is_system = name in self.types and self.types[name].system
        if not is_system and not self.permissions(user, system.ENTITY_TYPE):
            raise denied("Read metadata", entity_types.id, entity_types.label)
        entity_type = self.entity_type(name)
        allowed = self.permissions(user, name)
        if "READ_METADATA" not in allowed:
            raise denied("Read metadata", name, entity_type.label)
        if permission not in allowed:
            raise denied(permission.replace("_", " ").capitalize(), name, entity_type.label)
        return entity_type

    def visible_rows(self, user: str, name: str) -> dict[Any, Row]:
        """The rows that a user sees: of the metadata only that of tables they may read."""
        rows = self.rows(name)
        if self.is_superuser(user) or name not in system.VIRTUAL:
            return rows
        column = "id" if name == system.ENTITY_TYPE else "entity"
        return {key: row for key, row in rows.items() if self.permissions(user, row[column])}

    # tokens and sessions --------------------------------------------------------------------------------------

    def login(self, user: str, password: str) -> str | None:
        """A new token, or None for a wrong name or password."""
        if self.passwords.get(user) != password or user == ANONYMOUS:
            return None
        token = secrets.token_hex(16)
        with self.lock:
            self._tokens[token] = _Credential(user, self.clock.time() + self.token_lifetime)
        return token

    def logout(self, token: str) -> bool:
        """Forget a token; False for one that is not known."""
        with self.lock:
            return self._tokens.pop(token, None) is not None

    def end_tokens(self) -> None:
        """Make all tokens dead at once, as a restart of the server does."""
        with self.lock:
            self._tokens.clear()

    def user_of_token(self, token: str) -> str | None:
        """Who a token is; None for an unknown or dead one, which the server treats as anonymous (a1)."""
        return self._alive(self._tokens, token)

    def open_session(self, user: str) -> str:
        """A session as the servlet container keeps one in a JSESSIONID cookie."""
        session = secrets.token_hex(16).upper()
        with self.lock:
            self._sessions[session] = _Credential(user, self.clock.time() + SESSION_LIFETIME)
        return session

    def user_of_session(self, session: str) -> str | None:
        """Who a session cookie is."""
        return self._alive(self._sessions, session)

    def _alive(self, credentials: dict[str, _Credential], key: str) -> str | None:
        with self.lock:
            credential = credentials.get(key)
            if credential is not None and credential.until <= self.clock.time():
                del credentials[key]
                return None
        return credential.user if credential is not None else None


def typed_id(entity_type: EntityType, text: str) -> Any:
    """The id of a row as it is kept, from its text; the text itself where it cannot be one."""
    if entity_type.id_attribute.type in ("int", "long"):
        try:
            return int(text)
        except ValueError:
            return text
    return text


def _settled(attribute: Attribute) -> Attribute:
    if attribute.type == "file" and attribute.ref is None:
        return msgspec.structs.replace(attribute, ref=system.FILE_META)
    if attribute.is_id:
        return msgspec.structs.replace(attribute, nillable=False, unique=True, read_only=True, lookup=True)
    if attribute.is_label:
        return msgspec.structs.replace(attribute, nillable=False, lookup=True)
    return attribute

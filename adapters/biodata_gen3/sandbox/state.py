"""What the server holds: programs, projects, nodes, links, transactions, users and keys. In memory, behind one lock.

A table's rows are kept in the order in which a database would give them without being asked for one: an update
moves a row to the end (protocols/gen3.md, c).
"""

from __future__ import annotations

import itertools
import threading
import uuid
from typing import TYPE_CHECKING, Any, Literal

from biodata_gen3.sandbox.services import Services
from biodata_gen3.sandbox.tokens import Tokens
from biodata_gen3.sandbox.users import Users

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from biodata.sandbox import Clock
    from biodata_gen3.sandbox.dictionary import Dictionary, NodeType
    from biodata_gen3.sandbox.fence import ApiKey, Client
    from biodata_gen3.sandbox.indices import Index

__all__ = ["TOKEN_LIFETIME", "Node", "State", "Transaction"]

TOKEN_LIFETIME = 3600.0
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "gen3.sandbox.biodata")


class Node:
    """One node.

    Attributes:
        props: its properties; one that was never given is not there, one that was cleared is None.
        parents: link name -> ids, in the order in which they were given.
        born: when it was made, as a number.
    """

    def __init__(self, id_: str, type_: NodeType, props: dict[str, Any], time: str, number: int) -> None:
        self.id = id_
        self.type = type_
        self.props = props
        self.parents: dict[str, list[str]] = {}
        self.created = self.updated = time
        self.born = number

    @property
    def project_id(self) -> str | None:
        """The project that it belongs to; None for programs."""
        held: str | None = self.props.get("project_id")
        return held

    @property
    def key(self) -> Any:
        """Its submitter_id, code or name."""
        return self.props.get(self.type.key)

    def value(self, name: str) -> Any:
        """A property or a system property; None where it has none."""
        if name in ("created_datetime", "updated_datetime"):
            return self.created if name[0] == "c" else self.updated
        return {"id": self.id, "type": self.type.label}.get(name) or self.props.get(name)


class Transaction:
    """One entry of the transaction log."""

    def __init__(self, number: int, project_id: str, role: str, time: str, *, dry_run: bool = False) -> None:
        self.number = number
        self.project_id = project_id
        self.role = role
        self.created = time
        self.dry_run = dry_run
        self.state = "PENDING"
        self.closed = False
        self.committed_by: int | None = None
        self.docs: list[Any] = []
        self.document: dict[str, Any] = {}
        self.entities: list[str] = []


class State:
    """The server's state. Hold `lock` while reading or writing more than one thing.

    Attributes:
        mixed_exports: whether ids of several types can be exported at once, as by older servers.
        services: what the services around the graph hold.
        indices: what Guppy searches, by name.
        tier: what Guppy shows of what a user may not read: `private`, `regular` (small numbers hidden below
            `tier_limit`) or `libre`.

    Args:
        clock: what tokens and times go by.
        dictionary: the node types.
        token_lifetime: seconds, also the most that a client can ask for; None: an hour (protocols/gen3.md, fact 9).
    """

    def __init__(self, clock: Clock, dictionary: Dictionary, token_lifetime: float | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.dictionary = dictionary
        self.token_lifetime = TOKEN_LIFETIME if token_lifetime is None else token_lifetime
        self.tokens = Tokens(clock)
        self.users = Users()
        self.mixed_exports = False
        self.services = Services()
        self.indices: dict[str, Index] = {}
        self.tier: Literal["private", "regular", "libre"] = "regular"
        self.tier_limit = 1000
        self.keys: dict[str, ApiKey] = {}
        self.revoked: set[str] = set()
        self.clients: dict[str, Client] = {}
        self.nodes: dict[str, Node] = {}
        self.transactions: dict[int, Transaction] = {}
        self._children: dict[str, dict[str, None]] = {}
        self._by_key: dict[tuple[str, str | None, Any], str] = {}
        self._by_type: dict[str, dict[str, Node]] = {label: {} for label in dictionary.nodes}
        self._numbers = itertools.count(1)

    # generated things ------------------------------------------------------------------------------------------

    def new_id(self) -> str:
        """A new node id."""
        return str(uuid.uuid4())

    def named_id(self, name: str) -> str:
        """The id of a program or project, the same for the same name."""
        return str(uuid.uuid5(_NAMESPACE, name))

    def now(self) -> str:
        """The time as nodes carry it."""
        return self.clock.now().isoformat(timespec="microseconds")

    def transaction(self, project_id: str, role: str, *, dry_run: bool = False) -> Transaction:
        """A new entry of the log."""
        number = self.next_transaction()
        time = self.clock.now().isoformat(sep=" ", timespec="microseconds")
        entry = self.transactions[number] = Transaction(number, project_id, role, time, dry_run=dry_run)
        return entry

    def next_transaction(self) -> int:
        """The number of the next entry."""
        return max(self.transactions, default=0) + 1

    # nodes -----------------------------------------------------------------------------------------------------

    def put(self, id_: str, type_: NodeType, props: dict[str, Any], time: str) -> Node:
        """Add a node without links."""
        node = Node(id_, type_, props, time, next(self._numbers))
        self.nodes[id_] = self._by_type[type_.label][id_] = node
        self._by_key[self._key_of(node)] = id_
        return node

    def change(self, node: Node, props: dict[str, Any], time: str) -> None:
        """Merge properties into a node; it moves to the end of its table."""
        node.props.update(props)
        node.updated = time
        table = self._by_type[node.type.label]
        table[node.id] = table.pop(node.id)

    def link(self, child: Node, name: str, parent: Node) -> None:
        """Link a child to a parent, once."""
        held = child.parents.setdefault(name, [])
        if parent.id not in held:
            held.append(parent.id)
            self._children.setdefault(parent.id, {})[child.id] = None

    def remove(self, node: Node) -> None:
        """Forget a node and its links to parents."""
        for parents in node.parents.values():
            for parent in parents:
                self._children.get(parent, {}).pop(node.id, None)
        self._children.pop(node.id, None)
        del self.nodes[node.id], self._by_type[node.type.label][node.id], self._by_key[self._key_of(node)]

    def _key_of(self, node: Node) -> tuple[str, str | None, Any]:
        return node.type.label, node.project_id if node.type.in_project else None, node.key

    def by_key(self, label: str, project_id: str | None, key: Any) -> Node | None:
        """The node of this type with this key in this project."""
        in_project = project_id if self.dictionary[label].in_project else None
        id_ = self._by_key.get((label, in_project, key)) if isinstance(key, str) else None
        return self.nodes.get(id_) if id_ is not None else None

    def of_type(self, label: str) -> list[Node]:
        """The nodes of a type in the database's own order."""
        return list(self._by_type[label].values())

    def parents(self, node: Node, name: str) -> list[Node]:
        """The nodes that a link leads to."""
        return [self.nodes[one] for one in node.parents.get(name, ()) if one in self.nodes]

    def children(self, node: Node) -> list[Node]:
        """The nodes that link to this one, as they were made."""
        found = [self.nodes[one] for one in self._children.get(node.id, ()) if one in self.nodes]
        return sorted(found, key=lambda one: one.born)

    def linked(self, node: Node, name: str) -> list[Node]:
        """The nodes at the other end of a link or of a link's back reference."""
        if name in node.type.link_names:
            return self.parents(node, name)
        links = {
            (type_.label, link.name)
            for type_, link in self.dictionary.backrefs(node.type.label)
            if link.backref == name
        }
        return [
            child
            for child in self.children(node)
            if any(label == child.type.label and node.id in child.parents.get(link, ()) for label, link in links)
        ]

    # programs and projects -------------------------------------------------------------------------------------

    def program(self, name: str) -> Node | None:
        """A program by name."""
        return self.by_key("program", None, name)

    def projects(self, program: str) -> list[Node]:
        """The projects of a program."""
        return [one for one in self.of_type("project") if one.props["program"] == program]

    def project(self, program: str, code: str) -> Node | None:
        """A project by program and code."""
        return next((one for one in self.projects(program) if one.key == code), None)

    def in_project(self, project_id: str) -> Iterator[Node]:
        """All nodes of a project but the project's own."""
        return (one for one in self.nodes.values() if one.type.in_project and one.project_id == project_id)

    def visible_projects(self, user: Any) -> frozenset[str]:
        """The project ids whose nodes a user may read."""
        from biodata_gen3.sandbox.users import project_resource

        return frozenset(
            f"{one.props['program']}-{one.key}"
            for one in self.of_type("project")
            if user.may("read", project_resource(one.props["program"], one.key))
        )

    def found(self, ids: Iterable[str]) -> tuple[list[Node], list[str]]:
        """The nodes with these ids, as they were made, and the ids that are not there."""
        wanted = list(dict.fromkeys(ids))
        nodes = [self.nodes[one] for one in wanted if one in self.nodes]
        missing = [one for one in wanted if one not in self.nodes]
        return sorted(nodes, key=lambda one: one.born), missing

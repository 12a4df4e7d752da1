"""Upload transactions: records checked, matched, linked and written, or all refused (protocols/gen3.md, b)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from biodata_gen3.sandbox.validation import problems

if TYPE_CHECKING:
    from biodata_gen3.sandbox.dictionary import Link, NodeType
    from biodata_gen3.sandbox.state import Node, State, Transaction

__all__ = ["Upload"]

_UUID = re.compile(r"[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}")
_DRY_RUN = (
    "Transaction would have been successful. User selected dry run option, transaction aborted, no data written to "
    "database."
)
Role = Literal["create", "update"]


class Entity:
    """One record of an upload."""

    def __init__(self, type_: NodeType, doc: dict[str, Any]) -> None:
        self.type = type_
        self.doc = doc
        self.id: str | None = doc.get("id")
        self.action: str | None = None
        self.existing: Node | None = None
        self.targets: dict[str, list[Node | Entity]] = {}
        self.errors: list[dict[str, Any]] = []
        self.warnings: list[dict[str, Any]] = []

    @property
    def key(self) -> Any:
        """Its submitter_id."""
        return self.doc.get("submitter_id")

    def fail(self, kind: str, words: str, *keys: str) -> None:
        """Note an error."""
        self.errors.append({"keys": list(keys), "message": words, "type": kind})

    def report(self, project_id: str) -> dict[str, Any]:
        """As the transaction's report lists it."""
        return {
            "action": self.action,
            "errors": self.errors,
            "id": self.id,
            "type": self.type.label,
            "unique_keys": [{"project_id": project_id, "submitter_id": self.key}],
            "valid": not self.errors,
            "warnings": self.warnings,
        }


class Upload:
    """One upload to one project."""

    def __init__(self, state: State, project: Node, entry: Transaction) -> None:
        self._state = state
        self._project = project
        self._project_id = entry.project_id
        self._entry = entry
        self._entities: list[Entity] = []
        self._by_key: dict[tuple[str, Any], Entity] = {}
        self._failures: list[Any] = []

    def run(self, docs: Any) -> dict[str, Any]:
        """Take the records in; the report."""
        listed = docs if isinstance(docs, list) else [docs]
        self._entry.docs = listed
        for doc in listed:
            self._parse(doc)
        if not self._entities:
            self._failures.append("Nothing to submit")
        self._check()
        bad = sum(bool(one.errors) for one in self._entities)
        good = not bad and not self._failures
        if good and not self._entry.dry_run:
            self._write()
            bad = sum(bool(one.errors) for one in self._entities)
            good = not bad
        return self._report(bad, good=good)

    # checking ----------------------------------------------------------------------------------------------------

    def _parse(self, doc: Any) -> None:
        label = doc.get("type") if isinstance(doc, dict) else None
        type_ = self._state.dictionary.nodes.get(label) if isinstance(label, str) else None
        if isinstance(doc, dict) and type_ is not None:
            self._entities.append(Entity(type_, dict(doc)))
            return
        if not isinstance(doc, dict):
            reason = f"Entity document must be an object, not a {type(doc).__name__}"
        elif label is None:
            reason = "[400] - Missing required property 'type'"
        else:
            reason = f'[400] - Node type "{label}" not found in dictionary'
        self._failures.append({"message": f"Unable to parse entity. Details: {reason}"})

    def _check(self) -> None:
        for entity in self._entities:
            entity.errors += problems(entity.type, entity.doc)
        for entity in self._entities:
            if not entity.errors:
                self._match(entity)
            self._note_key(entity)
        for entity in self._entities:
            if entity.action is not None and not entity.errors:
                self._resolve(entity)

    def _note_key(self, entity: Entity) -> None:
        place = (entity.type.label, entity.key)
        if entity.key is not None and self._by_key.setdefault(place, entity) is not entity:
            words = f"Entity is not unique, (({self._project_id!r}, {entity.key!r}),)"
            self._failures.append({"message": words, "type": "NOT_UNIQUE"})

    def _match(self, entity: Entity) -> None:
        """Find the node that is meant; with only one of id and key it is not it, and one is made [157, 603]."""
        if self._misplaced(entity):
            return
        held = self._state.by_key(entity.type.label, self._project_id, entity.key)
        if held is not None and self._entry.role == "update" and entity.id in (None, held.id):
            self._matched(entity, held)
        elif held is not None and self._entry.role == "update":
            words = f"Existing {entity.type.label} entity found with id different from {entity.id}"
            entity.fail("NOT_UNIQUE", words)
        elif entity.id is not None and not _UUID.fullmatch(entity.id):
            words = "Cannot create entity with custom id that is not a UUID."
            entity.fail("INVALID_VALUE", words, "id")
        else:
            entity.action, entity.id = "create", entity.id or self._state.new_id()
            if held is not None:  # the database refuses it, after the entity was made [143]
                words = f"{entity.type.label} with submitter_id '{entity.key}' already exists in the DB"
                entity.fail("ERROR", words)

    def _misplaced(self, entity: Entity) -> bool:
        given = entity.doc.get("project_id")
        if given not in (None, self._project_id):
            words = f"Entity is owned by project {given}, not {self._project_id}"
            entity.fail("INVALID_PERMISSIONS", words, "project_id")
        if not entity.type.in_project or entity.type.label == "project":
            entity.fail("INVALID_TYPE", f"Cannot submit entities of type {entity.type.label}", "type")
        return bool(entity.errors)

    def _matched(self, entity: Entity, held: Node) -> None:
        entity.existing, entity.action, entity.id = held, "update", held.id
        for name in entity.type.defaults:
            given = entity.doc.get(name)
            if given is not None and given != held.props.get(name):
                words = f"Property '{name}' ({given}) is a system property and will be ignored."
                entity.warnings.append({"keys": [name], "message": words, "type": "INVALID_PROPERTY"})

    # links -------------------------------------------------------------------------------------------------------

    def _resolve(self, entity: Entity) -> None:
        for link in entity.type.links:
            given = entity.doc.get(link.name)
            listed = given if isinstance(given, list) else [given] if given is not None else []
            found = [one for one in (self._target(entity, link, target) for target in listed) if one is not None]
            held = self._state.parents(entity.existing, link.name) if entity.existing is not None else []
            entity.targets[link.name] = list({one.id: one for one in (*held, *found)}.values())
            if not entity.errors:
                self._check_multiplicity(entity, link)

    def _target(self, entity: Entity, link: Link, given: dict[str, Any]) -> Node | Entity | None:
        """The parent that a link object names, in the database or among these records [519]."""
        key_name = self._state.dictionary[link.target].key
        id_, key = given.get("id", given.get("node_id")), given.get(key_name)
        found = self._candidates(link.target, id_, key)
        if len(found) == 1:
            return found[0]
        if found:
            entity.fail("INVALID_LINK", f"More than one link destination found for {link.name}", link.name)
            return None
        keys = {"code": key} if link.target == "project" else {"project_id": self._project_id, "submitter_id": key}
        with_id = f", id='{id_}'" if id_ is not None else ""
        words = f"No link destination found for {link.name}{with_id}, unique_keys='[{keys}]'"
        entity.fail("INVALID_LINK", words, link.name)
        return None

    def _candidates(self, label: str, id_: Any, key: Any) -> list[Node | Entity]:
        """What fits id and key, as far as they are given; with neither every node of the type does [511]."""
        if key is not None and id_ is None:
            held: Node | Entity | None = self._by_key_of(label, key)
            return [held] if held is not None else []
        here = [one for one in self._entities if one.type.label == label and one.action == "create" and one.id]
        every: list[Node | Entity] = [*self._state.of_type(label), *here]
        if id_ is not None:
            node = self._state.nodes.get(id_)
            every = (
                [node] if node is not None and node.type.label == label else [one for one in here if one.id == id_]
            )
        return [one for one in every if key is None or one.key == key]

    def _by_key_of(self, label: str, key: Any) -> Node | Entity | None:
        if label == "project":
            return self._project if self._project.key == key else None
        held = self._state.by_key(label, self._project_id, key)
        here = self._by_key.get((label, key))
        return held or (here if here is not None and here.action == "create" else None)

    def _check_multiplicity(self, entity: Entity, link: Link) -> None:
        targets = entity.targets[link.name]
        if link.one_parent and len(targets) > 1:
            entity.fail("INVALID_LINK", f"'{link.name}' link has to be {link.multiplicity}", link.name)
        if not link.one_child:
            return
        for target in targets:
            others = self._other_children(entity, link, target)
            if others:
                words = (
                    f"'{link.name}' link has to be {link.multiplicity}, target node {link.target} already has "
                    f"{'a ' if link.multiplicity == 'one_to_many' else ''}{entity.type.label}"
                )
                entity.fail("INVALID_LINK", words, link.name)

    def _other_children(self, entity: Entity, link: Link, target: Node | Entity) -> bool:
        from biodata_gen3.sandbox.state import Node as Stored

        there = self._state.children(target) if isinstance(target, Stored) else []
        stored = any(
            one.type is entity.type and one.id != entity.id and target.id in one.parents.get(link.name, ())
            for one in there
        )
        earlier = self._entities[: self._entities.index(entity)]
        return stored or any(one.type is entity.type and target in one.targets.get(link.name, ()) for one in earlier)

    # writing -----------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        time = self._state.now()
        if self._entry.role == "create":
            for entity in self._entities:
                if entity.id in self._state.nodes:
                    entity.fail("ERROR", f"{entity.type.label} with id '{entity.id}' already exists in the DB", "id")
            if any(entity.errors for entity in self._entities):
                return
        written = [(entity, self._node(entity, time)) for entity in self._entities]
        for entity, node in written:
            for name, targets in entity.targets.items() if node is not None else ():
                for target in targets:
                    self._state.link(node, name, self._state.nodes[str(target.id)])  # type: ignore[arg-type]

    def _node(self, entity: Entity, time: str) -> Node | None:
        kept = {name: value for name, value in entity.doc.items() if self._is_value(entity.type, name)}
        self._entry.entities.append(str(entity.id))
        if entity.existing is not None:
            self._state.change(entity.existing, kept, time)
            return entity.existing
        if entity.id in self._state.nodes:
            return None  # a renaming PUT: answered as a creation, and nothing changes
        props = {**entity.type.defaults, **kept, "project_id": self._project_id}
        return self._state.put(str(entity.id), entity.type, props, time)

    @staticmethod
    def _is_value(type_: NodeType, name: str) -> bool:
        return name == "submitter_id" or (name in type_.properties and name not in type_.system)

    # the report ----------------------------------------------------------------------------------------------------

    def _report(self, bad: int, *, good: bool) -> dict[str, Any]:
        counted = {
            action: sum(one.action == action for one in self._entities) if good else 0
            for action in ("create", "update")
        }
        success = 201 if self._entry.role == "create" else 200
        if not self._entry.dry_run:
            self._entry.state = "SUCCEEDED" if good else "FAILED"
        return {
            "code": success if good else 400,
            "created_entity_count": counted["create"],
            "entities": [one.report(self._project_id) for one in self._entities],
            "entity_error_count": bad,
            "message": self._message(bad, good=good),
            "success": good,
            "transaction_id": self._entry.number,
            "transactional_error_count": len(self._failures),
            "transactional_errors": self._failures,
            "updated_entity_count": counted["update"],
        }

    def _message(self, bad: int, *, good: bool) -> str:
        if good:
            return _DRY_RUN if self._entry.dry_run else "Transaction successful."
        if bad:
            return f"Transaction aborted due to {bad} invalid entit{'y' if bad == 1 else 'ies'}."
        return f"Transaction aborted due to {len(self._failures)} transactional error(s)."

"""Projects and studies, their permissions, groups and variable sets (recordings 026 to 036, 198, 211 to 229)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox import annotation_sets
from biodata_opencga.sandbox.bodies import read_body
from biodata_opencga.sandbox.calls import template
from biodata_opencga.sandbox.entities import checked_id
from biodata_opencga.sandbox.errors import Refusal, catalog, jersey
from biodata_opencga.sandbox.http import Part, event
from biodata_opencga.sandbox.model import PROJECT_KIND, STUDY_KIND
from biodata_opencga.sandbox.params import CREATE, STUDY_ACL, UPDATE
from biodata_opencga.sandbox.rendering import of_project, of_study, selected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from biodata_opencga.sandbox.calls import Call
    from biodata_opencga.sandbox.model import Project, Study

__all__ = ["acl_entry", "changed_rights", "projects", "studies"]

Json = dict[str, Any]


# --- projects ----------------------------------------------------------------------------------------------


def projects(call: Call, rest: list[str]) -> Part:
    """`create`, `search`, `{project}/info`, `{project}/update`."""
    method = call.ask.method
    if (method, rest) == ("POST", ["create"]):
        return _create_project(call)
    if (method, rest) == ("GET", ["search"]):
        return _search_projects(call)
    if len(rest) != 2 or rest[1] not in ("info", "update", "studies"):  # noqa: PLR2004 - a project and a verb
        raise jersey(405 if rest in (["create"], ["search"]) else 404)
    name, verb = rest
    if (method, verb) == ("GET", "info"):
        call.ask.path_params["projects"] = name
        return _project_info(call, name)
    if (method, verb) == ("POST", "update"):
        call.ask.path_params["project"] = name
        return _update_project(call, name)
    if (method, verb) == ("GET", "studies"):
        call.ask.path_params["project"] = name
        return _studies_of(call, name)
    raise jersey(405)


def _create_project(call: Call) -> Part:
    body = read_body(call.ask, CREATE["projects"])
    call.need_owner("create projects")
    checked_id(body.get("id"))
    made = call.state.create_project(call.organization.id, body)
    results = [project_document(call, made)] if call.ask.flag("includeResult") else []
    return Part(results=results, inserted=1, matches=1, absent=("events",))


def project_document(call: Call, project: Project) -> Json:
    shown = of_project(project, (one for one in project.studies if call.visible(one)))
    return selected(call.ask, "projects", shown)


def seen_projects(call: Call) -> list[Project]:
    rules = call.organization.rules(call.user)
    return [one for one in call.organization.projects if rules or any(map(call.visible, one.studies))]


def _search_projects(call: Call) -> Part:
    skip, limit = call.ask.window
    query, found = call.ask.query, seen_projects(call)
    for name in ("id", "name", "fqn", "uuid"):
        if name in query:
            found = [one for one in found if one.fields[name] in query[name].split(",")]
    if "study" in query:
        wanted = call.study_of(query["study"])
        found = [one for one in found if wanted in one.studies]
    page = [project_document(call, one) for one in found[skip : skip + limit]]
    matches = len(found) if call.ask.flag("count") else -1
    return Part(results=page, kind=PROJECT_KIND.java if page else "", matches=matches)


def _project_info(call: Call, text: str) -> Part:
    part = Part(matches=-1)
    for name in text.split(","):
        project = call.state.project(call.organization, name)
        if project is None or project not in seen_projects(call):
            part.events = [*part.events, event("ERROR", name, f"No project found given '{name}'.")]
        else:
            part.results = [*part.results, project_document(call, project)]
    if part.events:
        part.matches = len(part.results)
    return part


def _needed(call: Call, name: str | None) -> Project:
    project = call.state.project(call.organization, name or "")
    if project is None:
        raise catalog(f"No project found given '{name}'.")
    return project


def _update_project(call: Call, name: str) -> Part:
    body = read_body(call.ask, UPDATE["projects"])
    call.need_owner("update projects")
    project = _needed(call, name)
    _change(call, project.fields, body)
    results = [project_document(call, project)] if call.ask.flag("includeResult") else []
    return Part(results=results, updated=1, matches=1, absent=("events",))


def _change(call: Call, fields: Json, body: Json) -> None:
    if not body:
        raise catalog("Missing parameters to update")
    attributes = {**fields.get("attributes", {}), **body.get("attributes", {})}
    fields.update({**body, "attributes": attributes, "modificationDate": call.stamp.text})
    fields["internal"] = {**fields["internal"], "lastModified": call.stamp.text}


def _studies_of(call: Call, name: str) -> Part:
    shown = [_study(call, one) for one in _needed(call, name).studies if call.visible(one)]
    return Part(results=shown, kind=STUDY_KIND.java if shown else "", matches=-1)


# --- studies -----------------------------------------------------------------------------------------------


def studies(call: Call, rest: list[str]) -> Part:
    """`create`, `search`, `{studies}/info`, `{study}/update`, and what belongs to a study."""
    method = call.ask.method
    whole: dict[tuple[str, ...], Callable[[Call], Part]] = {
        ("POST", "create"): _create_study,
        ("GET", "search"): _search_studies,
    }
    if (method, *rest) in whole:
        return whole[method, *rest](call)
    if rest[:1] == ["acl"] and rest[2:] == ["update"] and method == "POST":
        call.ask.path_params["members"] = rest[1]
        return _update_acl(call, rest[1])
    if rest[1:2] == ["groups"] and rest[3:] == ["users", "update"] and method == "POST":
        call.ask.path_params |= {"study": rest[0], "group": rest[2]}
        return _change_group_users(call, rest[0], rest[2])
    handler = _PARTS.get((method, *rest[1:]))
    if handler is None or len(rest) < 2:  # noqa: PLR2004 - a study and a verb
        raise jersey(405 if rest in (["create"], ["search"]) else 404)
    name, work = handler
    call.ask.path_params[name] = rest[0]
    return work(call, rest[0])


def _study(call: Call, study: Study) -> Json:
    return selected(call.ask, "studies", of_study(study))


def _create_study(call: Call) -> Part:
    body = read_body(call.ask, CREATE["studies"])
    call.need_owner("create studies")
    checked_id(body.get("id"))
    project = _needed(call, call.ask.query.get("project"))
    study = call.state.create_study(call.organization.id, project, body, call.user)
    shown = {**of_study(study), "variableSets": []}
    return Part(results=[selected(call.ask, "studies", shown)], kind=STUDY_KIND.java, matches=-1)


def _search_studies(call: Call) -> Part:
    skip, limit = call.ask.window
    query = call.ask.query
    project = _needed(call, query["project"]) if "project" in query else None
    every = project.studies if project is not None else call.state.studies(call.organization, None)
    found = [one for one in every if call.visible(one)]
    for name in ("id", "name", "alias", "fqn", "uuid"):
        if name in query:
            found = [one for one in found if one.fields[name] in query[name].split(",")]
    page = [_study(call, one) for one in found[skip : skip + limit]]
    matches = len(found) if call.ask.flag("count") else -1
    return Part(results=page, kind=STUDY_KIND.java if page else "", matches=matches)


def _study_info(call: Call, text: str) -> Part:
    part = Part(kind=STUDY_KIND.java)
    for name in text.split(","):
        try:
            part.results = [*part.results, _study(call, call.study_of(name))]
        except Refusal as refusal:
            if refusal.status == 403:  # noqa: PLR2004 - no permission
                raise
            part.events = [*part.events, event("ERROR", name, refusal.message)]
    part.matches = len(part.results)
    part.kind = part.kind if part.results else ""
    return part


def _update_study(call: Call, name: str) -> Part:
    body = read_body(call.ask, UPDATE["studies"])
    study = call.study_of(name)
    call.need_owner("update studies")
    _change(call, study.fields, body)
    shown = selected(call.ask, "studies", of_study(study, internal=True))
    results = [shown] if call.ask.flag("includeResult") else []
    return Part(results=results, updated=1, matches=1)


def _acl(call: Call, name: str) -> Part:
    study = call.study_of(name)
    wanted = call.ask.query.get("member")
    shown = [acl_entry(member, rights) for member, rights in study.acl.items() if wanted in (None, member)]
    return Part(results=[{"acl": shown}], matches=-1)


def acl_entry(member: str, rights: list[str]) -> Json:
    """What a member may do, as the server says it."""
    return {"member": member, "permissions": rights, "groups": [{"id": "@members"}]}


def changed_rights(now: list[str], given: list[str], action: str) -> list[str]:
    """Permissions after SET, ADD, REMOVE or RESET."""
    if action == "SET":
        return given
    if action == "RESET":
        return []
    kept = [one for one in now if one not in given]
    return kept if action == "REMOVE" else [*kept, *given]


def _update_acl(call: Call, members: str) -> Part:
    body = read_body(call.ask, STUDY_ACL)
    study = call.study_of(body.get("study"))
    call.need_owner("share the study")
    given = template(body["template"]) if body.get("template") else _rights(body.get("permissions", ""))
    action = call.ask.query.get("action", "SET")
    shown = []
    for member in members.split(","):
        study.acl[member] = changed_rights(study.acl.get(member, []), given, action)
        if member not in study.members:
            study.members.append(member)
        shown.append(acl_entry(member, study.acl[member]))
    return Part(results=[{"acl": shown}], matches=-1)


def _rights(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _groups(call: Call, name: str) -> Part:
    study = call.study_of(name)
    users = call.organization.users
    groups = [("@members", study.members), ("@admins", study.members[:1]), *study.groups.items()]
    shown = [
        {"id": group, "userIds": members, "users": [users[one] for one in members if one in users]}
        for group, members in groups
    ]
    return Part(results=shown, matches=-1)


def _change_groups(call: Call, name: str) -> Part:
    body = read_body(call.ask, CREATE["groups"])
    study = call.study_of(name)
    call.need_owner("change groups")
    group = "@" + str(body.get("id") or "").removeprefix("@")
    if call.ask.query.get("action", "ADD") == "REMOVE":
        _group(study, group)
        users = study.groups.pop(group)
    elif group in ("@members", "@admins", *study.groups):
        raise catalog(f"Group '{group}' already exists.")
    else:
        users = study.groups[group] = _known_users(call, body.get("users", ()))
    return Part(results=[{"id": group, "userIds": users}], updated=1, matches=1)


def _change_group_users(call: Call, name: str, group: str) -> Part:
    body = read_body(call.ask, UPDATE["group users"])
    study = call.study_of(name)
    call.need_owner("change groups")
    held = _group(study, group)
    given = _known_users(call, body.get("users", ()))
    changed = changed_rights(held, given, call.ask.query.get("action", "ADD"))
    held[:] = list(dict.fromkeys(changed))
    return Part(results=[{"id": group, "userIds": held}], updated=1, matches=1)


def _group(study: Study, group: str) -> list[str]:
    held = {"@members": study.members, **study.groups}
    if group not in held:
        raise catalog(f"Group '{group}' not found.")
    return held[group]


def _known_users(call: Call, users: Iterable[str]) -> list[str]:
    for user in users:
        if user not in call.organization.users:
            raise catalog(f"User '{user}' not found.")
    return list(users)


def _rules(call: Call, name: str) -> Part:
    rules = call.study_of(name).rules.get(call.ask.query.get("entity", ""), [])
    return Part(results=rules, matches=-1)


def _change_rules(call: Call, name: str) -> Part:
    body = read_body(call.ask, CREATE["rules"])
    study = call.study_of(name)
    call.need_owner("change permission rules")
    rules = study.rules.setdefault(call.ask.query.get("entity", ""), [])
    there = [one for one in rules if one["id"] == body.get("id")]
    if call.ask.query.get("action", "ADD") == "ADD":
        if there:
            raise catalog(f"Permission rule '{body['id']}' already exists.")
        rules.append(body)
    elif not there:
        raise catalog(f"Permission rule '{body.get('id')}' not found.")
    else:
        rules.remove(there[0])
    return Part(results=[body], updated=1, matches=1)


def _sets(call: Call, name: str) -> Part:
    return annotation_sets.variable_sets(call, call.study_of(name))


def _change_sets(call: Call, name: str) -> Part:
    call.need_owner("change variable sets")
    return annotation_sets.change_variable_sets(call, call.study_of(name))


def _create_note(call: Call, name: str) -> Part:
    body = read_body(call.ask, CREATE["notes"])
    study = call.study_of(name)
    call.need_owner("write notes")
    note = {"version": 1, "userId": call.user, "tags": [], **call.stamp.dates(), **body}
    study.notes.append(note)
    results = [note] if call.ask.flag("includeResult") else []
    return Part(results=results, inserted=1, matches=1)


_PARTS: dict[tuple[str, ...], tuple[str, Callable[[Call, str], Part]]] = {
    ("GET", "info"): ("studies", _study_info),
    ("POST", "update"): ("study", _update_study),
    ("GET", "acl"): ("studies", _acl),
    ("GET", "groups"): ("study", _groups),
    ("POST", "groups", "update"): ("study", _change_groups),
    ("GET", "permissionRules"): ("study", _rules),
    ("POST", "permissionRules", "update"): ("study", _change_rules),
    ("GET", "variableSets"): ("study", _sets),
    ("POST", "variableSets", "update"): ("study", _change_sets),
    ("POST", "notes", "create"): ("study", _create_note),
}

"""Names of older versions of pyopencga (1.4, 2.0, 2.12) that today's has not, and what to write in their place.

Read off the published packages; what the server has no call for any more is said in words. docs/opencga.md has
every older name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from biodata.errors import Unsupported, near_match

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GONE", "RENAMED_CLIENTS", "Now", "UnknownName", "today", "unknown_name"]


class Now(NamedTuple):
    """What stands in the place of an older name.

    Attributes:
        calls: today's names, the first being the nearest; none where the server has nothing like it.
        note: what is different.
    """

    calls: tuple[str, ...]
    note: str = ""


class UnknownName(Unsupported, AttributeError):
    """A name that this version of pyopencga has not; so `hasattr` and `getattr` with a default work."""

    default_code = "BD-UNSUPPORTED-NAME"


RENAMED_CLIENTS = {"alignment": "alignments", "variant": "variants", "panels": "disease_panels", "tool": "user_tools"}

_STATS = Now(
    ("samples.aggregation_stats", "individuals.aggregation_stats", "files.aggregation_stats"),
    "each resource by itself",
)
_ANNOTATIONS = "the action is an option: `action='ADD'`, SET, REMOVE, RESET or REPLACE"
_INTERPRETERS = Now(("clinical.run_interpreter_rd", "clinical.run_interpreter_exomiser"), "the interpreters of today")
_ON_DISK = Now(
    ("files.link", "files.run_link"), "the server no longer looks for files by itself: link those that lie there"
)
_NO_KEY = Now((), "the server changes its secret key by its own command alone")
_NO_INDEX = Now((), "the catalogue counts without an index: `samples.aggregation_stats`, …")
_OF_SETS = Now(("studies.update_variable_sets_variables",), "the action is an option")
_INDEX = Now((), "the index is written anew: `operations.secondary_index_variant`")
_SAMTOOLS = Now(("alignments.run_samtools", "alignments.run_qc"), "a job, with the command `stats`")

GONE: dict[str, Now] = {
    "session_id": Now(("token",)),
    "user_id": Now((), "`connection.identity().user`"),
    "refreshToken": Now(("token",), "the connection renews it by itself"),
    "users.refresh_token": Now(("token",), "the connection renews it by itself"),
    "users.logout": Now((), "the server has no logout: `client.logout()` gives the token up"),
    "users.projects": Now(("projects.search", "users.info"), "the projects that one sees; `users.info` has them too"),
    "users.update_password": Now(("users.password",), "`data={'user': …, 'password': …, 'newPassword': …}`"),
    "users.delete": Now(("organizations.user_update_status",), "users are suspended, not deleted"),
    "projects.aggregation_stats": _STATS,
    "projects.increment_release": Now(("projects.inc_release",)),
    "projects.delete": Now((), "the server deletes no projects"),
    "studies.aggregation_stats": _STATS,
    "studies.scan_files": _ON_DISK,
    "studies.resync_files": Now(("files.refresh", "files.link"), "a file or folder at a time"),
    "studies.create_groups": Now(("studies.update_groups",), "with `action='ADD'`"),
    "studies.update_users_from_group": Now(("studies.update_groups_users",), "the action is an option"),
    "studies.update_users": Now(("studies.update_groups_users",)),
    "studies.variablesets": Now(("studies.variable_sets",)),
    "studies.update_variablesets": Now(("studies.update_variable_sets",), "the action is an option"),
    "studies.update_variable_from_variableset": _OF_SETS,
    "studies.update_variables": Now(("studies.update_variable_sets_variables",)),
    "studies.delete": Now((), "the server deletes no studies"),
    "files.scan_folder": _ON_DISK,
    "files.list_folder": Now(("files.list",)),
    "files.tree_folder": Now(("files.tree",)),
    "files.content": Now(("files.download", "files.head", "files.tail"), "the whole file, or lines of it"),
    "files.update_annotations": Now(("files.update_annotation_sets_annotations",), _ANNOTATIONS),
    "samples.update_annotations": Now(("samples.update_annotation_sets_annotations",), _ANNOTATIONS),
    "individuals.update_annotations": Now(("individuals.update_annotation_sets_annotations",), _ANNOTATIONS),
    "families.update_annotations": Now(("families.update_annotation_sets_annotations",), _ANNOTATIONS),
    "cohorts.update_annotations": Now(("cohorts.update_annotation_sets_annotations",), _ANNOTATIONS),
    "cohorts.samples": Now(("samples.search",), "with `cohort_ids=`"),
    "jobs.visit": Now(("jobs.update",), "with `{'visited': True}`"),
    "alignment.index": Now(("alignments.run_index",), "a job"),
    "alignment.stats": _SAMTOOLS,
    "alignment.coverage": Now(("alignments.query_coverage",)),
    "alignments.info_stats": _SAMTOOLS,
    "alignments.run_stats": _SAMTOOLS,
    "variant.index": Now(("variants.run_index",), "a job"),
    "variant.samples": Now(("variants.query_sample",)),
    "variant.calculate_family_genotypes": Now(("variants.genotypes_family",)),
    "variant.query_variant_annotations": Now(("variants.query_annotation",)),
    "variant.variant_annotations_metadata": Now(("variants.metadata_annotation",)),
    "tool.execute": Now(("jobs.run_tool", "user_tools.run_custom_docker"), "a job"),
    "clinical.run_interpreter_tiering": _INTERPRETERS,
    "clinical.run_interpreter_cancer_tiering": _INTERPRETERS,
    "clinical.run_interpreter_team": _INTERPRETERS,
    "clinical.run_interpreter_zetta": _INTERPRETERS,
    "clinical.actionable_variant": Now(("clinical.query_variant",), "with the filters of clinical significance"),
    "clinical.merge_interpretation": Now(("clinical.update_interpretation",), "with the findings of both"),
    "variant_operations.index_family_genotype": Now(("operations.index_variant_family",)),
    "variant_operations.index_sample_genotype": Now(("operations.index_variant_sample",)),
    "variant_operations.delete_variant_secondary_index": _INDEX,
    "operations.index_family_genotype": Now(("operations.index_variant_family",)),
    "operations.index_sample_genotype": Now(("operations.index_variant_sample",)),
    "operations.delete_variant_secondary_index": _INDEX,
    "admin.create_user": Now(("users.create", "admin.create_users")),
    "admin.handle_global_panels": Now(("disease_panels.import_panels",), "panels belong to a study"),
    "admin.update_jwt": _NO_KEY,
    "admin.jwt_catalog": _NO_KEY,
    "admin.install_opencga_database": Now(("admin.install_catalog",)),
    "admin.sync_catalog": _NO_INDEX,
    "admin.index_stats_catalog": _NO_INDEX,
    "admin.group_by": Now(("admin.group_by_audit",)),
    "response.results": Now(("response.result_iterator", "response.get_results"), "an iterator; a list"),
    "response.num_results": Now(("response.get_num_results",)),
    "response.num_matches": Now(("response.get_num_matches",), "-1 unless the call had `count=True`"),
    "response.num_total_results": Now(("response.get_num_matches",), "-1 unless the call had `count=True`"),
    "response.queryOptions": Now(("response.params",)),
    "response.warning": Now(("response.get_response_events",), "with `'WARNING'`"),
    "response.error": Now(("response.get_response_events",), "with `'ERROR'`; errors are raised"),
}  # fmt: skip
"""Older names with their client, or `response.` for the answer's own; those of the client itself stand alone."""


def today(name: str) -> Now:
    """What to write for an older name, `client.method`: the same where nothing else is known."""
    if name in GONE:
        return GONE[name]
    client, dot, method = name.partition(".")
    return Now((f"{RENAMED_CLIENTS.get(client, client)}{dot}{method}",))


def unknown_name(owner: Any, where: str, name: str) -> AttributeError:
    """The error for a name that `owner` has not.

    Args:
        owner: the client, one of its resource clients, or an answer.
        where: what `owner` is called there: `samples`, `response`, empty for the client itself.
        name: as it was typed.
    """
    if name.startswith("_"):
        return AttributeError(name)
    typed = f"{where}.{name}" if where else name
    older = [one for one in _older(where, name) if one in GONE or one in RENAMED_CLIENTS]
    message = f"pyopencga's client has no {typed}"
    if older:
        return UnknownName(f"{message}: it is a name of an older version", hint=_advice(today(older[0])))
    near = near_match(name, [word for word in dir(owner) if not word.startswith("_")])
    return UnknownName(message, hint=f"Did you mean {near}?" if near else "dir() lists what it has")


def _older(where: str, name: str) -> Iterator[str]:
    """The name as it may stand in GONE: by today's client, or by the one that it was called then."""
    yield f"{where}.{name}" if where else name
    yield from (f"{old}.{name}" for old, new in RENAMED_CLIENTS.items() if new == where)


def _advice(now: Now) -> str:
    calls = " or ".join(now.calls)
    return (
        ": ".join(filter(None, (f"Write {calls}" if calls else "", now.note.replace("`", ""))))
        or "Nothing replaced it"
    )

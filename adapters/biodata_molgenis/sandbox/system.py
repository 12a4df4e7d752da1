"""The tables that a MOLGENIS server brings itself, as far as clients look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox.model import FIELD_TYPES, Attribute, EntityType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "ATTRIBUTE",
    "DELETE_JOB",
    "ENTITY_TYPE",
    "FILE_META",
    "IMPORT_RUN",
    "PACKAGE",
    "UPSERT_JOB",
    "USER",
    "VIRTUAL",
    "system_types",
]

ENTITY_TYPE = "sys_md_EntityType"
ATTRIBUTE = "sys_md_Attribute"
PACKAGE = "sys_md_Package"
USER = "sys_sec_User"
FILE_META = "sys_FileMeta"
IMPORT_RUN = "sys_ImportRun"
UPSERT_JOB = "sys_job_MetadataUpsertJobExecution"
DELETE_JOB = "sys_job_MetadataDeleteJobExecution"
_NOTIFY = "Boolean to indicate whether or not to send an email on job completion"
VIRTUAL = frozenset({ENTITY_TYPE, ATTRIBUTE})


def _key(name: str = "id", label: str = "Id", **more: Any) -> Attribute:
    settings = {"auto": True, "visible": False, **more}
    return Attribute(name=name, label=label, is_id=True, nillable=False, unique=True, read_only=True, **settings)


def _needed(name: str, label: str, kind: str = "string", **more: Any) -> Attribute:
    return Attribute(name=name, label=label, type=kind, nillable=False, **more)


def _flag(name: str, label: str, default: str = "false", **more: Any) -> Attribute:
    return _needed(name, label, "bool", default=default, **more)


def system_types() -> tuple[EntityType, ...]:
    """The system's entity types; `sys_FileMeta`, `sys_ImportRun` and `sys_sec_User` as recorded."""
    jobs = (_job(UPSERT_JOB, "Metadata upsert"), _job(DELETE_JOB, "Metadata delete"))
    return (_entity_type(), _attribute(), _package(), _user(), _file_meta(), _import_run(), *jobs)


def _entity_type() -> EntityType:
    attributes = (
        _key("id", "Identifier", visible=True),
        _needed("label", "Label", is_label=True, lookup=True),
        Attribute(name="description", label="Description", type="text"),
        Attribute(name="package", label="Package", type="xref", ref=PACKAGE),
        Attribute(name="attributes", label="Attributes", type="onetomany", ref=ATTRIBUTE, mapped_by="entity"),
        _flag("isAbstract", "Abstract", read_only=True),
        Attribute(name="extends", label="Extends", type="xref", ref=ENTITY_TYPE, read_only=True),
        Attribute(name="backend", label="Backend", type="enum", enum_options=("PostgreSQL",), nillable=False),
        _needed("indexingDepth", "Indexing depth", "int", default="1"),
    )
    return EntityType(ENTITY_TYPE, "Entity type", attributes, "sys_md", "Meta data for entity classes")


def _attribute() -> EntityType:
    types = tuple(sorted(FIELD_TYPES))
    attributes = (
        _key("id", "Identifier", lookup=True),
        _needed("name", "Name", is_label=True, lookup=True, read_only=True),
        _needed("entity", "Entity", "xref", ref=ENTITY_TYPE, read_only=True),
        _needed("sequenceNr", "Sequence number", "int"),
        _needed("type", "Data type", "enum", enum_options=types),
        Attribute(name="isIdAttribute", label="ID attribute", type="bool"),
        Attribute(name="isLabelAttribute", label="Label attribute", type="bool"),
        Attribute(name="lookupAttributeIndex", label="Lookup attribute index", type="int"),
        Attribute(name="parent", label="Attribute parent", type="xref", ref=ATTRIBUTE),
        Attribute(name="refEntityType", label="Referenced entity", type="xref", ref=ENTITY_TYPE),
        Attribute(name="mappedBy", label="Mapped by", type="xref", ref=ATTRIBUTE),
        Attribute(name="label", label="Label"),
        Attribute(name="description", label="Description", type="text"),
        _flag("isNullable", "Nullable"),
        _flag("isAuto", "Auto"),
        _flag("isVisible", "Visible", "true"),
        _flag("isUnique", "Unique"),
        _flag("isReadOnly", "Read-only"),
        _flag("isAggregatable", "Aggregatable"),
        Attribute(name="enumOptions", label="Enum values", type="text"),
        Attribute(name="defaultValue", label="Default value", type="text"),
    )
    return EntityType(ATTRIBUTE, "Attribute", attributes, "sys_md", "Meta data for attributes")


def _package() -> EntityType:
    attributes = (
        _key("id", "Identifier", auto=False),
        _needed("label", "Label", is_label=True, lookup=True),
        Attribute(name="description", label="Description", type="text"),
        Attribute(name="parent", label="Parent", type="xref", ref=PACKAGE),
    )
    return EntityType(PACKAGE, "Package", attributes, "sys_md")


def _user() -> EntityType:
    active = "Boolean to indicate if this account can be used to login"
    attributes = (
        _key("id", "Id"),
        _needed("username", "Username", unique=True, is_label=True, lookup=True, read_only=True),
        _needed("password_", "Password", visible=False),
        _flag("active", "Active", aggregatable=True, description=active),
        _flag("superuser", "Superuser", aggregatable=True),
        Attribute(name="FirstName", label="First name"),
        Attribute(name="LastName", label="Last name"),
        _needed("Email", "Email", "email", unique=True),
    )
    return EntityType(USER, "User", attributes, "sys_sec", "Anyone who can login")


def _file_meta() -> EntityType:
    attributes = (
        _key(),
        _needed("filename", "Filename", is_label=True, lookup=True),
        Attribute(name="contentType", label="Content-type", lookup=True),
        Attribute(name="size", label="Size", type="long", description="File size in bytes"),
        _needed("url", "URL", "hyperlink", unique=True, description="File download URL"),
    )
    return EntityType(FILE_META, "File metadata", attributes, "sys")


def _import_run() -> EntityType:
    attributes = (
        _key(label="id", description="automatically generated internal id, only for internal use."),
        _needed("startDate", "startDate", "datetime", is_label=True),
        Attribute(name="endDate", label="endDate", type="datetime"),
        _needed("username", "username"),
        _needed("status", "status", "enum", enum_options=("RUNNING", "FINISHED", "FAILED")),
        Attribute(name="message", label="message", type="text", length=256000),
        _needed("progress", "progress", "int"),
        Attribute(name="importedEntities", label="importedEntities", type="text"),
        Attribute(name="notify", label="notify", type="bool", description=_NOTIFY),
    )
    return EntityType(IMPORT_RUN, "Import", attributes, "sys", "Data import reports")


def _job(name: str, label: str) -> EntityType:
    states = ("PENDING", "RUNNING", "SUCCESS", "FAILED", "CANCELED")
    attributes = (
        _key("identifier", "Job ID", is_label=True),
        _needed("user", "Job owner"),
        _needed("status", "Job status", "enum", enum_options=states),
        Attribute(name="progressMessage", label="Progress message"),
        _needed("submissionDate", "Job submission date", "datetime"),
        Attribute(name="endDate", label="Job end date", type="datetime"),
    )
    return EntityType(name, label, attributes, "sys_job")


def package_rows() -> dict[Any, dict[str, Any]]:
    """The packages of the system's tables."""
    named = {
        "sys": ("System", None),
        "sys_md": ("Meta", "sys"),
        "sys_sec": ("Security", "sys"),
        "sys_job": ("Jobs", "sys"),
    }
    return {
        name: {"id": name, "label": label, "description": None, "parent": parent}
        for name, (label, parent) in named.items()
    }


def entity_type_rows(types: Iterable[EntityType]) -> dict[Any, dict[str, Any]]:
    """The rows of `sys_md_EntityType`."""
    return {
        one.id: {
            "id": one.id,
            "label": one.label,
            "description": one.description,
            "package": one.package,
            "isAbstract": one.abstract,
            "extends": one.extends,
            "backend": "PostgreSQL",
            "indexingDepth": one.indexing_depth,
        }
        for one in types
    }


def attribute_rows(types: Mapping[str, EntityType]) -> dict[Any, dict[str, Any]]:
    """The rows of `sys_md_Attribute`."""
    return {
        attribute.id: _attribute_row(types, entity_type, attribute, number)
        for entity_type in types.values()
        for number, attribute in enumerate(entity_type.attributes)
    }


def _attribute_row(
    types: Mapping[str, EntityType], entity_type: EntityType, attribute: Attribute, number: int
) -> dict[str, Any]:
    lookups = entity_type.lookup_attributes
    parent = entity_type.by_name[attribute.part_of].id if attribute.part_of else None
    mapped_by = types[attribute.ref].by_name[attribute.mapped_by].id if attribute.mapped_by else None  # type: ignore[index]
    return {
        "id": attribute.id,
        "name": attribute.name,
        "entity": entity_type.id,
        "sequenceNr": number,
        "type": attribute.type,
        "isIdAttribute": attribute.is_id,
        "isLabelAttribute": attribute.is_label,
        "lookupAttributeIndex": lookups.index(attribute) if attribute.lookup else None,
        "parent": parent,
        "refEntityType": attribute.ref,
        "mappedBy": mapped_by,
        "label": attribute.label or attribute.name,
        "description": attribute.description,
        "isNullable": attribute.nillable,
        "isAuto": attribute.auto,
        "isVisible": attribute.visible,
        "isUnique": attribute.unique,
        "isReadOnly": attribute.read_only,
        "isAggregatable": attribute.aggregatable,
        "enumOptions": ",".join(attribute.enum_options) or None,
        "defaultValue": attribute.default,
    }

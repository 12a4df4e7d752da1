"""How the calls of molgenis-py-client, and of the older script `molgenis.py`, are spelled here.

docs/molgenis.md has the same as a table with an example of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OLD_NAMES"]

_QUERY = "connection['TABLE'].query(\"field = 'value'\", fields=…, order_by=…, limit=…, offset=…)"
_NATIVE = "write query(\"field = 'value'\"), or give RSQL or a list of rules as they are: query(native=…)"
_FILTER = "RSQL, or a list of rules, is given as it is: query(native=…)."
_RECORD = "connection['TABLE'].add({'field': value}), files too; a list of records is added at once"
_SCHEMA = (
    "connection['TABLE'].schema; its .key, .names and ['FIELD']; all of it is connection.extras.metadata('TABLE')"
)

_METHODS = {
    "login": "give username= and password=, or token=, to biodata.connect, or a profile that has them",
    "logout": "connection.extras.logout() ends the token; connection.close(), or a with block, ends the connection",
    "get": _QUERY,
    "get_by_id": "connection['TABLE'].get(KEY, fields=…, expand=…)",
    "add": _RECORD,
    "add_all": "connection['TABLE'].add(RECORDS)",
    "update_one": "connection['TABLE'].update({KEY_FIELD: key, 'field': value})",
    "update": "connection['TABLE'].update({KEY_FIELD: key, 'field': value})",
    "update_all": "connection['TABLE'].update(RECORDS); fields that are not given stay as they are",
    "upsert": "connection['TABLE'].upsert(RECORDS)",
    "delete": "connection['TABLE'].delete(KEY); the whole table is delete(all=True)",
    "delete_list": "connection['TABLE'].delete(KEYS)",
    "get_entity_meta_data": _SCHEMA,
    "get_attribute_meta_data": "connection['TABLE'].schema['FIELD']; all of it is extras.metadata('TABLE', 'FIELD')",
    "get_meta": _SCHEMA,
    "to_upload_format": "not needed: records that were read can be written as they are",
    "upload_zip": "connection.extras.upload(PATH, data=…, metadata=…)",
    "import_data": "connection.extras.import_tables({'TABLE': RECORDS}, data=…)",
}
_ARGUMENTS = {
    "q": _NATIVE,
    "attributes": "it is fields=",
    "attrs": "it is fields=",
    "num": "it is limit=",
    "start": "it is offset=",
    "batch_size": "it is page_size=, and need not be given",
    "sort": "it is order_by='field', or order_by='-field' for descending",
    "sort_column": "it is order_by='field', or order_by='-field' for descending",
    "sort_order": "it is order_by='-field' for descending",
    "sortColumn": "it is order_by='field', or order_by='-field' for descending",
    "sortOrder": "it is order_by='-field' for descending",
    "raw": "records come as they are; count() gives the total",
    "uploadable": "not needed: records that were read can be written as they are",
    "files": "a file is a field's value: add({'id': 'x', 'photo': Path('photo.jpg')})",
    "id_": "the key is the first argument",
    "entity": "a table is connection['TABLE']",
    "entities": "records are the first argument",
    "data_action": "it is data=",
    "metadata_action": "it is metadata=",
    "asynchronous": "it is wait=False",
}


def _camel(name: str) -> str:
    """`getById`: so molgenis.py has that name, and the R client all of its own."""
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _all() -> dict[str, str]:
    methods = _METHODS | {_camel(name): advice for name, advice in _METHODS.items()}
    named = {f"{kind}.{name}": advice for kind in ("connection", "table") for name, advice in methods.items()}
    return named | {f"({name})": advice for name, advice in _ARGUMENTS.items()} | {"filter": _FILTER}


OLD_NAMES: Mapping[str, str] = _all()

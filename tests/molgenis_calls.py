"""A call of each method of molgenis-py-client, on the tables `rt_City` and `rt_Person` of the recordings."""

from __future__ import annotations

from molgenis.api_support import ImportDataAction, ImportMetadataAction
from molgenis.client import Session

METHODS = {name for name, one in vars(Session).items() if callable(one) and not name.startswith("_")}


def calls(archive, photo):
    """Each method of the client -> a call of it, in an order in which they work; and what it needs."""
    person = {"id": "b", "fullName": "Bob", "age": 5, "lvl": 1, "city": "gro", "visited": ["gro"]}
    add, upsert = ImportDataAction.ADD, ImportMetadataAction.IGNORE
    return {
        "login": ("read", lambda c: c.login("nobody", "wrong")),
        "add": ("write", lambda c: c.add("rt_Person", {"id": "a a"}, files={"photo": photo}, fullName="Ann")),
        "add_all": ("write", lambda c: c.add_all("rt_Person", [person])),
        "get_by_id": ("read", lambda c: c.get_by_id("rt_Person", "b", attributes="id,age", expand="city")),
        "get": ("read", lambda c: c.get("rt_Person", q="age=gt=1;city==gro", batch_size=1, sort_column="id")),
        "update_one": ("write", lambda c: c.update_one("rt_Person", "b", "age", 6)),
        "update_all": ("write", lambda c: c.update_all("rt_Person", [person])),
        "upsert": ("write", lambda c: c.upsert("rt_Person", [person, {**person, "id": "c"}])),
        "delete": ("delete", lambda c: c.delete("rt_Person", "c")),
        "delete_list": ("delete", lambda c: c.delete_list("rt_Person", ["b"])),
        "get_entity_meta_data": ("read", lambda c: c.get_entity_meta_data("rt_Person")),
        "get_attribute_meta_data": ("read", lambda c: c.get_attribute_meta_data("rt_Person", "age")),
        "get_meta": ("read", lambda c: c.get_meta("rt_City", expand=True)),
        "to_upload_format": ("read", lambda c: c.to_upload_format("rt_Person", [{"city": {"code": "gro"}}])),
        "upload_zip": ("write", lambda c: c.upload_zip(archive, add, upsert, asynchronous=False)),
        "import_data": ("write", lambda c: c.import_data({"rt_City": [{"code": "x", "name": "y"}]}, add, upsert)),
        "logout": ("read", lambda c: c.logout()),
    }

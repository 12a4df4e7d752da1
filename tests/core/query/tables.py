"""One wide table, and one that it refers to."""

from biodata.records.types import (
    Boolean,
    Date,
    DateTime,
    Decimal,
    Field,
    File,
    Float,
    Integer,
    Json,
    List,
    Object,
    Reference,
    Schema,
    String,
)

SEXES = Schema("sexes", "code", (Field("code", String()), Field("label", String()), Field("tags", List(String()))))
PEOPLE = Schema(
    "people",
    "id",
    (
        Field("id", String()),
        Field("name", String(max_length=20)),
        Field("age", Integer(bits=32)),
        Field("weight", Float()),
        Field("price", Decimal()),
        Field("active", Boolean()),
        Field("born", Date()),
        Field("seen", DateTime()),
        Field("extra", Json()),
        Field("colour", String(choices=("red", "green"))),
        Field("sex", Reference("sexes")),
        Field("parents", List(Reference("people"))),
        Field("tags", List(String())),
        Field("counts", List(Integer())),
        Field("scan", File()),
        Field("home", Object((Field("city", String()), Field("zips", List(String()))))),
        Field("visits", List(Object((Field("day", Date()), Field("site", String()))))),
        Field("order", String()),
        Field("a.b", String()),
    ),
)
LOOKUP = {"sexes": SEXES, "people": PEOPLE}.__getitem__

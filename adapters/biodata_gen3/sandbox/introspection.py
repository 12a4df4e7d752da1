"""The schema document of `/getschema`: an introspection as the older library writes it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphql import execute_sync, parse

if TYPE_CHECKING:
    from graphql import GraphQLSchema

__all__ = ["schema_document"]

_REF = "{kind name" + " ofType{kind name" * 7 + "}" * 8
_QUERY = f"""{{
  __schema{{
    queryType{{name}} mutationType{{name}} subscriptionType{{name}}
    types{{
      kind name description
      fields(includeDeprecated:true){{
        name description args{{name description type{_REF} defaultValue}} type{_REF} isDeprecated deprecationReason
      }}
      inputFields{{name description type{_REF} defaultValue}}
      interfaces{_REF}
      enumValues(includeDeprecated:true){{name description isDeprecated deprecationReason}}
      possibleTypes{_REF}
    }}
    directives{{name description locations args{{name description type{_REF} defaultValue}}}}
  }}
}}"""
_NEWER = {
    "__Schema": {"description"},
    "__Type": {"specifiedByURL", "isOneOf"},
    "__Field": {"includeDeprecated"},
    "__InputValue": {"isDeprecated", "deprecationReason"},
    "__Directive": {"isRepeatable"},
}


@lru_cache(maxsize=8)
def schema_document(schema: GraphQLSchema) -> bytes:
    """The whole introspection as JSON, without what the older library does not know."""
    result = execute_sync(schema, parse(_QUERY))
    data: dict[str, Any] = result.data  # type: ignore[assignment]
    for type_ in data["__schema"]["types"]:
        _older(type_)
    return json.dumps({"data": data}).encode()


def _older(type_: dict[str, Any]) -> None:
    newer = _NEWER.get(type_["name"])
    if newer is not None:
        type_["fields"] = [field for field in type_["fields"] if field["name"] not in newer]
        for field in type_["fields"]:
            if field["name"] in ("args", "inputFields"):
                field["args"] = []
    if type_["kind"] == "INTERFACE":
        type_["interfaces"] = None

"""What is wrong with a GraphQL document, in the words of the older library that peregrine uses (graphql-core 2).

The checking is the newer library's, with rules of our own where the older one checks otherwise: values of
arguments, and the null literal, which it does not know (protocols/gen3.md, c).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSyntaxError,
    Source,
    ValidationRule,
    Visitor,
    get_location,
    get_named_type,
    is_leaf_type,
    parse,
    print_ast,
    specified_rules,
    validate,
    visit,
)
from graphql.language import (
    BooleanValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    VariableNode,
)
from graphql.validation import FieldsOnCorrectTypeRule, ScalarLeafsRule, ValuesOfCorrectTypeRule

if TYPE_CHECKING:
    from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode

__all__ = ["parsed", "validation_words", "variable_words"]

_LITERALS: dict[str, tuple[type[Any], ...]] = {
    "Int": (IntValueNode,),
    "Float": (IntValueNode, FloatValueNode),
    "String": (StringValueNode,),
    "Boolean": (BooleanValueNode,),
    "ID": (StringValueNode, IntValueNode),
}
_SUGGESTIONS = 5


# --- syntax ------------------------------------------------------------------------------------------------------


def parsed(text: str) -> DocumentNode:
    """The document.

    Raises:
        GraphQLError: the message is what the server says.
    """
    source = Source(text)
    try:
        document = parse(source)
    except GraphQLSyntaxError as error:
        start = next(iter(error.positions or ()), 0)
        raise GraphQLError(_syntax(source, start, _described(error.description))) from None
    visit(document, _NoNulls(source))
    return document


class _NoNulls(Visitor):
    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def enter_null_value(self, node: NullValueNode, *_: Any) -> None:
        start = node.loc.start if node.loc is not None else 0
        raise GraphQLError(_syntax(self._source, start, 'Unexpected Name "null"'))


def _described(text: str) -> str:
    words = text.rstrip(".").replace("<EOF>", "EOF")
    words = re.sub(r"(Name|String|Int|Float) '([^']*)'", r'\1 "\2"', words)
    return words.replace("'", "")


def _syntax(source: Source, at: int, words: str) -> str:
    place = get_location(source, at)
    return f"Syntax Error GraphQL ({place.line}:{place.column}) {words}\n\n{_shown(source, place.line, place.column)}"


def _shown(source: Source, line: int, column: int) -> str:
    lines = source.body.splitlines()
    if line > len(lines):
        return ""
    width = len(str(line + 1))
    shown = f"{line - 1:>{width}}: {lines[line - 2]}\n" if line > 1 else ""
    shown += f"{line:>{width}}: {lines[line - 1]}\n{' ' * (1 + width + column)}^\n"
    return shown + (f"{line + 1:>{width}}: {lines[line]}\n" if line < len(lines) else "")


# --- rules of our own ----------------------------------------------------------------------------------------------


class _Fields(ValidationRule):
    def enter_field(self, node: Any, *_: Any) -> None:
        type_ = self.context.get_parent_type()
        if type_ is None or self.context.get_field_def() is not None:
            return
        close = _suggested(node.name.value, list(getattr(type_, "fields", {})))
        hint = f" Did you mean {_either(close)}?" if close else ""
        self.report_error(GraphQLError(f'Cannot query field "{node.name.value}" on type "{type_.name}".{hint}', node))


class _Leafs(ValidationRule):
    def enter_field(self, node: Any, *_: Any) -> None:
        type_ = self.context.get_type()
        if type_ is None:
            return
        name = node.name.value
        if is_leaf_type(get_named_type(type_)):
            if node.selection_set:
                words = f'Field "{name}" of type "{type_}" must not have a sub selection.'
                self.report_error(GraphQLError(words, node))
        elif not node.selection_set:
            self.report_error(GraphQLError(f'Field "{name}" of type "{type_}" must have a sub selection.', node))


class _Values(ValidationRule):
    def enter_argument(self, node: Any, *_: Any) -> Any:
        definition = self.context.get_argument()
        if definition is not None:
            wrong = _wrong(definition.type, node.value)
            if wrong:
                words = f'Argument "{node.name.value}" has invalid value {print_ast(node.value)}.\n' + "\n".join(
                    wrong
                )
                self.report_error(GraphQLError(words, node.value))
        return self.SKIP


def _wrong(type_: Any, value: Any) -> list[str]:
    if isinstance(value, VariableNode):
        return []
    if isinstance(type_, GraphQLNonNull):
        return _wrong(type_.of_type, value)
    if isinstance(type_, GraphQLList):
        if not isinstance(value, ListValueNode):
            return _wrong(type_.of_type, value)
        found = [(at, words) for at, one in enumerate(value.values) for words in _wrong(type_.of_type, one)]
        return [f"In element #{at}: {words}" for at, words in found]
    if isinstance(type_, GraphQLInputObjectType):
        return _wrong_object(type_, value)
    good = isinstance(value, _LITERALS[type_.name])
    return [] if good else [f'Expected type "{type_.name}", found {print_ast(value)}.']


def _wrong_object(type_: GraphQLInputObjectType, value: Any) -> list[str]:
    if not isinstance(value, ObjectValueNode):
        return [f'Expected "{type_.name}", found not an object.']
    given = {field.name.value: field.value for field in value.fields}
    found = [f'In field "{name}": Unknown field.' for name in given if name not in type_.fields]
    for name, field in type_.fields.items():
        if name in given:
            found += [f'In field "{name}": {words}' for words in _wrong(field.type, given[name])]
        elif isinstance(field.type, GraphQLNonNull):
            found.append(f'In field "{name}": Expected "{field.type}", found null.')
    return found


_REPLACED: dict[Any, Any] = {
    FieldsOnCorrectTypeRule: _Fields,
    ScalarLeafsRule: _Leafs,
    ValuesOfCorrectTypeRule: _Values,
}
_RULES = tuple(_REPLACED.get(rule, rule) for rule in specified_rules)


def validation_words(schema: GraphQLSchema, document: DocumentNode) -> list[str]:
    """What is wrong with a document; empty for a good one."""
    for definition in document.definitions:
        operation = getattr(definition, "operation", None)
        if operation is not None and schema.get_root_type(operation) is None:
            return [f"Schema is not configured for {operation.value}s"]
    return [_older(error.message) for error in validate(schema, document, _RULES)]


def _older(text: str) -> str:
    argument = re.fullmatch(r"Unknown argument '(.*?)' on field '(.*?)\.(.*?)'\.(.*)", text)
    if argument is not None:
        return f'Unknown argument "{argument[1]}" on field "{argument[3]}" of type "{argument[2]}".'
    text = re.sub(r"Variable '\$(\w+)' of type", r"Variable '\1' of type", text)
    return re.sub(r"'([^']*)'", r'"\1"', text)


# --- suggestions ---------------------------------------------------------------------------------------------------


def _suggested(name: str, options: list[str]) -> list[str]:
    near = [(option, _distance(name, option)) for option in options]
    close = [(option, far) for option, far in near if far <= max(len(name) / 2, len(option) / 2, 1)]
    return [option for option, _ in sorted(close, key=lambda pair: pair[1])][:_SUGGESTIONS]


def _distance(one: str, other: str) -> int:
    """Edits from one to the other; swapping neighbours is one."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        row = [i]
        for j, right in enumerate(other, start=1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (left != right)))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                row[-1] = min(row[-1], before[j - 2] + (left != right))
        before, last = last, row
    return last[-1]


def _either(names: list[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


# --- variables -----------------------------------------------------------------------------------------


def variable_words(operation: OperationDefinitionNode, values: dict[str, Any]) -> str | None:
    """The first variable whose value does not fit its type."""
    for definition in operation.variable_definitions or ():
        name, value = definition.variable.name.value, values.get(definition.variable.name.value)
        type_ = print_ast(definition.type)
        if value is None:
            if type_.endswith("!"):
                return f'Variable "${name}" of required type "{type_}" was not provided.'
            continue
        wrong = _misfit(type_.rstrip("!"), value)
        if wrong is not None:
            return f'Variable "${name}" got invalid value {json.dumps(value)}.\n{wrong}'
    return None


def _misfit(type_: str, value: Any) -> str | None:
    if type_.startswith("["):
        inner = type_[1:-1].rstrip("!")
        listed = value if isinstance(value, list) else [value]
        wrong = [(at, _misfit(inner, one)) for at, one in enumerate(listed)]
        found = next(((at, words) for at, words in wrong if words is not None), None)
        if found is None:
            return None
        return f"In element #{found[0]}: {found[1]}" if isinstance(value, list) else found[1]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    good = {
        "Int": isinstance(value, int) and number,
        "Float": number,
        "Boolean": isinstance(value, bool),
        "String": isinstance(value, str),
        "ID": isinstance(value, str | int),
    }.get(type_, True)
    return None if good else f'Expected type "{type_}", found {json.dumps(value)}.'

"""What other languages write in a filter, and what is written here in its place."""

from __future__ import annotations

__all__ = ["SIGNS", "WORDS", "hint_for"]

_ARITHMETIC = "Arithmetic is not done in filters; put a field with an odd name in backticks: `my-field`"
_PLACEHOLDER = "There are no placeholders; write the value, or use col('field') == value in Python"
_DASH = "Use '-'"

SIGNS = {
    "&": "Use 'and'", "&&": "Use 'and'", "|": "Use 'or'", "||": "Use 'or'", "~": "Use 'not'",
    "!": "Use 'not', or '!=' for unequal",
    "===": "Use '='", "!==": "Use '!='", "<=>": "Use '='", "=>": "Use '>='", "=<": "Use '<='", "~=": "Use '!='",
    "≥": "Use '>='", "≤": "Use '<='", "≠": "Use '!='", "−": _DASH, "–": _DASH, "—": _DASH,  # noqa: RUF001
    "=~": "Use like with % and _, or contains(field, 'x')",
    "%": "Put a pattern in quotes: field like 'x%'",
    "+": "A number has no + before it, and arithmetic is not done in filters",
    "*": _ARITHMETIC, "/": _ARITHMETIC, "^": _ARITHMETIC,
    "\\": "Strings have no backslash escapes; write a quote inside a string twice: 'it''s'",
    ";": "A filter is one condition; join conditions with 'and' or 'or'",
    "{": "A list of values stands in ( ) or [ ]", "}": "A list of values stands in ( ) or [ ]",
    **dict.fromkeys("?:@$", _PLACEHOLDER),
    **dict.fromkeys("‘’‚“”„«»´′″", "Use straight quotes: 'text'"),  # noqa: RUF001 - what word processors write
}  # fmt: skip
"""Sign -> hint."""

_NULL = "Write field is null, or field is not null"
_PATTERN = "Write field like 'x%': % is any text, _ one character"
_CASE = "Write field ilike 'x' where case does not count"
_DAY = "Write the date itself, in quotes: '2020-01-31'"
_NO_SIZE = "Lists and texts are not measured; field is null asks for one without elements"

WORDS = {
    "startswith": "Write starts_with(field, 'x')",
    "endswith": "Write field like '%x'",
    "isin": "Write field in ('a', 'b')",
    **dict.fromkeys(("isnull", "isna", "is_null", "notnull", "notna", "is_not_null"), _NULL),
    **dict.fromkeys(("regexp", "rlike", "regex", "match", "matches", "similar", "glob"), _PATTERN),
    **dict.fromkeys(("lower", "upper", "casefold"), _CASE),
    **dict.fromkeys(("date", "datetime", "timestamp", "to_date", "now", "today", "current_date"), _DAY),
    **dict.fromkeys(("len", "length", "size"), _NO_SIZE),
    **dict.fromkeys(("yes", "no"), "Write true or false; put text in quotes"),
    **dict.fromkeys(("where", "select"), "Write the condition alone"),
}
"""Word, in small letters -> hint."""


def hint_for(word: object, otherwise: str = "") -> str:
    """The hint for a word of another language, as a sentence; the other text where there is none."""
    known = WORDS.get(str(word).lower())
    return f"{known}." if known else otherwise

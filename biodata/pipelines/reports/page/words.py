"""Numbers, times and instants as a reader wants them."""

from __future__ import annotations

from html import escape

__all__ = ["Html", "code", "command", "instant", "number", "percent", "seconds", "span"]

MINUTE, HOUR = 60, 3600


class Html(str):
    """Text that is HTML already; any other text is escaped where it is put into a page."""

    __slots__ = ()


def span(text: str, look: str) -> Html:
    """The text with a class of the style sheet."""
    return Html(f'<span class="{look}">{escape(text)}</span>')


def code(text: str) -> Html:
    """The text as code; a long path may go on in the next line after a slash."""
    return Html(f"<code>{escape(text).replace('/', '/<wbr>')}</code>")


def command(text: str) -> Html:
    """What to type; a long line goes on in the next one between words, and not behind a hyphen."""
    words = " ".join(f"<span>{escape(word)}</span>" for word in text.split(" "))
    return Html(f'<code class="command">{words}</code>')


def instant(text: str) -> Html:
    """An instant in UTC, to the second."""
    return Html(f'<time datetime="{escape(text)}">{escape(text[:19].replace("T", " "))} UTC</time>')


def number(value: int | None) -> str:
    """`1,204`; `-` where it is not known."""
    return "-" if value is None else f"{value:,}"


def percent(part: int, whole: int) -> str:
    """`98.4 %`; all and nothing only where it is all or nothing."""
    share = 100 * part / whole if whole else 100.0
    if part not in {0, whole}:
        share = min(max(share, 0.1), 99.9)
    return f"{share:.1f}".removesuffix(".0") + " %"


def seconds(value: float) -> str:
    """`200 ms`, `12.3 s`, `4 min 10 s`, `3 h 5 min`."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 2 * MINUTE:
        return f"{value:.1f} s"
    whole = int(value)
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"

"""Write values in words, for people."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

EMPTY = "–"
DIGITS = 4


def ago(when: datetime | None) -> str:
    """Return a time in words, with the exact one on hover; a dash for None."""
    if when is None:
        return EMPTY
    exact = when.strftime("%Y-%m-%d %H:%M:%S UTC")
    return format_html('<span class="rs-line" title="{}">{}</span>', exact, distance(when))


def distance(when: datetime) -> str:
    """Return in words how long ago a time is, or how far ahead."""
    now = timezone.now()
    if abs(now - when) < timedelta(minutes=1):
        return "just now"
    return f"in {timesince(now, when, depth=1)}" if when > now else f"{timesince(when, now, depth=1)} ago"


def duration(seconds: float | None) -> str:
    """Return a duration in words: 0.4 s, 41 s, 3 min 20 s, 2 h 5 min; a dash for None."""
    if seconds is None:
        return EMPTY
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def pluralize(number: int, one: str, many: str = "") -> str:
    """Return a number with the noun that goes with it: 1 item, 2,000 items, 0 people; `many` is "ones" by default."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def milliseconds(seconds: float | None) -> str:
    """Return a short time with two digits that mean something; a dash for None."""
    return EMPTY if seconds is None else f"{float(f'{1000 * seconds:.2g}'):,g} ms"


def decimal(number: float | None) -> str:
    """Return a measured number with as many digits as mean something; a dash for None."""
    if number is None:
        return EMPTY
    return f"{number:,.0f}" if isinstance(number, int) or abs(number) >= 1000 else f"{number:.3f}"


def link(address: str, words: str) -> SafeString:
    return format_html('<a class="rs-link" href="{}">{}</a>', address, words)


def unbroken(text: str) -> SafeString:
    """Return a text that wraps between words alone: browsers would wrap after the hyphens of ids and dates as well."""
    return format_html_join(" ", '<span class="rs-word">{}</span>', ((word,) for word in text.split()))


def structure(value: Any) -> str:
    """Return a JSON value with a line for each name, numbers rounded; a dash for an empty one."""
    if not value:
        return EMPTY
    return format_html('<pre class="rs-json">{}</pre>', json.dumps(_rounded(value), indent=2, ensure_ascii=False))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value

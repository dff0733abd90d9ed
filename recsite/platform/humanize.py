"""Values in words, for the pages of the admin."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

NOTHING = "–"
DIGITS = 4


def ago(when: datetime | None) -> str:
    """A time in words, with the exact one on hover; a dash where there is none."""
    if when is None:
        return NOTHING
    exact = when.strftime("%Y-%m-%d %H:%M:%S UTC")
    return format_html('<span class="rs-line" title="{}">{}</span>', exact, distance(when))


def distance(when: datetime) -> str:
    """How long ago, or how far ahead, in words."""
    now = timezone.now()
    if abs(now - when) < timedelta(minutes=1):
        return "just now"
    return f"in {timesince(now, when, depth=1)}" if when > now else f"{timesince(when, now, depth=1)} ago"


def span(seconds: float | None) -> str:
    """A duration as somebody would say it: 0.4 s, 41 s, 3 min 20 s, 2 h 5 min."""
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def counted(number: int, what: str) -> str:
    """1 item, 2,000 items."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def decimal(number: float | None) -> str:
    """A measured number with as many digits as mean something; whole ones whole."""
    if number is None:
        return NOTHING
    return f"{number:,.0f}" if isinstance(number, int) or abs(number) >= 1000 else f"{number:.3f}"


def link(address: str, words: str) -> SafeString:
    return format_html('<a class="rs-link" href="{}">{}</a>', address, words)


def structure(value: Any) -> str:
    """A JSON value with a line for each name, numbers rounded; a dash where there is nothing in it."""
    if not value:
        return NOTHING
    return format_html('<pre class="rs-json">{}</pre>', json.dumps(_rounded(value), indent=2, ensure_ascii=False))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value

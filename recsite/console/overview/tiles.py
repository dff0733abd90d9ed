"""Make the six tiles of the first page, and the sentence that says how all is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from recommender.insight import performance
from recommender.insight.performance import Figures
from recsite.console.overview.measured import Measured
from recsite.platform import series
from recsite.platform.alerts import Alert
from recsite.platform.humanize import duration, pluralize
from recsite.platform.parts import Tile, tile
from recsite.platform.series.kinds import STORED
from recsite.platform.thresholds import Severity
from recsite.platform.units import Unit, milliseconds, write

FEW = 100
"""Items shown, or clicks, below which a rate says little."""

NAMED = 3
"""Alerts that the first sentence names."""

NO_LISTS = "no list was shown in this time. Clients ask for lists by the API; the shop does so as well."
NO_REQUESTS = "nobody has asked anything in this time."
NO_EVENTS = "no event has come in this time. Clients send what users do by the API."


def tiles(found: Measured, now: datetime, links: Mapping[str, str]) -> list[Tile]:
    """Return the tiles, in the order of the page; `links` are the addresses that lead on, for who may follow them."""
    lists, system = links.get("results", ""), links.get("health", "")
    return [
        replace(_clicks(found), link=lists),
        replace(_conversions(found), link=lists),
        replace(_requests(found), link=system),
        replace(_slowest(found), link=system),
        replace(_cached(found), link=system),
        replace(_events(found, now), link=links.get("events", "")),
    ]


def standing(shown: Sequence[Alert], found: Measured | None) -> tuple[str, str]:
    """Return how all is, in one sentence, and the severity of the worst alert; empty where there is none.

    Whoever is on call reads no more than this: is anything down, is it quick, does anything fail.
    """
    down, warnings = (
        list(dict.fromkeys(one.name for one in shown if one.severity is severity))
        for severity in (Severity.DOWN, Severity.WARNING)
    )
    figures = f" {_figures(found)}." if found else ""
    if down:
        return f"Down: {_names(down)}.{figures}", Severity.DOWN.value
    if warnings:
        return f"Everything is up. To look at: {_names(warnings)}.{figures}", Severity.WARNING.value
    return (f"All well: {_figures(found)}." if found else "All well."), ""


def _names(names: Sequence[str]) -> str:
    more = f" and {pluralize(len(names) - NAMED, 'other')}" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _figures(found: Measured) -> str:
    """Return what was asked in the period, and how that went, in words."""
    asked, seconds = found.asked, found.asked.p95
    length = (found.requests.until - found.requests.since) / timedelta(minutes=1)
    often = f"{write(asked.count / length, Unit.COUNT)} requests a minute over {found.period.label}"
    parts = [often if asked.count >= length else f"{pluralize(asked.count, 'request')} in {found.period.label}"]
    if asked.count:
        parts.append(f"{write(asked.error_share, Unit.SHARE)} failed" if asked.error_share else "none failed")
    parts += [f"95 of 100 within {write(1000 * seconds, Unit.MILLISECONDS)}"] if seconds is not None else []
    parts += [f"click-through {write(found.now.clicks / found.now.shown, Unit.SHARE)}"] if found.now.shown else []
    return ", ".join(parts)


def _clicks(found: Measured) -> Tile:
    return _rate(found, "Click-through", "clicks", "clicked")


def _conversions(found: Measured) -> Tile:
    return _rate(found, "Conversion", "conversions", "converted")


def _rate(found: Measured, name: str, of: str, done: str) -> Tile:
    now, before = found.now, found.before
    note = f"{getattr(now, of):,} {done} of {now.shown:,} shown"
    if now.shown < FEW:
        note = f"{note}: too few to say"
    then = found.week_ago
    if then and then.shown >= FEW:
        note = f"{note}; a week ago {write(performance.rate(getattr(then, of), then.shown), Unit.SHARE)}"
    return tile(
        name,
        performance.rate(getattr(now, of), now.shown),
        unit=Unit.SHARE,
        before=performance.rate(getattr(before, of), before.shown),
        period=_before_lists(found),
        values=[_share(found, at, of) for at in found.at],
        is_more_better=True if performance.is_sure(now, before, of) else None,
        note=note if now.shown else "",
        empty=NO_LISTS,
    )


def _before_lists(found: Measured) -> str:
    return "the two hours before" if found.period.key == "1h" else found.period.before


def _share(found: Measured, at: datetime, of: str) -> float | None:
    figures = found.popular.get(at, Figures()) + found.others.get(at, Figures())
    return performance.rate(getattr(figures, of), figures.shown)


def _requests(found: Measured) -> Tile:
    asked, before = found.asked, found.asked_before
    minutes = (found.requests.until - found.requests.since) / timedelta(minutes=1)
    errors = asked.error_share
    # Of less than one a minute a rate says little: then it is their number.
    is_rate = asked.count >= minutes
    per = minutes if is_rate else 1
    return tile(
        "Requests a minute" if is_rate or not asked.count else "Requests",
        asked.count / per if asked.count else None,
        before=before.count / per if before.count else None,
        period=found.period.before,
        values=[point.count / found.minutes for point in found.steps],
        note=f"{write(errors, Unit.SHARE)} failed" if errors else "none failed",
        empty=NO_REQUESTS,
    )


def _slowest(found: Measured) -> Tile:
    asked, before = found.asked, found.asked_before
    return tile(
        "95 of 100 requests within",
        milliseconds(asked.p95),
        unit=Unit.MILLISECONDS,
        before=milliseconds(before.p95),
        period=found.period.before,
        values=[milliseconds(point.p95) for point in found.steps],
        note=f"half within {write(milliseconds(asked.p50), Unit.MILLISECONDS)}",
        empty=NO_REQUESTS,
    )


def _cached(found: Measured) -> Tile:
    made = found.answers.total
    return tile(
        "Lists from the cache",
        made.hit_share,
        unit=Unit.SHARE,
        before=found.answers.total_before.hit_share,
        period=found.period.before,
        values=[point.hit_share for point in found.answers.points],
        note=f"of {pluralize(made.count, 'list')} made for users",
        empty=NO_LISTS,
    )


def _events(found: Measured, now: datetime) -> Tile:
    stored, before = (side.get(STORED) for side in (found.events.now, found.events.before))
    minutes = (found.events.until - found.events.since) / timedelta(minutes=1)
    count = stored.total.count if stored else 0
    is_rate = count >= minutes
    per = minutes if is_rate else 1
    return tile(
        "Events a minute" if is_rate or not count else "Events",
        count / per if count else None,
        before=before.total.count / per if before and before.total.count else None,
        period=found.period.before,
        values=[point.count / found.minutes for point in stored.points] if stored else (),
        note=_waiting(now),
        empty=NO_EVENTS,
    )


def _waiting(now: datetime) -> str:
    """Say when the last event was stored, and how much waits, as it was looked at within the last minutes."""
    silence = series.latest(series.SILENCE, timedelta(minutes=10), now)
    said: list[str] = []
    for at, seconds in silence.values():
        said.append(f"last one {duration(seconds + (now - at).total_seconds())} ago")
    lag = series.latest(series.LAG, timedelta(minutes=10), now) if settings.KAFKA_BOOTSTRAP_SERVERS else {}
    behind = sum(round(level) for _, level in lag.values())
    said.append(f"{pluralize(behind, 'event')} not yet stored" if behind else "none waits")
    return ", ".join(said)

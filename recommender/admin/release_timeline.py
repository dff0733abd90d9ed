"""Compute the timeline of releases: what became of each, how good it is, and what its lists achieved while live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from recommender.admin import measures, release_words
from recommender.admin.release_words import Said
from recommender.insight import release_clicks, stretches
from recommender.insight.item_totals import ENOUGH
from recommender.insight.lift import Lift, Slots, by_day
from recommender.insight.performance import Figures, interval, rate
from recommender.insight.release_clicks import LiveClicks
from recommender.insight.stretches import Stretch
from recommender.models import Release, with_promoter
from recommender.operations import same_events
from recommender.operations.release_words import roles
from recommender.operations.same_events import NDCG, RMSE, Fair
from recommender.operations.sides import Side
from recommender.serving.candidates import POPULAR
from recsite.platform.charts import Chart, Mark, Series, chart
from recsite.platform.humanize import EMPTY, decimal
from recsite.platform.parts import Badge, State
from recsite.platform.units import Unit, significant, write

LISTED = 20
"""Releases of a page."""

DRAWN, DAYS = 5, 28
"""Lines and days of the chart."""

COVERAGE = "Coverage@10"
KEYS = {NDCG: "ndcg_at_10", RMSE: "rmse", COVERAGE: "coverage_at_10"}
MEASURES = {
    NDCG: "More is better: how high liked items rank, from 0 to 1.",
    RMSE: "Less is better: how far predicted ratings are off.",
    COVERAGE: "The part of the catalogue that is in somebody's first ten.",
}
NOT_JUDGED = "The quality gate judges what leads lists or predicts ratings, where enough was held out."


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold one figure of a release, and how it differs from the one before."""

    name: str
    value: str
    note: str = ""
    state: State = State.NONE
    hint: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Hold a release of the timeline."""

    release: Release
    badge: Badge
    said: Said
    models: str
    figures: Sequence[Figure]
    gate: Badge


@dataclass(frozen=True, slots=True)
class Timeline:
    """Hold a page of the timeline, the latest release first."""

    rows: Sequence[Row]
    chart: Chart
    live: Row | None
    clicks: LiveClicks | None
    """What the live release has achieved so far."""

    older: int | None
    """The number before which older ones stand; None where there are none."""


def timeline(before: int | None = None) -> Timeline:
    """Return a page of releases, those with smaller numbers than `before`."""
    now, every = timezone.now(), _with_members(Release.objects.order_by("-pk"))
    found = list((every.filter(pk__lt=before) if before else every)[: LISTED + 1])
    older, found = (found[LISTED - 1].pk if len(found) > LISTED else None), found[:LISTED]
    known = {one.pk: one for one in found}
    live = next((one for one in found if one.state == Release.State.LIVE), None)
    wanted = {one.replaced_id for one in found if one.replaced_id} - known.keys()
    rest = Release.objects.filter(pk__in=wanted)
    if live is None:
        rest |= Release.objects.filter(state=Release.State.LIVE)
    for one in _with_members(rest):
        known[one.pk] = one
        live = one if one.state == Release.State.LIVE else live
    sides = {number: Side.of_release(one) for number, one in known.items()}
    when = stretches.stretches()
    leaders = {one.pk: leader.pk for one in found if (leader := sides[one.pk].leader)}
    clicks = release_clicks.read(leaders, when, POPULAR, now)
    rows = [_row(one, live, sides, when.get(one.pk, ()), clicks.get(one.pk), now) for one in found]
    top = next((row for row in rows if row.release == live), None)
    personal = [one.pk for one in found if not _is_popular(sides[one.pk])]
    return Timeline(rows, _chart(personal, clicks, when, now), top, clicks.get(live.pk) if live else None, older)


def figures_of(side: Side, other: Side | None, clicks: LiveClicks | None) -> list[Figure]:
    """Return the figures of a release beside those of the one that it is compared with."""
    return [
        _figure(NDCG, side, other, _over_popularity(side)),
        _figure(RMSE, side, other),
        _coverage(side),
        _clicked(clicks, is_beside=not _is_popular(side)),
    ]


def gate_of(release: Release) -> Badge:
    """Return the gate's tick; what it said stands behind it."""
    verdicts = [(one.version, one.version.verdict) for one in release.members.all() if one.version.verdict]
    said = " ".join(f"{version}: {verdict.get('sentence', '')}" for version, verdict in verdicts)
    if not release_words.is_refused(release):
        return Badge("✓ gate", State.GOOD, said) if verdicts else Badge("not judged", hint=NOT_JUDGED)
    return Badge("✗ gate, overridden", State.WARN, said) if release.override else Badge("✗ gate", State.BAD, said)


def _with_members(releases: QuerySet[Release]) -> QuerySet[Release]:
    return with_promoter(releases).prefetch_related("members__version")


def _row(
    release: Release,
    live: Release | None,
    sides: Mapping[int, Side],
    when: Sequence[Stretch],
    clicks: LiveClicks | None,
    now: datetime,
) -> Row:
    is_candidate = release.state == Release.State.CANDIDATE
    other = live.pk if live and is_candidate else release.replaced_id
    does = roles(release)
    models = ", ".join(f"{sides[release.pk].versions[name]} {role}" for name, role in does.items())
    return Row(
        release,
        release_words.badge(release, when),
        release_words.told(release, when, now),
        models,
        figures_of(sides[release.pk], sides.get(other) if other else None, clicks),
        gate_of(release),
    )


def _is_popular(side: Side) -> bool:
    return side.leader is not None and side.leader.algorithm == POPULAR


def _figure(name: str, side: Side, other: Side | None, more: str = "") -> Figure:
    version = side.leader if name == NDCG else side.rater
    value = measures.value(version, KEYS[name]) if version else None
    if value is None or other is None or other.number == side.number:
        return Figure(name, decimal(value), hint=MEASURES[name], more=more)
    return Figure(name, decimal(value), *_against(same_events.compare(name, other, side), other), MEASURES[name], more)


def _against(found: Fair, other: Side) -> tuple[str, State]:
    """Return the difference in words, and its colour: grey inside the noise, and where nothing can be said."""
    one = found.difference
    if one is None or one.difference is None:
        return found.why_not, State.NONE
    said = f"{significant(one.difference, 2, sign='+')} against {other.number}"
    if one.better:
        return (f"{said}, better", State.GOOD) if one.better == "b" else (f"{said}, worse", State.BAD)
    if not one.difference:
        return f"as {other.number}", State.NONE
    return (f"{said}, inside the noise" if one.interval else said), State.NONE


def _over_popularity(side: Side) -> str:
    ratio = same_events.times_popularity(side)
    return f"{significant(ratio, 2)} × popularity" if ratio and not _is_popular(side) else ""


def _coverage(side: Side) -> Figure:
    value = measures.value(side.leader, KEYS[COVERAGE]) if side.leader else None
    return Figure(COVERAGE, write(value, Unit.SHARE, 2), hint=MEASURES[COVERAGE])


def _clicked(clicks: LiveClicks | None, is_beside: bool) -> Figure:
    """Return the click-through while it was live, with its interval and, where asked, what it is beside popularity."""
    total = clicks.total if clicks else None
    if clicks is None or total is None or not total.shown:
        return Figure("Clicked while live", EMPTY)
    if total.shown < ENOUGH:
        return Figure("Clicked while live", EMPTY, hint=f"{total.clicks:,} of {total.shown:,}: too few to say.")
    ends = interval(total.clicks, total.shown) or [0.0, 0.0]
    hint = f"{total.clicks:,} of {total.shown:,}: {significant(100 * ends[0], 2)} to {write(ends[1], Unit.SHARE, 2)}."
    over = clicks.over_base if is_beside else Lift()
    state = State.NONE if not over.is_sure else State.GOOD if (over.times or 0) > 1 else State.BAD
    note = ""
    if over.times is not None:
        note = f"{significant(over.times, 2)} × popularity, {'sure' if over.is_sure else 'inside the noise'}"
    return Figure("Clicked while live", write(rate(total.clicks, total.shown), Unit.SHARE, 2), note, state, hint)


def _chart(
    found: Sequence[int], clicks: Mapping[int, LiveClicks], when: Mapping[int, Sequence[Stretch]], now: datetime
) -> Chart:
    """Draw what the lists of the latest of these releases achieved day by day, and popular ones beside them."""
    today = now.astimezone(UTC).date()
    days = [today - timedelta(number) for number in range(DAYS - 1, -1, -1)]
    rates = {one: _rates(clicks[one].own, days) for one in found if one in clicks}
    drawn = [one for one, values in rates.items() if any(value is not None for value in values)]
    base = {slot: figures for one in clicks.values() for slot, figures in one.base.items()}
    lines = [Series(f"Release {one}", rates[one]) for one in drawn[:DRAWN][::-1]]
    if base:
        lines.append(Series("Popularity", _rates(base, days), is_base=True))
    begun = [one for each in when.values() for one in each if one.start.date() >= days[0]]
    marks = [Mark(one.start, f"release {one.release} live, by {one.actor}") for one in begun]
    return chart(
        "Click-through of what each release led",
        days,
        lines,
        unit=Unit.SHARE,
        marks=marks if lines else (),
        empty="No list that a release led was shown in four weeks.",
    )


def _rates(slots: Slots, days: Sequence[date]) -> list[float | None]:
    found = by_day(slots)
    return [rate(one.clicks, one.shown) for one in (found.get(day, Figures()) for day in days)]

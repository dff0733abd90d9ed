"""Show what lists achieve: totals against the period before, each placement and algorithm, and the curve by rank."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from recommender.admin import result_curves
from recommender.insight import analytics, performance, periods, results
from recommender.insight.lift import FEW, Lift
from recommender.insight.performance import Figures, Span
from recommender.insight.periods import Period
from recommender.insight.results import Cell, Results, over_base
from recommender.models import ListKind, Placement
from recommender.serving.candidates import POPULAR
from recsite.platform.humanize import EMPTY
from recsite.platform.parts import State, Tile, tile
from recsite.platform.units import Unit, significant, write

SEE = "recommender.view_dailyimpressions"
PERIODS = {key: period for key, period in periods.PERIODS.items() if key != "1h"}
"""Lists are counted by the hour: an hour alone says nothing."""

DIGITS = 2
"""Of shares: noise fills the third one."""

NO_LISTS = "no list was shown in this time. Clients ask for lists by the API; the shop does so as well."
MOST_LINES = 200
COLUMNS = (
    "from", "placement", "algorithm", "lists", "shown", "clicks", "click_rate", "click_rate_low", "click_rate_high",
    "conversions", "conversion_rate",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """Hold what a placement or an algorithm achieved, as the table shows it."""

    name: str
    link: str
    clicked: str
    interval: str
    change: str
    change_state: State
    lift: str
    lift_ends: str
    lift_state: State
    converted: str
    figures: Figures


@permission_required(SEE, raise_exception=True)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the results of a period, which stands in the address as that of Overview does."""
    period = _chosen(request)
    kind = request.GET.get("kind", "")
    kind = kind if kind in ListKind.values else ListKind.USER.value
    found = _read(period)
    days = max(period.drawn.days, 2)
    lines = analytics.list_totals(days)
    context = {
        **admin.site.each_context(request),
        "title": "Results",
        "periods": PERIODS.values(),
        "period": period,
        "sentence": _sentence(found.now),
        "tiles": _tiles(found, period),
        "placements": _placements(request, found),
        "algorithms": _algorithms(found),
        "few": FEW,
        "window": settings.ATTRIBUTION_WINDOW_HOURS,
        "kinds": ListKind.choices,
        "kind": kind,
        "days": days,
        "curves": result_curves.of(analytics.rank_curves(days, kind)),
        "lines": [_line(line) for line in lines[:MOST_LINES]],
        "more_lines": max(len(lines) - MOST_LINES, 0),
    }
    return TemplateResponse(request, "admin/recommender/results.html", context)


@permission_required(SEE, raise_exception=True)
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """Return the same totals as CSV: a row for each hour or day, placement and algorithm."""
    period = _chosen(request)
    found = _read(period)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="results-{period.key}-{found.span.end:%Y-%m-%d}.csv"'
    rows = csv.writer(answer)
    rows.writerow(COLUMNS)
    for cell in found.now:
        one = cell.figures
        rates = performance.rate(one.clicks, one.shown), performance.rate(one.conversions, one.shown)
        low, high = performance.interval(one.clicks, one.shown) or (None, None)
        counts = (one.lists, one.shown, one.clicks, rates[0], low, high, one.conversions, rates[1])
        rows.writerow((cell.at.isoformat(), _plain(cell.placement), _plain(cell.algorithm), *counts))
    return answer


def _chosen(request: HttpRequest) -> Period:
    return PERIODS.get(request.GET.get("period", ""), periods.USUAL)


def _read(period: Period) -> Results:
    now = timezone.now()
    begin, _ = period.of_lists(now)
    return results.read(Span(begin, begin + period.lists, period.by))


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _tiles(found: Results, period: Period) -> list[Tile]:
    own, before = results.total(found.now), results.total(found.before)
    steps: dict[datetime, Figures] = {at: Figures() for at in found.steps}
    for cell in found.now:
        steps[cell.at] = steps.get(cell.at, Figures()) + cell.figures

    def shares(name: str, of: str, done: str) -> Tile:
        few = ": too few to say" if getattr(own, of) < FEW else ""
        return tile(
            name,
            performance.rate(getattr(own, of), own.shown),
            unit=Unit.SHARE,
            before=performance.rate(getattr(before, of), before.shown),
            period=period.before,
            values=[performance.rate(getattr(one, of), one.shown) for one in steps.values()],
            is_more_better=True if performance.is_sure(own, before, of) else None,
            note=f"{getattr(own, of):,} {done} of {own.shown:,} shown{few}" if own.shown else "",
            empty=NO_LISTS,
            digits=DIGITS,
        )

    def counts(name: str, count: Callable[[Figures], int]) -> Tile:
        values = [float(count(one)) for one in steps.values()]
        value = count(own) if own.lists else None
        return tile(name, value, before=count(before), period=period.before, values=values, empty=NO_LISTS)

    over = over_base(found.now, POPULAR)
    times = tile("Over popularity", over.times, unit=Unit.NUMBER, note=_over(over), empty=f"{over.why_not}.", digits=2)
    return [
        shares("Click-through", "clicks", "clicked"),
        shares("Conversion", "conversions", "converted"),
        replace(times, value=f"{times.value} times" if times.value else ""),
        counts("Lists shown", lambda one: one.lists),
        counts("Items clicked", lambda one: one.clicks),
        counts("Items converted", lambda one: one.conversions),
    ]


def _over(over: Lift) -> str:
    return f"{over.ends}, {'sure' if over.is_sure else 'inside the noise'}" if over.times is not None else ""


def _sentence(now: Sequence[Cell]) -> str:
    """Say which algorithm and which placement earn, and how surely: the question that leads here."""
    if not now:
        return ""
    total = results.total(now)
    clicks = total.clicks
    if clicks < FEW:
        return f"Too few clicks to say what earns: {clicks:,}. From a hundred on they tell something."
    lifts = {name: over_base(now, POPULAR, algorithm=name) for name in results.by_algorithm(now) if name != POPULAR}
    sure = {name: one.low or 0.0 for name, one in lifts.items() if one.is_sure and (one.times or 0) > 1}
    said = f"Of what lists showed, {_rate(total)} was clicked. No algorithm is surely clicked more than popularity."
    if sure:
        best = max(sure, key=sure.__getitem__)
        where = "other" if lifts[best].is_elsewhere else "the same"
        times = significant(lifts[best].times or 0.0, DIGITS)
        said = f"Of what lists showed, {_rate(total)} was clicked. Lists that {best} leads are clicked {times} times "
        said += f"as often as popular ones at {where} placements, surely ({lifts[best].ends})."
    places = {name: one for name, one in results.by_placement(now).items() if one.clicks >= FEW}
    if not places:
        return said
    top = max(places, key=lambda name: places[name].clicks / places[name].shown)
    return f"{said} Of the placements, {top} is clicked most: {_rate(places[top])} of what it shows."


def _placements(request: HttpRequest, found: Results) -> list[Row]:
    links: dict[str, str] = {}
    if request.user.has_perm("recommender.view_placement"):
        known = Placement.objects.order_by().values_list("name", "pk")
        links = {name: reverse("admin:placement-published", args=[pk]) for name, pk in known}
    earlier = results.by_placement(found.before)
    personal = results.by_placement(cell for cell in found.now if cell.algorithm != POPULAR)
    only = Lift(why_not="popular lists alone")
    return [
        _row(
            name,
            one,
            earlier.get(name),
            over_base(found.now, POPULAR, placement=name) if name in personal else only,
            links.get(name, ""),
        )
        for name, one in results.by_placement(found.now).items()
    ]


def _algorithms(found: Results) -> list[Row]:
    earlier = results.by_algorithm(found.before)
    base = Lift(why_not="the base")
    return [
        _row(name, one, earlier.get(name), base if name == POPULAR else over_base(found.now, POPULAR, algorithm=name))
        for name, one in results.by_algorithm(found.now).items()
    ]


def _row(name: str, own: Figures, before: Figures | None, over: Lift, link: str = "") -> Row:
    change, state = _change(own, before)
    sure = State.NONE
    if over.is_sure:
        sure = State.GOOD if (over.times or 0) > 1 else State.BAD
    converted = write(performance.rate(own.conversions, own.shown), Unit.SHARE, DIGITS)
    return Row(name, link, _rate(own), _ends(own), change, state, over.words, over.ends, sure, converted, own)


def _change(own: Figures, before: Figures | None) -> tuple[str, State]:
    """Return by how much click-through has changed, and whether for better or worse: neither, where chance does it."""
    if not before or not before.clicks or not own.shown:
        return EMPTY, State.NONE
    grown = own.clicks / own.shown / (before.clicks / before.shown) - 1
    state = State.NONE
    if performance.is_sure(own, before):
        state = State.GOOD if grown > 0 else State.BAD
    return write(grown, Unit.CHANGE, DIGITS), state


def _rate(one: Figures) -> str:
    return write(performance.rate(one.clicks, one.shown), Unit.SHARE, DIGITS)


def _ends(one: Figures) -> str:
    found = performance.interval(one.clicks, one.shown)
    return f"{significant(100 * found[0], DIGITS)} to {write(found[1], Unit.SHARE, DIGITS)}" if found else ""


def _line(line: analytics.ListTotals) -> dict[str, Any]:
    return {
        "line": line,
        "clicked": write(line.click_rate if line.places else None, Unit.SHARE, DIGITS),
        "lists_clicked": write(line.list_click_rate if line.lists else None, Unit.SHARE, DIGITS),
        "lists_converted": write(line.conversion_rate if line.lists else None, Unit.SHARE, DIGITS),
        "named": write(line.named_share if line.places_clicked else None, Unit.SHARE, DIGITS),
        "items": significant(line.items),
    }

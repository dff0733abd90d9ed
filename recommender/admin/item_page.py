"""Show the page of one item: how it is doing, who gets it and where, and what leads to it and from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog import snapshot
from catalog.models import EndUser, Item
from interactions.models import Interaction
from recommender.admin import cards
from recommender.admin.item_rules import VERBS, open_item
from recommender.insight.analytics import days_back
from recommender.insight.item_totals import DAYS, ENOUGH, ItemDayTotals, category_rates, click_rate, item_days
from recommender.insight.shown_to import LISTS, shown_to
from recommender.merchandising import ListSettings
from recommender.merchandising.rules import Rule
from recommender.models import CoPurchase, Placement
from recommender.serving import candidates
from recommender.serving.candidates import CONTENT, MIN_SUPPORT, CoOccurrence
from recommender.serving.item_figures import expected_rating, popularity_rank
from recommender.serving.unavailable import why_unavailable
from recsite.platform import audit, redis
from recsite.platform.charts import Chart, Mark, Series, chart
from recsite.platform.humanize import pluralize
from recsite.platform.models import AuditEntry
from recsite.platform.parts import Tile, tile
from recsite.platform.units import Unit, significant, write

CARDS, EVENTS, CHANGES, ASKED = 6, 10, 50, 100
BEFORE = "the 28 days before"
HIDING, SHOWING = "item.hide", "item.show"
NOT_LIKE = ("popular", "latest", "trending")
"""Sources that fill a list of similar items, and say nothing of likeness."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Add up what an item achieved."""

    shown: int = 0
    clicked: int = 0
    converted: int = 0

    @classmethod
    def of(cls, rows: Sequence[ItemDayTotals]) -> "Totals":
        return cls(sum(r.shown for r in rows), sum(r.clicked for r in rows), sum(r.converted for r in rows))

    @property
    def rate_in_words(self) -> str:
        rate = click_rate(self.shown, self.clicked)
        return write(rate, Unit.SHARE) if rate is not None else "too few to say"


@require_safe
@permission_required("catalog.view_item", raise_exception=True)
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the tiles and the chart, the placements and users that get it, and the items around it."""
    found, today = open_item(pk), days_back(1)
    may = request.user.has_perm
    changes = _changes(found)
    # The latest alone: a history has no bound.
    events = list(Interaction.objects.of_item(found).select_related("user", "type")[:ASKED])
    context: dict[str, Any] = {
        "status": _status(found, changes),
        "verbs": {does: words for does, (words, _) in VERBS.items()},
        **_neighbours(found, len({event.user_id for event in events}) >= MIN_SUPPORT),
    }
    if may("recommender.view_placement"):
        context["rules"] = list(_rules(found))
    if may("recommender.view_dailyimpressions"):
        rows = item_days(found.pk, 2 * DAYS)
        lately = [row for row in rows if row.day > today - timedelta(days=DAYS)]
        earlier = [row for row in rows if row.day <= today - timedelta(days=DAYS)]
        context |= {
            "tiles": list(_tiles(found, lately, earlier)),
            "chart": _chart(lately, changes),
            "placements": _placements(lately),
        }
    if may("recommender.view_listimpression") and may("catalog.view_enduser"):
        context |= {"shown_to": _users(found), "lists": LISTS}
    if may("interactions.view_interaction"):
        context["events"] = events[:EVENTS]
    return _page(request, found, context)


def _changes(item: Item) -> list[AuditEntry]:
    """Return when it was hidden and shown, the latest first."""
    entries = AuditEntry.objects.filter(object_type="item", object_id=item.item_id, verb__in=(HIDING, SHOWING))
    return list(entries.order_by("-at", "-pk")[:CHANGES])


def _status(item: Item, changes: Sequence[AuditEntry]) -> dict[str, Any]:
    """Say if lists may hold it; where it is hidden, since when and by whom."""
    if item.is_available:
        now = timezone.now()
        is_early = item.available_from is not None and item.available_from > now
        is_late = item.available_until is not None and item.available_until <= now
        return {"is_hidden": False, "sentence": why_unavailable(item, now)[1] if is_early or is_late else ""}
    latest = changes[0] if changes and changes[0].verb == HIDING else None
    return {"is_hidden": True, "since": latest and latest.at, "by": latest and _actor(latest)}


def _actor(entry: AuditEntry) -> str:
    return audit.THE_SCHEDULE if entry.actor_kind == AuditEntry.Kind.SCHEDULE else entry.actor


def _rules(item: Item) -> Iterator[dict[str, Any]]:
    """Yield the live rules that name the item, and where they are."""
    now, filter_ = datetime.now(UTC), f'item_id == "{item.item_id}"'
    for placement in Placement.objects.select_related("live"):
        live = placement.live
        rules: Sequence[Rule] = ListSettings.stored(live.settings).rules if live else ()
        for rule in rules:
            if (rule.item == item.item_id or rule.filter == filter_) and not rule.has_ended(now):
                yield {"placement": placement, "rule": rule, "live": live}


def _tiles(item: Item, lately: Sequence[ItemDayTotals], earlier: Sequence[ItemDayTotals]) -> Iterator[Tile]:
    now, before, days = Totals.of(lately), Totals.of(earlier), _by_day(lately)
    shown, clicked = ([float(getattr(one, name)) for one in days.values()] for name in ("shown", "clicked"))
    yield tile("Shown", now.shown, before=before.shown or None, period=BEFORE, values=shown, note="in 28 days")
    yield tile("Clicked", now.clicked, before=before.clicked or None, period=BEFORE, values=clicked, note="in 28 days")
    rates = category_rates(item.categories)
    few = f"it was shown {pluralize(now.shown, 'time')}, too few to say: {ENOUGH} are needed."
    rate = click_rate(now.shown, now.clicked)
    yield tile("Click-through", rate, unit=Unit.SHARE, note=_against(rate, rates), empty=few)
    bought = CoPurchase.objects.filter(item_id=item.pk, other_id=item.pk).values_list("users", flat=True).first()
    yield tile("Bought", bought or 0, note=f"users, in all; {pluralize(now.converted, 'time')} after a list in 28 days")
    expected = expected_rating(item.pk)
    yield tile(
        "Rating",
        expected.value if expected else None,
        unit=Unit.NUMBER,
        note=f"of {expected.highest:g}, as {expected.model} expects of a typical user" if expected else "",
        empty="no model of the live release predicts ratings of it.",
    )
    rank = popularity_rank(item.pk)
    yield tile(
        "Popularity",
        rank.rank if rank else None,
        note=f"its rank among {rank.of:,} items, of the live release" if rank else "",
        empty="the live release has no popularity of it.",
    )


def _against(rate: float | None, rates: dict[str, float]) -> str:
    """Compare a click-through with that of its first category that can be told."""
    if not rates:
        return "of its category nothing can be said yet"
    name, its = next(iter(rates.items()))
    if rate is None or not its:
        return f"{name}: {write(its, Unit.SHARE)}"
    return f"{significant(rate / its, 2)} times its category {name}, {write(its, Unit.SHARE)}"


def _by_day(rows: Sequence[ItemDayTotals]) -> dict[date, Totals]:
    start = days_back(DAYS)
    found: dict[date, list[ItemDayTotals]] = {start + timedelta(number): [] for number in range(DAYS)}
    for row in rows:
        found.setdefault(row.day, []).append(row)
    return {day: Totals.of(its) for day, its in found.items()}


def _chart(rows: Sequence[ItemDayTotals], changes: Sequence[AuditEntry]) -> Chart:
    days = _by_day(rows)
    done = {HIDING: "hidden", SHOWING: "shown again"}
    return chart(
        "Clicked and shown",
        list(days),
        [Series("Clicked", [float(one.clicked) for one in days.values()])] if rows else [],
        bars=Series("Shown", [float(one.shown) for one in days.values()]) if rows else None,
        sentence="On lists, by day (UTC), in the last 28 days.",
        empty="No list showed it in the last 28 days, so there is nothing to draw.",
        marks=[Mark(one.at, f"{done[one.verb]} by {_actor(one)}") for one in changes],
    )


def _placements(rows: Sequence[ItemDayTotals]) -> list[tuple[str, Totals]]:
    found: dict[str, list[ItemDayTotals]] = {}
    for row in rows:
        found.setdefault(row.placement, []).append(row)
    totals = [(name, Totals.of(its)) for name, its in found.items()]
    return sorted(totals, key=lambda one: -one[1].shown)


def _users(item: Item) -> list[dict[str, Any]]:
    shown = shown_to(item.pk)
    pks = dict(EndUser.objects.filter(user_id__in=[one.user_id for one in shown]).values_list("user_id", "pk"))
    return [{"pk": pks.get(one.user_id), "shown": one} for one in shown]


def _neighbours(item: Item, is_known: bool) -> dict[str, Any]:
    """Return what is like it, what is taken with it, and what leads to it; no likeness that few users speak for."""
    pairs = candidates.bought_together(item.pk)
    back = sorted(pairs, key=lambda pair: (-pair.leads_back, -pair.support, pair.item))
    alike = [one for one in candidates.similar(item.pk, CARDS) if one.source not in NOT_LIKE]
    like = [one for one in alike if is_known or one.source == CONTENT]
    titles = _titles([*(one.item for one in like), *(pair.item for pair in pairs)])
    few = f"Fewer than {MIN_SUPPORT} users did anything with it, so a likeness would be chance."
    return {
        "no_likeness": few if not is_known else "The live model knows of nothing like it.",
        "no_pairs": f"No other item has {MIN_SUPPORT} users or sessions in common with it yet: fewer may be chance.",
        "similar": [
            {**titles[one.item], "words": f"{one.source}, likeness {significant(one.score)}"}
            for one in like
            if one.item in titles
        ],
        "from_it": [
            {**titles[pair.item], "words": _pair(pair, pair.confidence, "this one")}
            for pair in pairs[:CARDS]
            if pair.item in titles
        ],
        "to_it": [
            {**titles[pair.item], "words": _pair(pair, pair.leads_back, "it")}
            for pair in back[:CARDS]
            if pair.item in titles
        ],
    }


def _pair(pair: CoOccurrence, share: float, of: str) -> str:
    who = "users" if pair.basis == candidates.PURCHASES else "sessions"
    return f"{write(share, Unit.SHARE)} of the {who} with {of}, {pluralize(pair.support, who[:-1])} with both"


def _titles(pks: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return what is shown of the items that the catalogue still has."""
    catalogue = snapshot.current()
    rows = catalogue.rows(np.array(pks, np.int64)).tolist() if pks else []
    return {
        pk: {"title": catalogue.titles[row], "link": reverse("item-page", args=[pk]), "cover": cards.address_of(pk)}
        for pk, row in zip(pks, rows, strict=True)
        if row >= 0
    }


def _page(request: HttpRequest, found: Item, context: dict[str, Any]) -> HttpResponse:
    frame = {
        **admin.site.each_context(request),
        "title": str(found),
        "opts": found._meta,
        "original": found,
        "item": found,
        "cover": cards.address_of(found.pk),
        "nothing_live": candidates.live().number is None,
        "fault": candidates.fault(),
        "without_redis": redis.is_down(),
    }
    return TemplateResponse(request, "admin/recommender/item/page.html", frame | context)

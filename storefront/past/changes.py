"""Let staff change things as they do: describe placements, hide titles and show them again, publish rules."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from catalog import store
from catalog.models import Item
from recommender import merchandising
from recommender.merchandising.rules import AT_MOST, BOOST, Rule
from recommender.models import Placement
from storefront.past.timeline import ADMINISTRATOR, MERCHANDISER, staff

BY_CREATOR = Rule(
    AT_MOST, count=2, property="creator", first=10, note="No list of one author alone.", owner=MERCHANDISER
)
BOOSTED_BY = 2.0
CAMPAIGN_DAYS = 42


def describe(placement: str, description: str, at: datetime) -> None:
    """Have the administrator tell colleagues more of a placement."""
    if found := _found(placement):
        merchandising.describe(found, description, actor=staff(ADMINISTRATOR), at=at)


def hide(share: float, at: datetime) -> None:
    """Have the merchandiser hide a title: the one so far down the catalogue, from 0 to 1."""
    store.set_available(_title(share), False, actor=staff(MERCHANDISER), at=at)


def show_again(share: float, at: datetime) -> None:
    """Have the merchandiser show it again."""
    store.set_available(_title(share), True, actor=staff(MERCHANDISER), at=at)


def limit_creators(placement: str, at: datetime) -> None:
    """Have the merchandiser publish a first rule."""
    _publish(placement, BY_CREATOR, "Two titles of one author are enough for the first row.", at)


def boost_category(placement: str, at: datetime) -> None:
    """Have the merchandiser publish a second rule: a campaign for the category with most titles."""
    if category := largest_category():
        rule = Rule(
            BOOST,
            filter=f'category == "{category}"',
            factor=BOOSTED_BY,
            ends=(at + timedelta(days=CAMPAIGN_DAYS)).date().isoformat(),
            note=f"The campaign for {category}.",
            owner=MERCHANDISER,
        )
        _publish(placement, rule, f"The campaign for {category} begins.", at)


def largest_category(rank: int = 0) -> str:
    """Return the category with most titles, or one further down; empty where there is none that a filter can name."""
    named = Counter(name for its in Item.objects.values_list("categories", flat=True) for name in its)
    ordered = sorted((name for name in named if '"' not in name), key=lambda name: (-named[name], name))
    return ordered[min(rank, len(ordered) - 1)] if ordered else ""


def _publish(placement: str, rule: Rule, note: str, at: datetime) -> None:
    found = _found(placement)
    if found is None or found.live is None:
        return
    settings = merchandising.ListSettings.stored(found.live.settings)
    changed = replace(settings, rules=(*settings.rules, rule))
    merchandising.publish_settings(found, changed, note, actor=staff(MERCHANDISER), at=at)


def _found(placement: str) -> Placement | None:
    try:
        return merchandising.find(placement)
    except Placement.DoesNotExist:
        return None


def _title(share: float) -> QuerySet[Item]:
    place = int(share * Item.objects.count())
    return Item.objects.filter(pk__in=list(Item.objects.order_by("pk").values_list("pk", flat=True)[place : place + 1]))

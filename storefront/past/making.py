"""Make the past, day by day, up to this moment."""

from collections import deque
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from interactions.models import Interaction
from interactions.partitions import EVENTS
from recommender import registry
from recommender.engine.types import Progress, part, silent
from recommender.insight import drift, item_totals
from recommender.insight.impressions import ATTRIBUTIONS, LISTS
from recommender.models import DailyImpressions, Release
from recsite.platform.audit import Actor
from recsite.platform.exceptions import UserFacingError
from recsite.platform.humanize import pluralize
from recsite.platform.jobs import NothingToDo
from recsite.platform.months import Month
from recsite.platform.series.thinning import POINTS, thin
from storefront import shelves
from storefront.past.counting import count_everything
from storefront.past.days import Shop, live
from storefront.past.story import Story
from storefront.past.tastes import Tastes
from storefront.past.timeline import Span, Timeline

DAYS, SEED = 28, 1
MAKER = Actor.command("prepare_demo")
EVENING = 20
"""The hour (UTC) at which each day is compared with what the release was trained on."""

UNFINISHED = timedelta(minutes=5)
"""The last minutes are left to those who visit now."""

COUNTED_EVERY = 7
"""Days after which the roll-ups add up what was stored."""


class NoPast(UserFacingError):
    """Refuse to make a past where none may be made, or where the data tell nothing of days gone by."""


def span(days: int = DAYS, now: datetime | None = None) -> Span:
    """Return the days up to this moment, today's among them."""
    end = (now or timezone.now()) - UNFINISHED
    today = end.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(today - timedelta(days=days - 1), days, end)


def refuse_another(days: Span) -> None:
    """Refuse to make a past where there is one already. Raises NothingToDo, and NoPast where none can be made."""
    if settings.PRODUCTION:
        raise NoPast("ENVIRONMENT is production here, and a past is made up: make it where it isn't.")
    first = DailyImpressions.objects.order_by("day").values_list("day", flat=True).first()
    if first and first < days.now.date():
        raise NothingToDo(f"There is a past already: lists have been shown since {first:%Y-%m-%d}.")
    if not Interaction.objects.filter(occurred_at__lt=days.start, undated=False).exists():
        raise NoPast(f"There are no events of before {days.start:%Y-%m-%d}, so no release could be trained then.")


def make(tastes: Tastes, days: Span, progress: Progress = silent, seed: int = SEED) -> str:
    """Make the past of these days, and say in a sentence what was made. Raises what `refuse_another` does."""
    refuse_another(days)
    for table in (EVENTS, LISTS, ATTRIBUTIONS, POINTS):
        table.ensure_months({Month.of(days.start), Month.of(days.now)})
    shelves.make(MAKER, days.start)
    progress(0, "making the placements, and counting the events that there are")
    # Events of before any list are read first: none of them can have come of one.
    count_everything()
    shop = Shop.open(days, Timeline(), tastes, seed)
    _live_through(shop, Story(shop, seed), progress)
    # Charts read minutes of the last week and hours of before, in the past that is made as in any other.
    thin(days.now)
    return _said(shop)


def _live_through(shop: Shop, story: Story, progress: Progress) -> None:
    days, steps = shop.span, deque(story.steps())
    for number in range(days.days):
        day = days.day(number)
        share = part(progress, number / days.days, (number + 1) / days.days, f"{day:%-d %B}")
        story.progress = part(share, 0, 0.5, "training")
        while steps and steps[0][0] < days.day(number + 1):
            at, do = steps.popleft()
            do(at)
        share(0.5, "visitors look at lists and click")
        live(shop, number)
        _look_for_drift(shop, day + timedelta(hours=EVENING))
        if number % COUNTED_EVERY == 0:
            share(0.9, "adding up what was shown and clicked")
            count_everything()
    progress(1, "adding up the whole past")
    count_everything()
    item_totals.sum_up()
    story.end()
    _join_to_today(shop.timeline)


def _look_for_drift(shop: Shop, at: datetime) -> None:
    release = shop.timeline.release_at(at)
    if release and at < shop.span.now:
        drift.check(at, release)


def _join_to_today(timeline: Timeline) -> None:
    """Have the first release that was promoted here follow the last one of the past."""
    first = Release.objects.exclude(promoted_at=None).exclude(pk__in=[one.pk for _, one in timeline.releases])
    live_first = first.order_by("promoted_at").first()
    if live_first and timeline.releases:
        registry.note_what_came_before(live_first, timeline.releases[-1][1])


def _said(shop: Shop) -> str:
    made, sums = len({release.pk for _, release in shop.timeline.releases}), shop.sums
    return (
        f"{pluralize(shop.span.days, 'day')} were made: {sums.lists:,} lists were shown and {sums.clicks:,} items "
        f"clicked, {sums.events:,} events came of it, and {pluralize(made, 'release')} went live."
    )

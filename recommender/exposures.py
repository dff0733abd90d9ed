"""New items and how often they were tried: from Redis into the database."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog.models import Item
from recommender import cache
from recommender.models import Exposure
from recsite.platform import epochs
from recsite.platform.exceptions import Unavailable
from recsite.platform.redis import RedisDown


def count() -> int:
    """Stores what was noted since the last time; how many showings it was. Raises Unavailable without Redis."""
    try:
        shown = cache.take_exposures()
        if shown:
            _store(shown)
        cache.exposures_counted()
    except RedisDown as down:
        raise Unavailable("Redis doesn't answer; showings are counted when it is back.") from down
    return sum(shown.values())


def _store(shown: dict[int, int]) -> None:
    """Of items that were erased meanwhile nothing is kept."""
    with transaction.atomic():
        there = Item.objects.filter(pk__in=shown).order_by("pk").values_list("pk", flat=True)
        day = timezone.localdate()
        for item in there:
            updated = Exposure.objects.filter(item=item, day=day).update(shown=F("shown") + shown[item])
            if not updated:
                Exposure.objects.create(item_id=item, day=day, shown=shown[item])
        epochs.bump(cache.EXPOSURES_EPOCH)

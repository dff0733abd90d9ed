"""Follow the alerts: when each begins and when it ends, as the one scheduled task sees it.

`HeldAlert` says since when alerts hold, whoever looks. Episodes are written by one task alone, so that machines which
see different disks don't begin and end the same alert in turn.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from recsite.platform.alerts import Alert
from recsite.platform.telling.models import AlertEpisode


def follow(found: Iterable[Alert], now: datetime) -> None:
    """Begin an episode for each alert that is new, and end those of alerts that hold no longer."""
    holds = {alert.key: alert for alert in found}
    with transaction.atomic():
        known = {row.key: row for row in AlertEpisode.objects.select_for_update().filter(ended_at=None)}
        AlertEpisode.objects.filter(pk__in=[row.pk for key, row in known.items() if key not in holds]).update(
            ended_at=now
        )
        new = [_episode(alert, now) for key, alert in holds.items() if key not in known]
        AlertEpisode.objects.bulk_create(new, ignore_conflicts=True)
        for key, row in known.items():
            if key in holds and row.sentence != holds[key].sentence:
                AlertEpisode.objects.filter(pk=row.pk).update(sentence=holds[key].sentence)


def prune(now: datetime) -> int:
    """Delete episodes that ended more than ALERT_HISTORY_DAYS ago, with what was told of them."""
    old = now - timedelta(days=settings.ALERT_HISTORY_DAYS)
    return AlertEpisode.objects.filter(ended_at__lt=old).delete()[0]


def _episode(alert: Alert, now: datetime) -> AlertEpisode:
    return AlertEpisode(
        key=alert.key,
        kind=alert.key.partition(":")[0],
        severity=alert.severity,
        sentence=alert.sentence,
        link=alert.link,
        began_at=min(alert.since, now),
        noticed_at=now,
    )

"""Put a message for each who is to be told that an alert began or ended: once, by a constraint of the table."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from recsite.platform.telling import silences
from recsite.platform.telling.models import AlertEpisode, AlertMessage, AlertSubscription
from recsite.platform.thresholds import TELLING, THRESHOLDS
from recsite.platform.webhooks import outbox

Event, Pace, Announced = AlertMessage.Event, AlertSubscription.Pace, AlertEpisode.Announced
DAILY_HOUR = 7
"""The hour (UTC) of daily mails."""

EVENTS = {Event.BEGAN: "alert.began", Event.ENDED: "alert.ended"}
"""What webhooks call it."""


def put(now: datetime) -> None:
    """Put what is to be told, in one transaction.

    A beginning is told to every subscription that wants its kind once the alert has held for ALERT_TELL_AFTER_SECS and
    nobody silences it: also to one that was made while it holds. An end is told to whoever was told of the beginning.
    """
    with transaction.atomic():
        silent = silences.silenced(now)
        seen_by = now - timedelta(seconds=settings.ALERT_TELL_AFTER_SECS)
        holding = AlertEpisode.objects.filter(ended_at=None, noticed_at__lte=seen_by).order_by("began_at", "pk")
        loud = [one for one in holding if not silences.of_kind(one.kind, silent)]
        begun, ended = list(_beginnings(loud, now)), list(_ends(now))
        AlertMessage.objects.bulk_create([*begun, *ended], ignore_conflicts=True)
        _announce(loud)


def data(episode: AlertEpisode) -> dict[str, object]:
    """Return what webhooks are told of an alert."""
    about = THRESHOLDS.get(episode.kind)
    return {
        "key": episode.key,
        "kind": episode.kind,
        "name": episode.name,
        "severity": episode.severity,
        "sentence": episode.sentence,
        "means": about.means if about else "",
        "do": about.do if about else "",
        "link": f"{settings.PUBLIC_URL}{episode.link}",
        "began_at": episode.began_at,
        "ended_at": episode.ended_at,
    }


def due_at(pace: str, now: datetime) -> datetime:
    """Return when a message that is put now is sent: a digest goes out at the next full hour, or at 07:00."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    if pace == Pace.HOURLY:
        return hour + timedelta(hours=1)
    if pace == Pace.DAILY:
        today = hour.replace(hour=DAILY_HOUR)
        return today if today > now else today + timedelta(days=1)
    return now


def _beginnings(loud: list[AlertEpisode], now: datetime) -> Iterator[AlertMessage]:
    told = set(AlertMessage.objects.filter(episode__in=loud).values_list("subscription_id", "episode_id"))
    for subscription in AlertSubscription.objects.filter(is_on=True):
        for episode in loud:
            # That mails can't be sent is nothing to be told by mail.
            in_vain = episode.kind == TELLING.key and subscription.email
            if subscription.wants(episode.kind) and (subscription.pk, episode.pk) not in told and not in_vain:
                due = due_at(subscription.pace, now)
                yield AlertMessage(subscription=subscription, episode=episode, event=Event.BEGAN, due_at=due)


def _ends(now: datetime) -> Iterator[AlertMessage]:
    same = {"subscription": OuterRef("subscription"), "episode": OuterRef("episode"), "event": Event.ENDED}
    begun = AlertMessage.objects.filter(event=Event.BEGAN, episode__ended_at__isnull=False, subscription__is_on=True)
    open_ended = begun.exclude(Exists(AlertMessage.objects.filter(**same))).select_related("subscription", "episode")
    for one in open_ended:
        due = due_at(one.subscription.pace, now)
        yield AlertMessage(subscription=one.subscription, episode=one.episode, event=Event.ENDED, due_at=due)


def _announce(loud: list[AlertEpisode]) -> None:
    """Publish to webhooks that ticked these events; which of them were told stands on the episode."""
    over = AlertEpisode.objects.filter(announced=Announced.BEGAN, ended_at__isnull=False)
    new = [one for one in loud if one.announced == Announced.NOTHING]
    for episodes, event in ((new, Event.BEGAN), (list(over), Event.ENDED)):
        for one in episodes:
            outbox.publish(EVENTS[event], data(one))
        AlertEpisode.objects.filter(pk__in=[one.pk for one in episodes]).update(announced=event)

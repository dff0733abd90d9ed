"""Send what is due: one mail for all that a subscription is told at a time, one webhook message for each.

A mail is sent before it is written down as sent, so a task that is killed in between sends it again, and none is lost.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from recsite.platform.exceptions import UserFacingError
from recsite.platform.telling import messages, words
from recsite.platform.telling.models import AlertMessage, AlertSubscription
from recsite.platform.webhooks import outbox

logger = logging.getLogger(__name__)
PAUSES = (60, 300, 900, 1_800)
"""Seconds before the next attempts, the last one again and again."""

LONGEST_ERROR = 300
NO_SERVER = "No mail server is set: EMAIL_HOST names one."


class CannotTell(UserFacingError):
    """Say why a mail can't be sent."""


def send(now: datetime) -> int:
    """Send what is due, and return to how many subscriptions. What fails waits for its next attempt."""
    due = AlertMessage.objects.filter(sent_at=None, due_at__lte=now, subscription__is_on=True)
    by_subscription = defaultdict[AlertSubscription, list[AlertMessage]](list)
    for one in due.select_related("subscription__webhook", "episode").order_by("episode__began_at", "pk"):
        by_subscription[one.subscription].append(one)
    return sum(_send(subscription, waiting) for subscription, waiting in by_subscription.items())


def send_test(subscription: AlertSubscription) -> None:
    """Send one mail, so that whoever made a subscription knows that it arrives. Raises CannotTell."""
    _mail(subscription.email, *words.test())


def _send(subscription: AlertSubscription, waiting: Sequence[AlertMessage]) -> bool:
    if not subscription.email:
        _hand_to_webhook(subscription, waiting)
        return True
    try:
        _mail(subscription.email, *words.mail(waiting))
    except CannotTell as fault:
        _put_off(waiting, str(fault))
        return False
    _note_sent(waiting)
    return True


def _hand_to_webhook(subscription: AlertSubscription, waiting: Sequence[AlertMessage]) -> None:
    """Put the messages into the outbox of webhooks, which sends them for a day, and note it in the same transaction."""
    endpoint = subscription.webhook
    with transaction.atomic():
        for one in waiting:
            event = messages.EVENTS[AlertMessage.Event(one.event)]
            # One that ticked all such events has been told already.
            if endpoint and event not in endpoint.events:
                outbox.put(event, messages.data(one.episode), [endpoint.pk])
        _note_sent(waiting)


def _mail(address: str, subject: str, body: str) -> None:
    if not settings.MAIL_IS_SENT:
        raise CannotTell(NO_SERVER)
    try:
        EmailMessage(subject, body, to=[address]).send()
    except (OSError, SMTPException) as fault:
        logger.warning("A mail about alerts could not be sent: %s", fault)
        raise CannotTell(_said(fault)) from fault


def _note_sent(sent: Sequence[AlertMessage]) -> None:
    AlertMessage.objects.filter(pk__in=[one.pk for one in sent]).update(sent_at=timezone.now(), error="")


def _put_off(waiting: Sequence[AlertMessage], error: str) -> None:
    tries = max(one.tries for one in waiting)
    pause = timedelta(seconds=PAUSES[min(tries, len(PAUSES) - 1)])
    # All together: what waits for one address goes into one mail, in the order in which it happened.
    AlertMessage.objects.filter(pk__in=[one.pk for one in waiting]).update(
        tries=F("tries") + 1, error=error[:LONGEST_ERROR], due_at=timezone.now() + pause
    )


def _said(fault: Exception) -> str:
    if isinstance(fault, SMTPException):
        return f"The mail server refused it: {fault}"
    return f"The mail server {settings.EMAIL_HOST} can't be reached: {getattr(fault, 'strerror', None) or fault}."

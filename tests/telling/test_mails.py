"""People are told of an alert by mail: once when it begins, once when it ends, and never lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from recsite.alerts import LOOKS
from recsite.platform.models import AlertEpisode, AlertMessage, AlertSubscription
from recsite.platform.telling import messages, sending
from recsite.platform.thresholds import TELLING
from tests.telling.conftest import alert, queue, tell

ADDRESS = "ops@shop.example"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def subscribe(email: str = ADDRESS, **more: Any) -> AlertSubscription:
    return AlertSubscription.objects.create(email=email, **more)


def sent() -> list[EmailMessage]:
    """The mails since the last question."""
    found: list[EmailMessage] = [*mail.outbox]
    mail.outbox.clear()
    return found


def make_due() -> None:
    AlertMessage.objects.filter(sent_at=None).update(due_at=timezone.now())


def test_once_when_it_begins_and_once_when_it_ends(settings: Any) -> None:
    settings.PUBLIC_URL = "https://recs.example"
    subscribe()
    tell(alert())
    (began,) = sent()
    assert began.to == [ADDRESS]
    assert began.subject == "[recsite development] Redis: Redis can't be reached."
    for words in ("BEGAN", "Check that Redis runs and that REDIS_URL names it.", "https://recs.example/admin/health/"):
        assert words in began.body
    tell(alert())
    tell(alert(sentence="Redis still can't be reached."))
    assert sent() == []
    tell()
    (ended,) = sent()
    assert ended.subject == "[recsite development] Ended: Redis"
    assert "Redis still can't be reached.\nIt ended at" in ended.body
    assert "after 5 min" in ended.body
    tell()
    assert sent() == []


def test_one_that_comes_back_is_told_again() -> None:
    subscribe()
    for found in ([alert()], [], [alert()]):
        tell(*found)
    assert len(sent()) == 3
    assert AlertEpisode.objects.count() == 2


def test_what_begins_together_is_one_mail_and_each_queue_an_alert_of_its_own() -> None:
    subscribe()
    tell(alert(), queue("default"), queue("training"))
    (found,) = sent()
    assert found.subject == "[recsite development] Alerts: 3 began"
    tell(alert(), queue("training"))
    (found,) = sent()
    assert "Queue: 1,200 tasks wait in the queue default." in found.body
    assert "training" not in found.body


def test_each_is_told_of_the_kinds_that_they_want() -> None:
    subscribe(kinds=["queue-depth"])
    subscribe("all@shop.example")
    subscribe("off@shop.example", is_on=False)
    tell(alert())
    assert [one.to for one in sent()] == [["all@shop.example"]]


def test_what_is_over_within_a_minute_is_told_to_nobody(settings: Any) -> None:
    settings.ALERT_TELL_AFTER_SECS = 60
    subscribe()
    tell(alert())
    tell()
    assert sent() == []
    tell(alert())
    AlertEpisode.objects.filter(ended_at=None).update(noticed_at=timezone.now() - timedelta(seconds=61))
    tell(alert())
    assert len(sent()) == 1


def test_who_subscribes_while_an_alert_stands_is_told_of_it() -> None:
    tell(alert())
    subscribe()
    tell(alert())
    assert len(sent()) == 1


@pytest.mark.parametrize(
    ("pace", "due"),
    [("at once", (10, 12, 40)), ("hourly", (10, 13, 0)), ("daily", (11, 7, 0))],
)
def test_a_digest_goes_out_at_the_full_hour_or_in_the_morning(pace: str, due: tuple[int, int, int]) -> None:
    at = datetime(2026, 5, 10, 12, 40, tzinfo=UTC)
    assert messages.due_at(pace, at) == datetime(2026, 5, *due, tzinfo=UTC)


def test_a_digest_is_one_mail_of_all_that_was() -> None:
    subscribe(pace="hourly")
    for held in ([alert()], [], [queue()]):
        tell(*held)
    assert sent() == []
    make_due()
    tell(queue())
    (found,) = sent()
    assert found.subject == "[recsite development] Alerts: 2 began, 1 ended"


def test_a_mail_server_that_is_away_loses_nothing(settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 1
    subscribe()
    assert tell(alert()) == 0
    row = AlertMessage.objects.get()
    assert row.error == "The mail server 127.0.0.1 can't be reached: Connection refused."
    assert row.due_at > timezone.now()
    tell(alert())
    assert AlertMessage.objects.get().tries == 1, "It waits before the next attempt."
    tell()
    (finding,) = LOOKS["Mails about alerts"]()
    assert finding.sentence == f"2 messages about alerts can't be sent. {row.error}"
    assert ADDRESS not in finding.sentence
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    make_due()
    tell()
    (found,) = sent()
    assert found.subject == "[recsite development] Alerts: 1 began, 1 ended"
    assert list(LOOKS["Mails about alerts"]()) == []


def test_pauses_grow_up_to_half_an_hour() -> None:
    assert sending.PAUSES[-1] == max(sending.PAUSES) == 1_800


def test_where_no_mail_server_is_set_the_message_waits_and_says_so(settings: Any) -> None:
    settings.MAIL_IS_SENT = False
    subscribe()
    tell(alert())
    assert AlertMessage.objects.get().error == "No mail server is set: EMAIL_HOST names one."
    assert sent() == []


def test_that_mails_fail_is_not_told_by_mail() -> None:
    subscribe()
    tell(alert(TELLING, sentence="1 message can't be sent."))
    assert sent() == []


def test_old_episodes_are_deleted_with_what_was_told(settings: Any) -> None:
    subscribe()
    tell(alert())
    tell()
    AlertEpisode.objects.update(ended_at=timezone.now() - timedelta(days=settings.ALERT_HISTORY_DAYS + 1))
    tell()
    assert not AlertEpisode.objects.exists()
    assert not AlertMessage.objects.exists()


def test_a_subject_is_one_short_line() -> None:
    subscribe()
    tell(alert(sentence="Redis\ncan't be " + "reached " * 40))
    (found,) = sent()
    assert "\n" not in found.subject
    assert len(found.subject) == 120

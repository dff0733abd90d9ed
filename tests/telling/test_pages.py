"""Alerts: what stands, what is silenced, who is told, and what was told lately; staff choose it there."""

import re
from typing import Any

import pytest
from django.core import mail

from recsite.platform import alerts
from recsite.platform.models import AlertMessage, AlertSilence, AlertSubscription, AuditEntry
from recsite.roles import OPERATOR, VIEWER
from tests.admin.staff import Staff, member
from tests.telling.conftest import alert, queue, tell

PAGE = "/admin/health/alerts/"
SUBSCRIPTIONS = "/admin/platform/alertsubscription/"
SILENCES = "/admin/platform/alertsilence/"
ADDRESS = "ops@shop.example"


@pytest.fixture
def operator(told_at_once: None) -> Staff:
    return member(OPERATOR)


@pytest.fixture
def redis_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "now", lambda: [alert()])


def test_before_anything_happened_the_page_says_what_is_to_do(operator: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "now", list)
    page = operator.page(PAGE)
    for words in ("Nothing stands", "Nobody is told of alerts yet", "Tell somebody", "No alert has held"):
        assert words in page, words


def test_an_address_is_added_and_told(operator: Staff, redis_is_away: None) -> None:
    fields: dict[str, Any] = {"email": ADDRESS, "kinds": ["redis", "queue-depth"], "pace": "at once", "is_on": "on"}
    operator.follow(operator.post(f"{SUBSCRIPTIONS}add/", **fields))
    row = AlertSubscription.objects.get()
    assert (row.email, row.kinds, row.pace, row.is_on) == (ADDRESS, ["redis", "queue-depth"], "at once", True)
    tell(alert(), queue())
    page = operator.page(PAGE)
    for words in (f"{ADDRESS} on Redis, Queue", "Redis down Redis can't be reached.", "Redis can't be reached. Since"):
        assert words in page, words
    entry = AuditEntry.objects.get(verb="alert_subscription.create")
    assert ADDRESS not in str(entry.after)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"pace": "at once"}, "Give an e-mail address or a webhook: one of them is told."),
        ({"email": "nobody", "pace": "at once"}, "Enter a valid email address."),
    ],
)
def test_what_is_missing_is_said(operator: Staff, fields: dict[str, Any], sentence: str) -> None:
    answer = operator.post(f"{SUBSCRIPTIONS}add/", **fields)
    assert sentence in answer.content.decode()
    assert not AlertSubscription.objects.exists()


def test_a_test_is_sent_at_once_or_says_why_not(operator: Staff, settings: Any) -> None:
    row = AlertSubscription.objects.create(email=ADDRESS)
    address = f"{SUBSCRIPTIONS}{row.pk}/send_test/"
    assert f"A test was sent to {ADDRESS}." in operator.follow(operator.act(address))
    assert [one.to for one in mail.outbox] == [[ADDRESS]]
    settings.MAIL_IS_SENT = False
    assert "No mail server is set: EMAIL_HOST names one." in operator.follow(operator.act(address))


def test_a_failing_mail_server_is_said(operator: Staff, settings: Any) -> None:
    settings.MAIL_IS_SENT = False
    AlertSubscription.objects.create(email=ADDRESS)
    tell(alert())
    page = operator.page(PAGE)
    assert f"{ADDRESS} failing" in page
    assert "1 message waits. No mail server is set: EMAIL_HOST names one." in page


def test_an_alert_is_silenced_from_the_page_and_the_silence_ended(operator: Staff, redis_is_away: None) -> None:
    assert f'href="{SILENCES}add/?kind=redis"' in operator.get(PAGE).content.decode()
    assert '<option value="redis" selected' in operator.get(f"{SILENCES}add/", kind="redis").content.decode()
    done = operator.post(f"{SILENCES}add/", kind="redis", hours="4", reason="It is being moved.")
    page = operator.follow(done)
    assert re.search(r"Silenced Redis ends 3 hours.*? operator: It is being moved\.", page)
    assert f"by {operator.user.username}: It is being moved. Look" in page
    row = AlertSilence.objects.get()
    assert "It is being moved." in operator.page(f"{SILENCES}{row.pk}/change/")
    assert "Silenced" not in operator.follow(operator.act(f"{SILENCES}{row.pk}/end/")).partition("What stands")[2]


def test_who_only_looks_sees_what_stands_and_no_address(told_at_once: None, redis_is_away: None) -> None:
    AlertSubscription.objects.create(email=ADDRESS)
    viewer = member(VIEWER)
    page = viewer.page(PAGE)
    assert "Redis can't be reached." in page
    assert ADDRESS not in page
    assert "Silence:" not in page
    assert viewer.get(SUBSCRIPTIONS).status_code == 403
    assert viewer.get(f"{SILENCES}add/").status_code == 403


def test_what_the_page_costs_does_not_grow(operator: Staff, django_assert_num_queries: Any) -> None:
    AlertSubscription.objects.bulk_create(AlertSubscription(email=f"{number}@shop.example") for number in range(5))
    tell(alert(), queue("default"), queue())
    assert AlertMessage.objects.count() == 15
    operator.get(PAGE)
    with django_assert_num_queries(8):
        operator.get(PAGE)

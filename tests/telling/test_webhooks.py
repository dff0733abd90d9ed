"""Other systems are told of alerts by signed messages: those that ticked it of all, others of the kinds chosen here."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from recsite.platform.audit import Actor
from recsite.platform.models import AlertMessage, AlertSubscription, WebhookEndpoint
from recsite.platform.webhooks import delivering, endpoints
from recsite.platform.webhooks.endpoints import EndpointSettings
from tests.telling.conftest import alert, queue, tell
from tests.webhooks.conftest import shop as shop
from tests.webhooks.receiver import Receiver

CLERK = Actor.command("tests")


def endpoint(shop: Receiver, *events: str) -> WebhookEndpoint:
    return endpoints.create(EndpointSettings(shop.url, events), actor=CLERK)


def arrived(shop: Receiver, row: WebhookEndpoint) -> list[Any]:
    delivering.deliver(row.pk)
    said = [json.loads(message.body) for message in shop.messages]
    shop.messages.clear()
    return said


def test_who_ticked_it_is_told_of_every_alert_once(shop: Receiver, settings: Any) -> None:
    row = endpoint(shop, "alert.began", "alert.ended")
    AlertSubscription.objects.create(webhook=row)
    for found in ([alert()], [alert()], [], []):
        tell(*found)
    began, ended = arrived(shop, row)
    assert (began["type"], ended["type"]) == ("alert.began", "alert.ended")
    assert began["data"]["sentence"] == "Redis can't be reached."
    assert began["data"]["ended_at"] is None
    assert ended["data"]["ended_at"] is not None
    for one in (began, ended):
        schema = settings.WEBHOOK_EVENTS[one["type"]].schema()
        assert list(Draft202012Validator(schema | {"additionalProperties": False}).iter_errors(one["data"])) == []


def test_others_are_told_of_the_kinds_chosen_for_them(shop: Receiver) -> None:
    row = endpoint(shop, "job.failed")
    AlertSubscription.objects.create(webhook=row, kinds=["queue-depth"])
    for found in ([alert(), queue()], []):
        tell(*found)
    assert [one["data"]["key"] for one in arrived(shop, row)] == ["queue-depth:training"] * 2


def test_one_that_is_paused_gets_it_once_it_goes_on(shop: Receiver) -> None:
    row = endpoint(shop, "job.failed")
    AlertSubscription.objects.create(webhook=row)
    WebhookEndpoint.objects.update(state="paused")
    tell(alert())
    assert arrived(shop, row) == []
    WebhookEndpoint.objects.update(state="active")
    assert len(arrived(shop, row)) == 1


def test_what_is_rolled_back_was_told_to_nobody(shop: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    row = endpoint(shop, "job.failed")
    AlertSubscription.objects.create(webhook=row)
    with monkeypatch.context() as broken:
        broken.setattr("recsite.platform.telling.sending._note_sent", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tell(alert())
    assert AlertMessage.objects.filter(sent_at=None).count() == 1
    tell(alert())
    assert len(arrived(shop, row)) == 1

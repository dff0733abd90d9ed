"""Messages arrive, signed, at a real server; what fails is tried again, and an endpoint that stays dead is paused."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from recsite.platform import redis, tasks
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry, WebhookDelivery, WebhookEndpoint
from recsite.platform.webhooks import delivering, endpoints, outbox
from tests.webhooks.receiver import Receiver, trickler

pytestmark = pytest.mark.django_db
CLERK = Actor.command("tests")
PROMOTED = {"release": 8, "replaced": None, "versions": {"svd": 40}}


def publish() -> WebhookDelivery:
    outbox.publish("model.promoted", PROMOTED)
    return WebhookDelivery.objects.latest("pk")


def deliver(endpoint: WebhookEndpoint) -> WebhookDelivery:
    delivering.deliver(endpoint.pk)
    return WebhookDelivery.objects.filter(endpoint=endpoint).latest("pk")


def now_due() -> None:
    WebhookDelivery.objects.filter(state="pending").update(next_try_at=timezone.now())


def test_a_message_arrives_and_its_signature_holds(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    publish()
    delivery = deliver(endpoint)
    (message,) = shop.messages
    said = Webhook(endpoint.secret).verify(message.body, message.headers)
    assert (said["type"], said["data"]) == ("model.promoted", PROMOTED)
    assert message.path == "/hooks?shop=1"
    assert message.headers["host"] == f"127.0.0.1:{shop.port}"
    assert message.headers["content-type"] == "application/json"
    assert message.headers["webhook-id"] == delivery.message_id
    assert (delivery.state, delivery.status, delivery.attempts, delivery.next_try_at) == ("delivered", 204, 1, None)
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(message.body + b" ", message.headers)


def test_only_what_an_endpoint_chose_is_sent_to_it(endpoint: WebhookEndpoint) -> None:
    outbox.publish("import.finished", {})
    outbox.on_announced("model.trained", {})
    assert not WebhookDelivery.objects.exists()
    outbox.on_announced("model.promoted", PROMOTED)
    assert WebhookDelivery.objects.count() == 1


def test_what_is_taken_back_is_never_sent(endpoint: WebhookEndpoint) -> None:
    with suppress(RuntimeError), transaction.atomic():
        publish()
        raise RuntimeError("taken back")
    assert delivering.due() == []


def test_what_fails_is_tried_again_with_the_same_id_until_it_arrives(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    shop.statuses, shop.body = [500, 503, 200], b"out of \x00 order"
    publish()
    for number in (1, 2):
        delivery = deliver(endpoint)
        assert (delivery.state, delivery.attempts) == ("pending", number)
        assert delivery.next_try_at
        pause = delivery.next_try_at - timezone.now()
        most = delivering.DELAYS[number - 1]
        assert most * 0.7 < pause <= most
        assert delivering.deliver(endpoint.pk) == 0
        now_due()
    delivery = deliver(endpoint)
    assert (delivery.state, delivery.status) == ("delivered", 200)
    assert len({message.headers["webhook-id"] for message in shop.messages}) == 1
    assert [(one["attempt"], one["status"], one["error"]) for one in delivery.log] == [
        (1, 500, "It answered 500."),
        (2, 503, "It answered 503."),
        (3, 200, ""),
    ]
    assert delivery.log[0]["response"] == "out of \ufffd order"


def test_after_a_day_of_attempts_a_message_is_given_up(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    assert timedelta(hours=23) < sum(delivering.DELAYS, timedelta()) < timedelta(hours=24)
    shop.statuses = [500]
    publish()
    WebhookDelivery.objects.update(tries=len(delivering.DELAYS))
    delivery = deliver(endpoint)
    assert (delivery.state, delivery.next_try_at) == ("failed", None)


def test_a_message_that_fails_holds_up_no_other(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    shop.statuses = [500, 500, 200]
    first, second, third = publish(), publish(), publish()
    assert delivering.deliver(endpoint.pk) == 3
    rows = [WebhookDelivery.objects.get(pk=one.pk) for one in (first, second, third)]
    assert [(row.attempts, row.state) for row in rows] == [(1, "pending"), (1, "pending"), (1, "delivered")]


def test_each_message_is_tried_again_when_its_own_time_has_come(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    shop.statuses = [500]
    old = publish()
    WebhookDelivery.objects.update(tries=3, attempts=3)
    deliver(endpoint)
    new = publish()
    assert delivering.due() == [endpoint.pk]
    assert delivering.deliver(endpoint.pk) == 1
    new.refresh_from_db()
    assert (new.attempts, WebhookDelivery.objects.get(pk=old.pk).attempts) == (1, 4)
    assert delivering.due() == []
    for attempt in (2, 3):
        WebhookDelivery.objects.filter(pk=new.pk).update(next_try_at=timezone.now())
        assert delivering.due() == [endpoint.pk]
        assert delivering.deliver(endpoint.pk) == 1
        new.refresh_from_db()
        assert new.attempts == attempt


def test_what_has_waited_longest_goes_first(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    failing, waiting = publish(), publish()
    WebhookDelivery.objects.filter(pk=failing.pk).update(next_try_at=timezone.now(), tries=4)
    WebhookDelivery.objects.filter(pk=waiting.pk).update(next_try_at=timezone.now() - timedelta(seconds=5))
    delivering.deliver(endpoint.pk)
    assert [one.headers["webhook-id"] for one in shop.messages] == [waiting.message_id, failing.message_id]


def test_an_endpoint_that_takes_long_to_fail_rests(
    endpoint: WebhookEndpoint, shop: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.statuses = [500]
    first, second = publish(), publish()
    monkeypatch.setattr(delivering, "PATIENCE_SECS", 0)
    assert delivering.deliver(endpoint.pk) == 1
    assert WebhookDelivery.objects.get(pk=first.pk).attempts == 1
    assert WebhookDelivery.objects.get(pk=second.pk).attempts == 0
    assert (delivering.due(), delivering.deliver(endpoint.pk)) == ([], 0)
    endpoints.send_test(endpoint, actor=CLERK)
    assert delivering.deliver(endpoint.pk) == 1
    WebhookEndpoint.objects.update(rests_until=timezone.now())
    assert delivering.due() == [endpoint.pk]


def test_an_endpoint_that_stays_dead_is_paused_and_gets_all_when_it_is_active_again(
    endpoint: WebhookEndpoint, shop: Receiver
) -> None:
    shop.statuses = [500]
    publish()
    deliver(endpoint)
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(hours=25), rests_until=None)
    now_due()
    deliver(endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.paused_because) == (
        "paused",
        "Nothing has arrived there for a day. It answered 500.",
    )
    entry = AuditEntry.objects.get(verb="webhook.pause")
    assert (entry.actor_kind, entry.object_id) == ("system", str(endpoint.pk))
    now_due()
    assert delivering.due() == []
    assert delivering.deliver(endpoint.pk) == 0
    outbox.publish("model.promoted", PROMOTED)
    assert WebhookDelivery.objects.count() == 1
    shop.statuses = [200]
    endpoint.state = "active"
    endpoints.change(endpoint, actor=CLERK)
    assert deliver(endpoint).state == "delivered"
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.failing_since, endpoint.paused_because) == ("active", None, "")


def test_an_endpoint_that_is_gone_is_paused_at_once(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    shop.statuses = [410]
    publish()
    assert deliver(endpoint).state == "failed"
    endpoint.refresh_from_db()
    assert endpoint.state == "paused"


def test_redirects_are_not_followed(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    shop.statuses, shop.headers = [302], {"Location": shop.url}
    publish()
    delivery = deliver(endpoint)
    assert len(shop.messages) == 1
    assert delivery.error == "It redirects, which is not followed: give the address that it leads to."


def test_little_of_an_answer_is_read_and_kept(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    shop.statuses, shop.body = [200], b"x" * 1_000_000
    publish()
    assert len(deliver(endpoint).response) == 1_000


def test_one_who_trickles_is_cut_off(endpoint: WebhookEndpoint, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECS = 1
    publish()
    with trickler() as port:
        WebhookEndpoint.objects.update(url=f"http://127.0.0.1:{port}/")
        delivery = deliver(endpoint)
    assert (delivery.state, delivery.error) == ("pending", "It didn't answer in time: 1 s.")


def test_where_nobody_listens_that_is_said(endpoint: WebhookEndpoint) -> None:
    publish()
    WebhookEndpoint.objects.update(url="http://127.0.0.1:1/")
    assert deliver(endpoint).error == "It can't be reached: Connection refused."


def test_during_a_rotation_both_secrets_hold(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    former = endpoint.secret
    now = endpoints.rotate(endpoint, actor=CLERK).secret
    assert former != now
    publish()
    deliver(endpoint)
    WebhookEndpoint.objects.update(former_secret_ends_at=timezone.now())
    publish()
    deliver(endpoint)
    during, after = shop.messages
    for secret in (former, now):
        Webhook(secret).verify(during.body, during.headers)
    Webhook(now).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(former).verify(after.body, after.headers)


def test_a_test_reaches_a_paused_endpoint_and_is_tried_once(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    WebhookEndpoint.objects.update(state="paused")
    endpoints.send_test(endpoint, actor=CLERK)
    assert delivering.due() == [endpoint.pk]
    assert deliver(endpoint).state == "delivered"
    assert json.loads(shop.messages[0].body)["type"] == "webhook.test"
    shop.statuses = [500]
    endpoints.send_test(endpoint, actor=CLERK)
    assert deliver(endpoint).state == "failed"
    assert AuditEntry.objects.filter(verb="webhook.test").count() == 2


def test_a_message_is_sent_again_with_its_id(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    publish()
    delivery = deliver(endpoint)
    endpoints.redeliver(delivery, actor=CLERK)
    again = deliver(endpoint)
    assert (again.pk, again.state, again.attempts) == (delivery.pk, "delivered", 2)
    first, second = shop.messages
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_the_schedule_has_every_endpoint_delivered(endpoint: WebhookEndpoint, shop: Receiver) -> None:
    redis.roundtrip(("FLUSHDB",))
    publish()
    tasks.send_webhooks()
    assert redis.call(lambda client: client.llen("default")) == 1
    tasks.deliver_webhooks(endpoint.pk)
    tasks.deliver_webhooks(0)
    assert len(shop.messages) == 1


def test_the_log_is_kept_for_some_days(endpoint: WebhookEndpoint, settings: Any) -> None:
    publish()
    assert delivering.prune() == 0
    WebhookDelivery.objects.update(created_at=timezone.now() - timedelta(days=31))
    settings.WEBHOOK_RETENTION_DAYS = 40
    assert delivering.prune() == 0
    settings.WEBHOOK_RETENTION_DAYS = 30
    assert delivering.prune() == 1

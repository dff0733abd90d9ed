"""Staff make webhooks in the admin, try them, and see what was sent."""

from typing import Any

import pytest

from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry, WebhookDelivery, WebhookEndpoint
from recsite.platform.webhooks import delivering, endpoints, outbox
from tests.admin.staff import Staff, waiting
from tests.recommender.fixtures import start_afresh
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db
WEBHOOKS = "/admin/platform/webhookendpoint/"
DELIVERIES = "/admin/platform/webhookdelivery/"


@pytest.fixture
def admin(db: None) -> Staff:
    start_afresh()
    return Staff("admin", is_superuser=True)


def test_a_webhook_is_made_and_its_secret_shown_once(admin: Staff) -> None:
    answer = admin.post(f"{WEBHOOKS}add/", url="https://shop.example/hooks", events=["job.failed", "model.failed"])
    page = admin.follow(answer)
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.secret in page
    assert endpoint.events == ["model.failed", "job.failed"]
    for path in (WEBHOOKS, f"{WEBHOOKS}{endpoint.pk}/change/", f"{WEBHOOKS}{endpoint.pk}/history/"):
        assert endpoint.secret not in admin.get(path).content.decode()
    entry = AuditEntry.objects.get(verb="webhook.create")
    assert (entry.actor, entry.door, entry.object_id) == ("admin", "admin", str(endpoint.pk))


def test_what_is_wrong_is_said_at_the_field(admin: Staff, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = False
    page = admin.post(f"{WEBHOOKS}add/", url="https://10.0.0.1/", events=["job.failed"])
    assert b"private, local or reserved" in page.content
    assert b"This field is required." in admin.post(f"{WEBHOOKS}add/", url="https://shop.example/").content
    assert not WebhookEndpoint.objects.exists()


def test_a_webhook_is_paused_and_changed(admin: Staff, endpoint: WebhookEndpoint) -> None:
    fields: dict[str, Any] = {
        "url": endpoint.url,
        "description": "The shop",
        "events": ["job.failed"],
        "state": "paused",
    }
    assert admin.post(f"{WEBHOOKS}{endpoint.pk}/change/", **fields).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.paused_because, endpoint.description) == (
        "paused",
        "It was paused by hand.",
        "The shop",
    )
    entry = AuditEntry.objects.get(verb="webhook.change")
    assert (entry.before["state"], entry.after["state"], "url" in entry.after) == ("active", "paused", False)


def test_no_record_holds_an_address_or_a_secret(admin: Staff, endpoint: WebhookEndpoint) -> None:
    admin.act(f"{WEBHOOKS}{endpoint.pk}/rotate/", overlap=1)
    admin.post(f"{WEBHOOKS}{endpoint.pk}/delete/", post="yes")
    told = [str((entry.before, entry.after)) for entry in AuditEntry.objects.all()]
    assert {entry.verb for entry in AuditEntry.objects.all()} == {"webhook.create", "webhook.rotate", "webhook.delete"}
    assert not any("whsec_" in one or "/hooks" in one for one in told)
    assert not WebhookEndpoint.objects.exists()


def test_a_test_is_sent_and_its_page_says_how_it_went(
    admin: Staff, endpoint: WebhookEndpoint, shop: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.act(f"{WEBHOOKS}{endpoint.pk}/send_test/")
    assert [name for name, _ in waiting()] == ["deliver_webhooks"]
    delivery = WebhookDelivery.objects.get()
    assert answer.headers["Location"] == f"{DELIVERIES}{delivery.pk}/change/"
    shop.statuses, shop.body = [500], b"out of order"
    delivering.deliver(endpoint.pk)
    page = admin.page(f"{DELIVERIES}{delivery.pk}/change/")
    assert "It answered 500." in page
    assert "out of order" in page


def test_a_message_is_sent_again(
    admin: Staff, endpoint: WebhookEndpoint, shop: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    outbox.publish("job.failed", {})
    delivering.deliver(endpoint.pk)
    delivery = WebhookDelivery.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        admin.act(f"{DELIVERIES}{delivery.pk}/redeliver/")
    assert [name for name, _ in waiting()] == ["deliver_webhooks"]
    page = admin.follow(admin.act(f"{DELIVERIES}{delivery.pk}/redeliver/"))
    assert "It still waits for its next attempt" in page
    delivering.deliver(endpoint.pk)
    assert len(shop.messages) == 2


def test_who_may_only_look_changes_and_sends_nothing(endpoint: WebhookEndpoint) -> None:
    start_afresh()
    viewer = Staff("viewer", "view")
    delivery = endpoints.send_test(endpoint, actor=Actor.command("tests"))
    assert viewer.get(f"{WEBHOOKS}{endpoint.pk}/change/").status_code == 200
    for path in (f"{WEBHOOKS}{endpoint.pk}/send_test/", f"{WEBHOOKS}{endpoint.pk}/rotate/"):
        assert viewer.act(path, overlap=1).status_code == 403
    assert viewer.act(f"{DELIVERIES}{delivery.pk}/redeliver/").status_code == 403
    assert viewer.post(f"{WEBHOOKS}{endpoint.pk}/change/", url="https://x.example/").status_code == 403

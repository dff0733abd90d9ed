"""By the API: start a shadow, read what it found, stop it."""

import pytest

from recommender.models import Shadow
from recommender.serving import shadows
from recsite.platform.models import AuditEntry
from tests.api.clients import ApiClient
from tests.recommender.fixtures import Shop, ask, look_again, popular, publish

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_shadow_is_started_read_and_stopped(api: ApiClient, shop: Shop) -> None:
    release = publish({"popular": popular(shop.items)}, promote=False)
    made = api.post("shadows", {"placement": "default", "release": release.pk, "share": 1})
    assert made.status_code == 201
    number = made.json()["id"]
    assert made.headers["Location"].endswith(f"/api/v1/shadows/{number}")
    look_again()
    ask(shop.ada)
    shadows.score_waiting()
    read = api.get(f"shadows/{number}").json()
    assert (read["lists"], read["failed"], read["release"], read["stopped_at"]) == (1, 0, release.pk, None)
    assert 0 <= read["overlap"] <= 1
    assert read["milliseconds"]["median"] > 0
    assert api.get("shadows").json() == {"items": [read]}
    stopped = api.post(f"shadows/{number}/stop", {}).json()
    assert stopped["stopped_at"]
    assert api.post(f"shadows/{number}/stop", {}).json() == stopped
    told = AuditEntry.objects.filter(object_type="shadow").order_by("pk").values_list("verb", flat=True)
    assert [*told] == ["shadow.start", "shadow.stop"]


def test_wrong_ones_are_refused(api: ApiClient, shop: Shop) -> None:
    assert api.post("shadows", {}).status_code == 422
    refused = api.post("shadows", {"placement": "default", "release": 9_999})
    assert refused.status_code == 422
    assert "There is no release 9999." in refused.content.decode()
    assert api.get("shadows/77").status_code == 404
    assert api.post("shadows/77/stop", {}).status_code == 404
    assert not Shadow.objects.exists()

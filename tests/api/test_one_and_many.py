"""POST /interactions and POST /interactions/bulk say the same of the same event."""

from typing import Any

import pytest

from catalog.store import erase_user_ids
from interactions.models import Interaction
from interactions.schema import new_event_id
from interactions.store import OTHER_CONTENT
from tests import factories
from tests.api.clients import ApiClient

pytestmark = pytest.mark.django_db


def test_the_sender_is_answered_the_same_for_one_and_for_many(api: ApiClient) -> None:
    factories.person("ada"), factories.item("emma")
    erase_user_ids(["erased"])
    view = {"user_id": "ada", "item_id": "emma", "type": "view", "event_id": str(new_event_id())}
    bodies: list[tuple[Any, str]] = [
        (view, "accepted"),
        (view, "duplicate"),
        ({**view, "type": "purchase"}, "refused"),
        ({**view, "event_id": str(new_event_id()), "item_id": "nowhere"}, "accepted"),
        ({**view, "event_id": str(new_event_id()), "user_id": "erased"}, "erased"),
        ({**view, "type": "stare"}, "refused"),
        ({"user_id": "new", "type": "login"}, "accepted"),
    ]
    assert [alone(api, body) for body, _ in bodies] == [status for _, status in bodies]
    Interaction.objects.all().delete()
    (answer,) = [api.post("interactions/bulk", {"events": [body for body, _ in bodies]}).json()]
    assert [one["status"] for one in answer["results"]] == [status for _, status in bodies]
    assert answer["results"][2]["errors"] == {"event_id": OTHER_CONTENT}


def alone(api: ApiClient, body: Any) -> str:
    answer = api.post("interactions", body)
    if answer.status_code == 202:
        return str(answer.json()["status"])
    assert answer.status_code in (409, 422)
    return "erased" if answer.json()["error"]["code"] == "erased" else "refused"

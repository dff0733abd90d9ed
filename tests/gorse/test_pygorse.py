"""The Python client of Gorse, as it is published, works with /gorse for its base address."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import gorse
import pytest

from recsite.platform import keys
from recsite.platform.access import Scope
from recsite.platform.models import ApiKey

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
AT = "2026-05-01T12:00:00Z"
EMMA = {
    "ItemId": "emma",
    "IsHidden": False,
    "Categories": ["Novels"],
    "Timestamp": AT,
    "Labels": ["comedy"],
    "Comment": "Emma",
}
Call = Callable[..., Any]
METHODS = {
    "delete_feedback",
    "delete_item",
    "delete_user",
    "get_feedbacks",
    "get_item",
    "get_items",
    "get_neighbors",
    "get_recommend",
    "get_user",
    "get_users",
    "insert_feedback",
    "insert_feedbacks",
    "insert_item",
    "insert_user",
    "insert_users",
    "list_feedbacks",
    "search_items",
    "session_recommend",
    "update_item",
}


def clients(url: str) -> dict[str, Call]:
    """Each client as a function that calls a method by its name."""
    keys.forget()
    _, key = ApiKey.objects.create_key(name="gorse", scopes=list(Scope))
    plain, awaited = gorse.Gorse(f"{url}/gorse", key), gorse.AsyncGorse(f"{url}/gorse", key)

    async def wait(answer: Awaitable[Any]) -> Any:
        return await answer

    return {
        "Gorse": lambda method, *given, **named: getattr(plain, method)(*given, **named),
        "AsyncGorse": lambda method, *given, **named: asyncio.run(wait(getattr(awaited, method)(*given, **named))),
    }


@pytest.mark.parametrize("name", ["Gorse", "AsyncGorse"])
def test_every_method(live_server: Any, name: str) -> None:
    client, called = clients(live_server.url)[name], set()

    def call(method: str, *given: Any, **named: Any) -> Any:
        called.add(method)
        return client(method, *given, **named)

    one, read = {"RowAffected": 1}, {"FeedbackType": "read", "UserId": "ada", "ItemId": "emma", "Timestamp": AT}
    assert call("insert_item", EMMA) == one
    assert call("insert_item", {**EMMA, "ItemId": "persuasion", "Comment": "Persuasion"}) == one
    assert call("get_item", "emma") == EMMA
    assert call("update_item", "emma", is_hidden=True) == one
    assert call("get_item", "emma") == {**EMMA, "IsHidden": True}
    call("update_item", "emma", is_hidden=False)
    assert [item["ItemId"] for item in call("search_items", "persua")] == ["persuasion"]
    items, cursor = call("get_items", 1)
    assert ([item["ItemId"] for item in items], call("get_items", 1, cursor)[1]) == (["emma"], "")
    assert call("insert_user", {"UserId": "ada", "Labels": ["x"], "Comment": ""}) == one
    assert call("insert_users", [{"UserId": "ben", "Labels": None, "Comment": ""}]) == one
    assert call("get_user", "ada")["Labels"] == ["x"]
    assert [user["UserId"] for user in call("get_users", 10)[0]] == ["ada", "ben"]
    assert call("insert_feedback", "like", "ben", "emma", AT) == one
    assert call("insert_feedbacks", [read]) == one
    assert [found["ItemId"] for found in call("list_feedbacks", "read", "ada")] == ["emma"]
    assert len(call("get_feedbacks", 10)[0]) == 2
    scores = call("get_recommend", "ada", "Novels", n=5)
    assert [score.id for score in scores] == ["persuasion"]
    assert call("get_recommend", "ada", write_back_type="seen", write_back_delay="0h0m0s")
    assert [found["Id"] for found in call("session_recommend", [read])] == ["persuasion"]
    assert [found["Id"] for found in call("get_neighbors", "emma", n=5)] == ["persuasion"]
    assert call("delete_feedback", "ada", "emma") == one
    assert call("delete_item", "emma") == one
    assert call("delete_user", "ben") == one
    with pytest.raises(gorse.GorseException) as refused:
        call("get_user", "ben")
    assert (refused.value.status_code, refused.value.message) == (
        404,
        "There is no user 'ben'. POST /gorse/api/user adds one.",
    )
    assert called == METHODS == {method for method in dir(gorse.Gorse) if not method.startswith("_")}

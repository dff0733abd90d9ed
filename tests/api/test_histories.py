"""GET /users/{user_id}/interactions and /items/{item_id}/interactions."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from interactions import producers, types
from interactions.models import Interaction
from interactions.partitions import EVENTS
from recsite.platform.months import Month
from tests import factories
from tests.api.clients import ApiClient, details

NOON = factories.NOON
ADA, EMMA = "users/ada/interactions", "items/emma/interactions"


def does(what: str, kind: str = "view", value: float | None = None, minutes: float = 0, **rest: Any) -> None:
    who = rest.pop("who", "ada")
    producers.produce([factories.event(who, what, kind, value, NOON + timedelta(minutes=minutes), **rest)])


@pytest.fixture
def history(api: ApiClient) -> None:
    """Ada viewed Emma, signed in, and rated Emma with a review; Ben viewed it as well."""
    factories.item("emma"), factories.item("persuasion")
    does("emma", context={"source": "web"})
    does("", "login", minutes=1)
    does("emma", "rating", 5, minutes=2, review={"title": "Sparkling", "text": "I laughed."})
    does("persuasion", minutes=3)
    does("emma", minutes=4, who="ben")


def told(answer: Any) -> list[tuple[str, str | None]]:
    assert answer.status_code == 200, answer.content
    return [(row["type"], row["item_id"]) for row in answer.json()["items"]]


def test_a_user_has_all_their_events_the_newest_first(api: ApiClient, history: None) -> None:
    found = api.get(ADA).json()
    assert found["next_cursor"] is None
    last, rating, login, view = found["items"]
    assert (last["item_id"], last["user_id"], last["context"], "review" in last) == ("persuasion", "ada", {}, False)
    assert (rating["value"], rating["review"]) == (5.0, {"title": "Sparkling", "text": "I laughed."})
    assert (login["type"], login["item_id"], login["value"]) == ("login", None, None)
    assert (view["context"], view["occurred_at"]) == ({"source": "web"}, "2026-05-01T12:00:00+00:00")
    assert view["event_id"] == str(Interaction.objects.order_by("pk")[0].event_id)


def test_an_item_has_the_events_of_everybody(api: ApiClient, history: None) -> None:
    rows = api.get(EMMA).json()["items"]
    assert [(row["user_id"], row["type"]) for row in rows] == [("ben", "view"), ("ada", "rating"), ("ada", "view")]
    assert rows[1]["review"]["text"] == "I laughed."


def test_filters_narrow_it(api: ApiClient, history: None) -> None:
    assert told(api.get(ADA, type="rating")) == [("rating", "emma")]
    assert told(api.get(ADA, type="login")) == [("login", None)]
    assert told(api.get(ADA, since="2026-05-01T12:02:00Z")) == [("view", "persuasion"), ("rating", "emma")]
    assert told(api.get(ADA, until="2026-05-01T12:01:00Z")) == [("view", "emma")]
    assert told(api.get(ADA, since="2026-05-01T14:02:00+02:00", until=1777636980)) == [("rating", "emma")]
    assert told(api.get(EMMA, type="view", until="20260501")) == []


def test_pages_show_every_event_once_also_at_one_time(api: ApiClient) -> None:
    factories.item("emma")
    for number in range(7):
        what, kind = ("emma", "view") if number % 2 else ("", "login")
        does(what, kind, minutes=number // 4)
    seen, cursor = list[str](), None
    while True:
        page = api.get(ADA, limit=2, **({"cursor": cursor} if cursor else {})).json()
        seen += [row["event_id"] for row in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    whole = [row["event_id"] for row in api.get(ADA).json()["items"]]
    assert (seen, len(set(seen))) == (whole, 7)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "ä",
        "MTIz",
        base64.urlsafe_b64encode(b"2026-05-01T12:00:00,4").decode(),
        base64.urlsafe_b64encode(b"2026-05-01T12:00:00+00:00,-4").decode(),
        base64.urlsafe_b64encode(b"2026-05-01T12:00:00+00:00," + b"9" * 30).decode(),
    ],
)
def test_a_damaged_cursor_is_refused(api: ApiClient, history: None, cursor: str) -> None:
    sentence = {"cursor": "Use the next_cursor of the page before, as it came."}
    assert details(api.get(ADA, cursor=cursor)) == sentence
    assert details(api.get(EMMA, cursor=cursor)) == sentence


def test_wrong_parameters_are_named(api: ApiClient, history: None) -> None:
    wrong = details(api.get(ADA, type="sneeze", since="yesterday", until="1", limit=1000, user="ada"))
    assert wrong.keys() == {"type", "since", "until", "limit", "user"}
    assert wrong["type"].startswith("Unknown interaction type. Known: ")


@pytest.mark.parametrize(("path", "what"), [("users/eve/interactions", "user"), ("items/it/interactions", "item")])
def test_what_is_unknown_is_not_found(api: ApiClient, path: str, what: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith(f"There is no {what} ")


def test_ids_may_hold_slashes(api: ApiClient) -> None:
    factories.item("a/b")
    does("a/b", who="x/y")
    assert told(api.get("users/x/y/interactions")) == told(api.get("items/a/b/interactions")) == [("view", "a/b")]


def test_a_page_costs_the_same_few_queries_whatever_is_on_it(api: ApiClient, history: None) -> None:
    types.by_name(), api.get(ADA)
    for path, most in ((ADA, 4), (EMMA, 3)):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            api.get(path)
        assert len(asked) == most, [one["sql"] for one in asked]


def test_months_outside_the_range_are_not_read(api: ApiClient, history: None) -> None:
    EVENTS.ensure_months([Month(2024, 1), Month(2026, 5)])
    with CaptureQueriesContext(connection) as asked:
        api.get(ADA, type="view", since=NOON.isoformat(), until=(NOON + timedelta(hours=1)).isoformat())
    (statement,) = [one["sql"] for one in asked if 'FROM "interactions_interaction"' in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert EVENTS.partition(Month(2026, 5)) in plan
    assert EVENTS.partition(Month(2024, 1)) not in plan


def test_a_history_ends_in_1970(api: ApiClient) -> None:
    factories.item("emma")
    producers.produce([factories.event("ada", "emma", at=datetime(1970, 1, 1, tzinfo=UTC))])
    assert told(api.get(ADA, since="1970-01-01T00:00:00Z")) == [("view", "emma")]

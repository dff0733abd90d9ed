"""One id and time are one event: what repeats it is known, what says something else is refused, at any size."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from catalog.models import EndUser, Item
from interactions import replay
from interactions.models import DeadLetter, Interaction, PersonEvent, Review
from interactions.schema import Event
from interactions.store import OTHER_CONTENT, store
from tests import factories

pytestmark = pytest.mark.django_db

SAME = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
SIZES = pytest.mark.parametrize("others", [0, 97, 150])
"""Few events go as arrays, 100 and more by a table."""


def padding(number: int) -> list[Event]:
    emma = Item.objects.filter(item_id="emma").first() or factories.item("emma")
    return [factories.event(f"reader-{one}", emma) for one in range(number)]


def event(user_id: str = "ada", item_id: str = "emma", kind: str = "view", **fields: Any) -> Event:
    return factories.event(user_id, item_id, kind, event_id=SAME, **fields)


@SIZES
def test_the_first_of_a_batch_counts(others: int) -> None:
    rest = padding(others)
    outcome = store([event("ada"), *rest, event("ben", kind="purchase"), event("ada")])
    assert [(one.position, one.reason, one.field) for one in outcome.refused] == [
        (others + 1, OTHER_CONTENT, "event_id")
    ]
    assert outcome.repeated == (others + 2,)
    assert [one.user_id for one in outcome.stored if one.event_id == SAME] == ["ada"]
    assert Interaction.objects.get(event_id=SAME).user.user_id == "ada"


@SIZES
def test_what_is_stored_already_counts_before_a_batch(others: int) -> None:
    rest = padding(others)
    store([event("ada", context={"position": 1})])
    outcome = store([*rest, event("ben", kind="purchase")])
    assert [one.position for one in outcome.refused] == [others]
    assert [one.position for one in store([event("ben"), *rest, event("ben")]).refused] == [0, others + 1]
    assert [one.user_id for one in outcome.stored] == [one.user_id for one in rest]
    outcome = store([*rest, event("ada", context={"position": 1})])
    assert (outcome.stored, outcome.duplicates, outcome.refused) == ((), others + 1, ())


@pytest.mark.parametrize(
    "other",
    [
        {"user_id": "ben"},
        {"item_id": "persuasion"},
        {"type": "like"},
        {"value": 4.0},
        {"context": {"position": 2}},
        {"review": {"text": "I wept."}},
        {"review": None},
    ],
    ids=str,
)
def test_whatever_differs_is_another_content(other: dict[str, Any]) -> None:
    for name in ("emma", "persuasion"):
        factories.item(name)
    first = event(kind="rating", value=5.0, context={"position": 1}, review={"text": "I laughed."})
    store([first])
    assert store([replace(first)]).repeated == (0,)
    assert len(store([replace(first, **other)]).refused) == 1
    assert len(store([first, replace(first, **other)]).refused) == 1
    assert Review.objects.get().text == "I laughed."


def test_another_content_leaves_no_trace(settings: Any) -> None:
    settings.UNKNOWN_ITEM_POLICY = "placeholder"
    padding(0)
    store([event("ada")])
    store([event("stranger", "nowhere")])
    assert not EndUser.objects.filter(user_id="stranger").exists()
    assert not Item.objects.filter(item_id="nowhere").exists()
    assert not DeadLetter.objects.exists()


def test_events_with_and_without_an_item_share_their_ids() -> None:
    padding(0)
    login = factories.event("ada", "", "login", event_id=SAME)
    outcome = store([login, event("ada")])
    assert [one.position for one in outcome.refused] == [1]
    assert (PersonEvent.objects.count(), Interaction.objects.count()) == (1, 0)
    assert store([login]).duplicates == 1


def test_a_replayed_letter_with_another_content_says_so() -> None:
    padding(0)
    store([event("ada")])
    payload = {"event_id": str(SAME), "user_id": "ben", "item_id": "emma", "type": "view"}
    letter = DeadLetter.objects.create(
        source="kafka", reason="?", payload={**payload, "occurred_at": factories.NOON.isoformat()}
    )
    assert replay.replay([letter]).still_dead == 1
    letter.refresh_from_db()
    assert letter.reason == OTHER_CONTENT


AWKWARD = [
    "plain",
    "ends in\r",
    "\r",
    "a\r\nb",
    '"',
    "'; --",
    "\\.",
    "\\N",
    "a,b",
    "\t",
    "{}",
    "\u2028",
    "\U0001f600",
    "%s",
]


def test_few_and_many_are_stored_alike() -> None:
    """Also of texts that the schema would have refused: the writer is exact by itself."""
    events = [
        factories.event(text, factories.item(text), context={"note": text, text: None}, value=number / 3)
        for number, text in enumerate(AWKWARD)
    ]

    def rows() -> list[tuple[Any, ...]]:
        found = Interaction.objects.order_by("pk").values_list("user__user_id", "item__item_id", "value", "context")
        return sorted((user, item, value, json.dumps(context)) for user, item, value, context in found)

    for one in events:
        assert len(store([one]).stored) == 1
    singly = rows()
    Interaction.objects.all().delete()
    store([*events, *padding(100)])
    Interaction.objects.filter(item__item_id="emma").delete()
    assert len(singly) == len(AWKWARD)
    assert rows() == singly

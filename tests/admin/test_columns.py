"""A column in which every row says the same is left out of a list, where the list says that it may be."""

from interactions.models import DeadLetter
from tests import factories
from tests.admin.staff import PEOPLE, Staff
from tests.recommender.fixtures import Shop, happened


def columns(staff: Staff, address: str) -> list[str]:
    found = staff.get(address)
    return list(found.context["cl"].list_display)  # type: ignore[attr-defined]  # the test client keeps it


def test_a_column_that_says_nothing_is_left_out_and_comes_back(viewer: Staff) -> None:
    for number in range(5):
        factories.person(f"reader-{number}")
    assert "about" not in columns(viewer, PEOPLE)
    assert "user_id" in columns(viewer, PEOPLE)
    factories.person("ada", demographics={"country": "GB"})
    assert "about" in columns(viewer, PEOPLE)


def test_few_rows_keep_all_columns(viewer: Staff) -> None:
    factories.person("ada")
    assert "about" in columns(viewer, PEOPLE)


def test_events_leave_out_what_no_event_has(viewer: Staff, shop: Shop) -> None:
    for number in range(5):
        happened(shop.ada, shop.novels[number], "view", days_ago=number)
    shown = columns(viewer, "/admin/interactions/interaction/")
    assert "value_text" not in shown
    assert "person" in shown, "It may be the same, and is said all the same."


def test_a_state_stays(viewer: Staff) -> None:
    DeadLetter.objects.bulk_create(DeadLetter(source="api", reason="?", payload={}) for _ in range(6))
    shown = columns(viewer, "/admin/interactions/deadletter/")
    assert "reason" in shown
    assert "topic" not in shown

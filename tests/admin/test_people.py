"""The list of people, and what erasing one takes along."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import EndUser
from interactions.models import Interaction
from recsite.platform import console
from tests import factories
from tests.admin.staff import PEOPLE, Staff, words
from tests.recommender.fixtures import Shop, ask, happened, ids


def rows(staff: Staff, **query: str) -> list[str]:
    """The ids of the people on a page, in its order."""
    found: Any = staff.get(PEOPLE, **query)
    return [person.user_id for person in found.context["cl"].result_list]


def explain(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_whoever_was_active_last_comes_first_and_who_never_was_last(viewer: Staff) -> None:
    now = timezone.now()
    for name, days in (("early", 40), ("never", None), ("late", 2)):
        factories.person(name, last_active=now - timedelta(days=days) if days else None)
    assert rows(viewer) == ["late", "early", "never"]
    assert rows(viewer, active="week") == ["late"]
    assert rows(viewer, active="never") == ["never"]
    assert rows(viewer, active="nonsense") == ["late", "early", "never"]


def test_a_search_is_by_the_beginning_of_the_id(viewer: Staff) -> None:
    for name in ("anna-1", "anna-2", "hanna", "an_x", "anxx"):
        factories.person(name)
    assert sorted(rows(viewer, q="anna")) == ["anna-1", "anna-2"]
    assert rows(viewer, q="an_") == ["an_x"]


@pytest.mark.parametrize(
    ("query", "index"), [({"q": "anna"}, "user_id"), ({"active": "week"}, "last_active"), ({}, "last_active")]
)
def test_every_way_to_look_has_an_index(viewer: Staff, query: dict[str, str], index: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        rows(viewer, **query)
    for sql in [asked["sql"] for asked in captured if 'FROM "catalog_enduser"' in asked["sql"]]:
        plan = explain(sql)
        assert "Seq Scan" not in plan
        assert index in plan or not query


def test_a_list_counts_no_further_than_it_shows(viewer: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    EndUser.objects.bulk_create(EndUser(user_id=f"p{number}") for number in range(130))
    assert "130 users" in viewer.page(PEOPLE)
    monkeypatch.setattr(console, "COUNTED", 120)
    assert "The first 120 users: a search or a filter finds the others." in viewer.page(PEOPLE)
    assert len(rows(viewer, p="5")) == 20
    assert viewer.get(PEOPLE, p="6").status_code == 302


def test_a_persons_id_is_given_once(admin: Staff) -> None:
    added = admin.post(f"{PEOPLE}add/", user_id="dora", preferences="{}", demographics='{"country": "PT"}')
    assert added.status_code == 302
    dora = EndUser.objects.get(user_id="dora")
    assert dora.demographics == {"country": "PT"}
    admin.post(f"{PEOPLE}{dora.pk}/change/", user_id="eva", preferences='{"tags": ["a"]}', demographics="")
    dora.refresh_from_db()
    assert (dora.user_id, dora.preferences, dora.demographics) == ("dora", {"tags": ["a"]}, {})


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("[1, 2]", "Write an object"),
        ("3", "Write an object"),
        ("{x", "Enter a valid JSON"),
        ('{"x": ' + "9" * 5_000 + "}", "a number has 5,000 digits."),
        ('{"x": 1e999}', "1e999 is no number that can be stored."),
        ('{"x": NaN}', "NaN is no number that can be stored."),
        ('{"x": "\\u0000"}', "this holds a NUL character."),
        ('{"x":' * 300 + "1" + "}" * 300, "this is nested too deeply."),
        ("[" * 100_000, "this is nested too deeply."),
    ],
)
def test_preferences_are_an_object(admin: Staff, typed: str, said: str) -> None:
    page = admin.post(f"{PEOPLE}add/", user_id="dora", preferences=typed, demographics="{}")
    assert page.status_code == 200
    assert said in page.content.decode()
    assert not EndUser.objects.exists()


def test_preferences_are_shown_line_by_line(admin: Staff) -> None:
    person = factories.person("dora", preferences={"categories": ["Poésie"]})
    page = unescape(admin.get(f"{PEOPLE}{person.pk}/change/").content.decode())
    assert '{\n  "categories": [\n    "Poésie"\n  ]\n}' in page


def test_erasing_a_person_erases_what_they_did_and_nobody_elses(admin: Staff, shop: Shop) -> None:
    for number in range(3):
        happened(shop.ada, shop.novels[number])
    happened(shop.ben, shop.novels[0])
    address = f"{PEOPLE}{shop.ada.pk}/delete/"
    page = admin.page(address)
    assert "Erase ada for good?" in page
    assert "refused everywhere" in page
    assert "manage.py lift_erasure ID" in page
    assert "delet" not in page.lower()
    assert Interaction.objects.count() == 4
    said = admin.follow(admin.post(address, post="yes"))
    assert "1 user erased for good. 1 id refused until the erasure is lifted." in said
    assert "ada" not in said
    assert list(Interaction.objects.values_list("user__user_id", flat=True)) == ["ben"]
    assert not EndUser.objects.filter(user_id="ada").exists()


def test_several_people_are_erased_together(admin: Staff, shop: Shop) -> None:
    happened(shop.ada, shop.novels[0])
    chosen: dict[str, Any] = {"action": "erase_selected", "_selected_action": [shop.ada.pk, shop.ben.pk]}
    page = words(admin.post(PEOPLE, **chosen))
    assert "Erase 2 users for good? ada, ben" in page
    assert "on the page Erasures" in page
    said = admin.follow(admin.post(PEOPLE, **chosen, post="yes"))
    assert "2 users erased for good. 2 ids refused until the erasure is lifted." in said
    assert list(EndUser.objects.values_list("user_id", flat=True)) == ["cleo"]
    assert set(LogEntry.objects.values_list("user", "object_repr")) == {(admin.user.pk, "an erased user")}
    assert not Interaction.objects.exists()


def test_the_pages_of_people_speak_of_erasing_alone(admin: Staff, viewer: Staff) -> None:
    person = factories.ada()
    page = admin.page(f"{PEOPLE}{person.pk}/change/")
    assert "Erase" in page
    assert "Delete" not in page
    assert "Erase selected users" in admin.page(PEOPLE)
    assert "Delete" not in admin.page(PEOPLE)
    assert "Erase" not in viewer.page(f"{PEOPLE}{person.pk}/change/")


def test_who_comes_back_under_an_erased_id_is_somebody_new(
    admin: Staff, shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    happened(shop.ada, shop.novels[0], "purchase")
    before = ask("ada")
    assert not before.cold_start
    assert shop.novels[0].item_id not in ids(before)
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(f"{PEOPLE}{shop.ada.pk}/delete/", post="yes")
    factories.ada()
    after = ask("ada")
    assert after.cold_start
    assert shop.novels[0].item_id in ids(ask("ada", limit=12))


def test_who_may_only_look_can_neither_change_nor_erase(viewer: Staff) -> None:
    person = factories.ada()
    assert viewer.get(f"{PEOPLE}{person.pk}/change/").status_code == 200
    assert viewer.post(f"{PEOPLE}{person.pk}/change/", preferences="{}").status_code == 403
    assert viewer.post(f"{PEOPLE}{person.pk}/delete/", post="yes").status_code == 403
    assert EndUser.objects.exists()

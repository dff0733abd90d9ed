"""Event types: staff say what an event means, and every process hears of it."""

from typing import Any

import pytest

from interactions import types
from interactions.models import InteractionType
from tests import factories
from tests.admin.staff import Staff, words

TYPES = "/admin/interactions/interactiontype/"
SAVE: dict[str, Any] = {
    "name": "save",
    "weight": "2",
    "marks_seen": "on",
    "scale_min": "",
    "scale_max": "",
    "relevant_at": "",
    "amount_min": "0",
    "amount_max": "100",
}


def test_a_new_type_is_known_to_every_process(admin: Staff, django_capture_on_commit_callbacks: Any) -> None:
    assert "save" not in types.by_name()
    with django_capture_on_commit_callbacks(execute=True):
        assert admin.post(f"{TYPES}add/", **SAVE).status_code == 302
    types._copy._not_before = 0
    assert types.by_name()["save"].weight == 2


def test_an_edited_weight_is_known_to_every_process(admin: Staff, django_capture_on_commit_callbacks: Any) -> None:
    like = types.by_name()["like"]
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(f"{TYPES}{like.pk}/change/", **{**SAVE, "weight": "7.5"})
    types._copy._not_before = 0
    assert types.by_name()["like"].weight == 7.5


def test_a_type_keeps_its_name_and_is_never_deleted(admin: Staff) -> None:
    like = factories.interaction_type("like")
    admin.post(f"{TYPES}{like.pk}/change/", **SAVE)
    assert InteractionType.objects.get(pk=like.pk).name == "like"
    assert admin.post(f"{TYPES}{like.pk}/delete/", post="yes").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"weight": "-1"}, "A weight is zero or more"),
        ({"scale_min": "1"}, "Give the scale's minimum, maximum and the value that counts as liked."),
        (
            {"scale_min": "5", "scale_max": "1", "relevant_at": "3"},
            "Give the scale's minimum, maximum and the value that counts as liked.",
        ),
        ({"weight": "nan"}, "Enter a number"),
        ({"name": "like"}, "already exists"),
    ],
)
def test_a_wrong_value_is_named(admin: Staff, wrong: dict[str, str], said: str) -> None:
    assert said in words(admin.post(f"{TYPES}add/", **{**SAVE, **wrong}))


def test_the_list_says_what_each_type_means(viewer: Staff) -> None:
    page = viewer.page(TYPES)
    assert "rating 1 for 1 to 5, liked from 4" in page.replace(" check_small ", " ").replace(" check ", " ")
    assert "dislike 3 against" in page
    assert "impression 0 nothing" in page

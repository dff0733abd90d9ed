"""Amounts have bounds, and what takes a purchase back speaks against its item."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from interactions import types
from interactions.models import InteractionType
from interactions.schema import AMOUNTS, InvalidEvent, TypeRule, parse

TYPES = {
    "purchase": TypeRule("purchase"),
    "refund": TypeRule("refund", amounts=(-100, 0)),
    "rating": TypeRule("rating", (1, 5)),
}


def value_error(kind: str, value: Any) -> str:
    raw = {"user_id": "ada", "item_id": "emma", "type": kind, "value": value}
    try:
        parse(raw, TYPES, timezone.now())
    except InvalidEvent as wrong:
        return wrong.errors["value"]
    return ""


@pytest.mark.parametrize("value", [0, 12.5, AMOUNTS[1]])
def test_an_amount_within_its_bounds_is_taken(value: float) -> None:
    assert value_error("purchase", value) == ""


@pytest.mark.parametrize("value", [-1, -0.01, 1e300, 1e9 + 1, 10**200])
def test_an_amount_outside_its_bounds_is_refused(value: float) -> None:
    assert value_error("purchase", value) == "The value of a purchase lies between 0 and 1,000,000,000."


@pytest.mark.parametrize("value", [10**310, float("nan"), float("inf"), True, "5"])
def test_what_is_no_number_is_refused(value: Any) -> None:
    how = " Leave out the quotes: it came as a text." if value == "5" else ""
    assert value_error("purchase", value) == f"A finite number is needed, such as 5 or 3.5.{how}"


def test_a_type_has_bounds_of_its_own() -> None:
    assert value_error("refund", -5) == ""
    assert value_error("refund", 5) == "The value of a refund lies between -100 and 0."
    assert value_error("rating", 6) == "The value of a rating lies between 1 and 5."


@pytest.mark.django_db
def test_returns_and_cancellations_speak_against_from_the_start() -> None:
    for name in ("return", "cancellation"):
        kind = types.by_name()[name]
        assert (kind.is_negative, kind.weight, kind.rule.amounts) == (True, 5, AMOUNTS)


@pytest.mark.django_db
def test_a_type_of_that_name_that_staff_made_stays_as_it_is() -> None:
    InteractionType.objects.filter(name="return").update(weight=2, is_negative=False)
    InteractionType.objects.filter(name="cancellation").delete()
    import_module("interactions.migrations.0010_amounts_and_returns").add_types(apps, None)
    assert InteractionType.objects.get(name="return").weight == 2
    assert InteractionType.objects.get(name="cancellation").is_negative

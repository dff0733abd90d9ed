"""manage.py demo_data: one command from an empty database to a shop with a history."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from catalog.models import EndUser, Item
from interactions.models import ImportRun, Interaction
from storefront.simulation import simulate
from storefront.works.works import read_works

pytestmark = pytest.mark.django_db

UNTIL = datetime(2026, 5, 1, tzinfo=UTC)


def demo_data(*arguments: str) -> str:
    out = StringIO()
    call_command("demo_data", "--people=60", "--items=90", "--events=900", "--no-past", *arguments, stdout=out)
    return out.getvalue()


def counts() -> tuple[int, int, int]:
    return EndUser.objects.count(), Item.objects.count(), Interaction.objects.count()


def test_it_makes_as_many_as_asked_for() -> None:
    said = demo_data("--until=2026-05-01")
    assert counts() == (60, 90, 900)
    assert "900 events stored" in said


def test_loading_it_twice_changes_nothing() -> None:
    demo_data("--until=2026-05-01")
    said = demo_data("--until=2026-05-01")
    assert counts() == (60, 90, 900)
    assert "so nothing was done" in said


def test_the_events_lie_in_the_half_year_before_until() -> None:
    demo_data("--until=2026-05-01")
    times = Interaction.objects.order_by("occurred_at").values_list("occurred_at", flat=True)
    assert UNTIL - timedelta(days=183) < times[0] < times[899] < UNTIL
    assert Interaction.objects.between(UNTIL - timedelta(days=30), UNTIL).exists()


def test_without_a_day_they_end_today() -> None:
    demo_data()
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert today - timedelta(days=3) < Interaction.objects.latest("occurred_at").occurred_at < today


def test_a_loading_that_was_cut_short_goes_on_with_the_same_data() -> None:
    demo_data("--until=2026-05-01")
    latest = list(Interaction.objects.order_by("occurred_at", "event_id").values_list("event_id", flat=True))
    Interaction.objects.filter(occurred_at__gte=UNTIL - timedelta(days=60)).delete()
    ImportRun.objects.update(started_at=UNTIL + timedelta(hours=9), finished_at=None, progress={})
    demo_data()
    assert list(Interaction.objects.order_by("occurred_at", "event_id").values_list("event_id", flat=True)) == latest


def test_some_people_and_some_works_have_no_history() -> None:
    demo_data()
    assert EndUser.objects.filter(interactions=None).exists()
    assert Item.objects.filter(interactions=None, published_at__gte=timezone.now() - timedelta(days=7)).exists()


def test_items_carry_the_facts_and_people_their_preferences() -> None:
    demo_data()
    works = {work.id: work for work in read_works()}
    for item in Item.objects.all():
        assert item.creator == works[item.item_id].creator
        assert item.tags == list(works[item.item_id].subjects)
    assert EndUser.objects.exclude(preferences={}).exists()


def test_another_seed_makes_other_people() -> None:
    demo_data("--seed=1", "--until=2026-05-01")
    demo_data("--seed=2", "--until=2026-05-01")
    assert Interaction.objects.count() == 1800


def test_events_are_as_many_as_look_natural_where_no_number_is_given() -> None:
    call_command("demo_data", "--people=8", "--items=20", "--no-past", stdout=StringIO())
    assert Interaction.objects.count() == 8 * 20 // 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--items=5000"], f"There are {len(read_works())} works. Give fewer --items, or --plain"),
        (["--people=0"], "not a whole number from 1"),
        (["--seed=-1"], "not a whole number from 0"),
        (["--events=many"], "not a whole number from 1"),
        (["--until=2999-01-01"], "not a day from 2000-01-01 to today"),
        (["--until=1. Mai"], "not a day such as 2026-05-01"),
        (["--people=10", "--items=10", "--events=26"], "10 people and 10 works can have at most 25 events"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_in_a_sentence(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("demo_data", *arguments)
    assert counts() == (0, 0, 0)


def test_the_defaults_are_within_what_the_simulation_allows() -> None:
    assert len(simulate(read_works(), 3000, 200_000, 1, UNTIL).log) == 200_000

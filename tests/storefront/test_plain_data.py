"""manage.py demo_data --plain: a catalogue of any size, as an import like any other."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from catalog.importers.rows import Located, Rejected, UnreadableSource
from catalog.models import Category, Item
from interactions import importing
from interactions.models import ImportRun, Interaction
from storefront.simulation import plain
from storefront.simulation.plain import PlainDataSet

pytestmark = pytest.mark.django_db


def demo_data(*arguments: str) -> str:
    out = StringIO()
    call_command("demo_data", "--plain", "--until=2026-05-01", *arguments, stdout=out)
    return out.getvalue()


def test_it_makes_as_many_items_as_asked_for_and_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "BLOCK", 400)
    demo_data("--items=1000")
    assert (Item.objects.count(), Interaction.objects.count()) == (1_000, 0)
    first = Item.objects.get(item_id="plain-0")
    assert (first.title, first.group, first.creator) == ("Amber bench No. 0", "plain-0", "Maker 1")
    assert Item.objects.filter(group="plain-0").count() == plain.VARIANTS
    assert Item.objects.exclude(group="").count() < 120
    assert set(Category.objects.values_list("name", flat=True)) >= set(first.categories)


def test_making_it_twice_changes_nothing() -> None:
    demo_data("--items=50", "--events=20")
    before = list(Item.objects.order_by("pk").values()), Interaction.objects.count()
    assert "so nothing was done" in demo_data("--items=50", "--events=20")
    ImportRun.objects.all().delete()
    demo_data("--items=50", "--events=20")
    assert (list(Item.objects.order_by("pk").values()), Interaction.objects.count()) == before
    assert before[1] == 20


def test_what_was_cut_short_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data, rows = PlainDataSet(50, 1, 0, 1, datetime(2026, 5, 1, tzinfo=UTC)), PlainDataSet.rows

    def cut_short(data: PlainDataSet) -> Iterator[Located | Rejected]:
        yield from islice(rows(data), 30)
        raise UnreadableSource("Somebody has pulled the plug.")

    with monkeypatch.context() as broken:
        broken.setattr(PlainDataSet, "rows", cut_short)
        with pytest.raises(importing.ImportStopped):
            importing.load(data, tmp_path / "rejected.csv", batch_rows=10)
    assert 0 < Item.objects.count() <= 30
    importing.load(data, tmp_path / "rejected.csv", batch_rows=10)
    assert Item.objects.count() == 50


def test_more_works_than_there_are_lead_to_plain_items() -> None:
    with pytest.raises(CommandError, match="--plain"):
        call_command("demo_data", "--items=5000")

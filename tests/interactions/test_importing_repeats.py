"""Equal lines of files: of ratings the last counts, everything else is counted as often as it is there."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from pytest_django import Settings

from catalog.importers.registry import open_format
from interactions.admin.upkeep import ImportRunAdmin
from interactions.importing import ImportReport
from interactions.models import ImportRun, Interaction
from tests.interactions.data import folder, load, stored

pytestmark = pytest.mark.django_db
ITEMS = "item_id,title\nbread,Bread\nmilk,Milk\n"
REBOUGHT = "user_id,item_id,type,date\n" + "c1,bread,purchase,2026-05-01\n" * 3 + "c2,milk,purchase,2026-05-01\n"


@pytest.fixture(autouse=True)
def placeholders(settings: Settings) -> None:
    settings.UNKNOWN_ITEM_POLICY = "placeholder"


def load_events(path: Path, text: str, mapping: dict[str, str] | None = None, **options: Any) -> ImportReport:
    return load(open_format("csv", folder(path, events=text), mapping), **options)


def values() -> dict[tuple[str, str], float | None]:
    return {(row["user__user_id"], row["item__item_id"]): row["value"] for row in stored()}


@pytest.mark.parametrize("batch_rows", [50_000, 7])
def test_the_last_of_two_ratings_in_a_file_counts(tmp_path: Path, batch_rows: int) -> None:
    pairs = [f"u{user},i{item}" for user in range(40) for item in range(10)]
    text = "\n".join(["user_id,item_id,value", *(f"{pair},1" for pair in pairs), *(f"{pair},5" for pair in pairs), ""])
    report = load_events(tmp_path, text, batch_rows=batch_rows)
    assert set(values().values()) == {5.0}
    counts = report.counts
    assert (counts.stored, counts.changed, counts.repeated, counts.duplicates) == (400, 0, 400, 0)
    assert "400 ratings given again further down: the last line counts." in str(report)


def test_the_last_of_two_ratings_of_one_moment_counts(tmp_path: Path) -> None:
    load_events(tmp_path, "user_id,item_id,value,timestamp\nu,i,5,1700000000\nu,i,2,1700000000\nu,i,1,1600000000\n")
    assert sorted(row["value"] for row in stored()) == [1.0, 2.0]
    assert Interaction.objects.order_by("-occurred_at").values_list("value", flat=True)[0] == 2.0


def test_another_value_in_a_later_file_corrects_the_rating_and_is_told(tmp_path: Path) -> None:
    load_events(tmp_path / "one", "user_id,item_id,value\nu1,i1,2\nu2,i1,3\n")
    Interaction.objects.update(received_at="2026-01-01T00:00:00Z")
    report = load_events(tmp_path / "two", "user_id,item_id,value\nu1,i1,5\nu2,i1,3\n")
    assert values() == {("u1", "i1"): 5.0, ("u2", "i1"): 3.0}
    assert (report.counts.stored, report.counts.changed, report.counts.duplicates) == (0, 1, 1)
    assert "0 events stored, 1 changed, 1 known already" in str(report)
    # Whoever asks which events are newer than a model finds the corrected one.
    assert Interaction.objects.get(received_at__gt=datetime(2026, 2, 1, tzinfo=UTC)).value == 5.0


def test_equal_purchases_are_counted_and_importing_again_adds_none(tmp_path: Path) -> None:
    assert load_events(tmp_path, REBOUGHT).counts.stored == 4
    before = stored()
    report = load_events(tmp_path, REBOUGHT, resume=False)
    assert (report.counts.stored, report.counts.duplicates) == (0, 4)
    assert stored() == before


def test_a_longer_file_adds_what_it_has_more(tmp_path: Path) -> None:
    load_events(tmp_path, REBOUGHT)
    report = load_events(tmp_path, REBOUGHT + "c1,bread,purchase,2026-05-01\nc2,milk,purchase,2026-05-02\n")
    assert (report.counts.stored, report.counts.duplicates) == (2, 4)


def test_the_size_of_batches_makes_no_difference_to_repeats(tmp_path: Path) -> None:
    load_events(tmp_path, REBOUGHT, batch_rows=1)
    one_by_one = {row["event_id"] for row in stored()}
    Interaction.objects.all().delete()
    load_events(tmp_path, REBOUGHT, resume=False)
    assert {row["event_id"] for row in stored()} == one_by_one
    assert len(one_by_one) == 4


def test_an_import_that_goes_on_counts_the_repeats_before_it(tmp_path: Path) -> None:
    load_events(tmp_path, REBOUGHT)
    whole = {row["event_id"] for row in stored()}
    ImportRun.objects.update(finished_at=None, progress={"events.csv": 3})
    Interaction.objects.all().delete()
    assert load_events(tmp_path, REBOUGHT).counts.stored == 2
    assert {row["event_id"] for row in stored()} < whole


@pytest.mark.parametrize(
    ("count", "events"), [("1", 1), ("3", 3), ("2.0", 2), ("1000000000", 10), ("0.25", 1), ("", 1)]
)
def test_a_column_of_counts_adds_events_up_to_ten(tmp_path: Path, count: str, events: int) -> None:
    text = f"user_id,item_id,type,plays\nu,i,view,{count}\n"
    report = load_events(tmp_path, text, {"count": "plays"})
    assert (Interaction.objects.count(), report.counts.stored, report.counts.rows) == (events, events, 1)
    assert load_events(tmp_path, text, {"count": "plays"}, resume=False).counts.duplicates == events


def test_counts_over_ten_are_told_where_staff_look(tmp_path: Path) -> None:
    text = "user_id,item_id,type,plays\nu,i,view,10\nu,j,view,11\nv,i,view,700\n"
    report = load_events(tmp_path, text, {"count": "plays"})
    assert "2 lines with a count of more than 10: each was taken for 10 events." in str(report)
    run = ImportRun.objects.get()
    assert "2 counts cut to ten" in ImportRunAdmin(ImportRun, admin.site).rows(run)


def test_a_rating_outside_the_scale_is_refused_with_the_option_that_mends_it(tmp_path: Path) -> None:
    report = load_events(tmp_path, "user_id,item_id,rating\nu,i,9\nu,j,5\n")
    assert "rating 9 lies outside 1 to 5: name the file's scale with --scale MIN..MAX" in str(report)


@pytest.mark.parametrize("count", ["0", "-2", "many", "1e12"])
def test_a_count_that_is_none_is_refused_with_its_line(tmp_path: Path, count: str) -> None:
    report = load_events(tmp_path, f"user_id,item_id,type,quantity\nu,i,purchase,1\nu,i,purchase,{count}\n")
    assert (report.counts.stored, report.counts.rejected) == (1, 1)


def test_a_line_with_a_count_of_an_unknown_item_is_refused_once(tmp_path: Path, settings: Settings) -> None:
    settings.UNKNOWN_ITEM_POLICY = "dead_letter"
    report = load_events(tmp_path, "user_id,item_id,type,count\nu,i,view,5\n")
    assert (report.counts.stored, report.counts.rejected, report.counts.duplicates) == (0, 1, 0)


def test_an_amount_out_of_bounds_is_refused_with_its_line(tmp_path: Path) -> None:
    report = load_events(tmp_path, "user_id,item_id,type,value\nu,i,purchase,-1\nu,i,purchase,1e300\nu,i,purchase,9\n")
    assert (report.counts.stored, report.counts.rejected) == (1, 2)

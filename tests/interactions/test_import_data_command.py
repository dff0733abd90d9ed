from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from catalog.models import Item
from interactions.models import ImportRun, Interaction
from tests import factories
from tests.catalog.files import write
from tests.interactions.data import books, films, folder, lines

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def state(tmp_path: Path, settings: Settings) -> Path:
    settings.STATE_DIR = tmp_path / "state"
    return settings.STATE_DIR


def run(path: Path, name: str, *arguments: str) -> str:
    out = StringIO()
    call_command("import_data", str(path), "--format", name, *arguments, stdout=out)
    return out.getvalue()


def refused(path: Path, name: str, *arguments: str) -> str:
    with pytest.raises(CommandError) as error:
        run(path, name, *arguments)
    assert error.value.returncode == 1
    return str(error.value)


def test_it_says_in_one_sentence_what_it_did(tmp_path: Path) -> None:
    films(tmp_path)
    out = run(tmp_path / "films", "movielens")
    assert "100 events stored, 0 changed, 0 known already; items: 10 new, 0 changed; users: 10 new, 0 changed." in out


def test_rejected_lines_alone_are_no_failure_and_the_file_is_named(tmp_path: Path, state: Path) -> None:
    books(tmp_path, "user_id,book_id,rating\n1,1,9\n1,1,5\n")
    out = run(tmp_path / "books", "goodbooks")
    (path,) = (state / "rejected").iterdir()
    assert f"1 line rejected: {path} says why, such as line 2 of ratings.csv: rating 9 lies outside 1 to 5." in out
    assert path.name.startswith("goodbooks-")


def test_the_file_for_rejected_lines_can_be_chosen(tmp_path: Path) -> None:
    books(tmp_path, "user_id,book_id,rating\n1,1,9\n1,1,5\n")
    run(tmp_path / "books", "goodbooks", "--rejected", str(tmp_path / "bad.csv"))
    assert len(lines(tmp_path / "bad.csv")) == 1


def test_a_dry_run_reads_everything_and_stores_nothing(tmp_path: Path) -> None:
    books(tmp_path, "user_id,book_id,rating\n1,1,9\n1,1,5\n")
    out = run(tmp_path / "books", "goodbooks", "--dry-run", "--rejected", str(tmp_path / "bad.csv"))
    assert "has 3 readable rows. Nothing was stored." in out
    assert (
        "An import would bring 1 event to store, 0 changed, 0 known already; items: 2 new, 0 changed; users: 1" in out
    )
    assert "1 line rejected" in out
    assert not any(model.objects.exists() for model in (Interaction, Item, ImportRun))
    assert len(lines(tmp_path / "bad.csv")) == 1


@pytest.mark.parametrize("policy", ["dead_letter", "placeholder"])
def test_a_dry_run_rejects_the_lines_that_the_import_rejects(tmp_path: Path, settings: Any, policy: str) -> None:
    settings.UNKNOWN_ITEM_POLICY = policy
    factories.item("known")
    items = ["item_id,title", "made,Made"]
    events = ["user_id,item_id,type", *(f"ada,{item},view" for item in ("made", "known", "missing", "search"))]
    path = folder(tmp_path / "shop", items="\n".join(items) + "\n", events="\n".join(events) + "\n")
    told = [tmp_path / "ahead.csv", tmp_path / "done.csv"]
    ahead = run(path, "csv", "--dry-run", "--rejected", str(told[0]))
    done = run(path, "csv", "--rejected", str(told[1]))
    assert lines(told[0]) == lines(told[1])
    sentence = "1 line of them named an unknown item"
    assert (sentence in ahead) == (sentence in done) == (policy == "dead_letter")


def test_a_dry_run_knows_the_types(tmp_path: Path) -> None:
    path = folder(tmp_path / "shop", events="user_id,item_id,type\nada,p1,hum\n")
    assert "Nothing in" in refused(path, "csv", "--dry-run")


def test_a_second_run_says_when_the_first_was(tmp_path: Path) -> None:
    films(tmp_path)
    run(tmp_path / "films", "movielens")
    assert "so nothing was done. --no-resume reads it again." in run(tmp_path / "films", "movielens")
    assert "0 events stored, 0 changed, 100 known already" in run(tmp_path / "films", "movielens", "--no-resume")


def test_columns_and_scale_can_be_named(tmp_path: Path) -> None:
    path = folder(tmp_path / "shop", events="who,what,points\nada,p1,9\n", items="item_id,title\np1,Emma\n")
    run(path, "csv", "--map", "user_id=who,item_id=what,value=points", "--scale", "0..10")
    event = Interaction.objects.get()
    assert (event.value, event.type.name, event.type.scale_max) == (9.0, "rating", 10.0)


def test_files_with_nothing_to_use_fail(tmp_path: Path) -> None:
    path = write(tmp_path, {"ratings.csv": "user_id,book_id,rating\n1,1,9\n"})
    message = refused(path, "goodbooks")
    assert message.startswith(f"Nothing in {tmp_path} could be used.")
    assert "1 line rejected" in message


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("movilens", [], "Unknown format 'movilens'. Known: bookcrossing, csv, goodbooks, gorse, jsonl, movielens."),
        ("csv", ["--scale", "5"], "is not of the form MIN..MAX"),
        ("csv", ["--map", "who=user"], "--map doesn't know who"),
        ("csv", ["--map", "user_id"], "is not of the form user_id=COLUMN"),
        ("csv", ["--batch-rows", "0"], "is not a number from 1 to 1000000"),
        ("goodbooks", ["--map", "user_id=who"], "--map and --scale are for csv and jsonl"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    tmp_path: Path, name: str, arguments: list[str], message: str
) -> None:
    path = folder(tmp_path / "shop", events="user_id,item_id\nada,p1\n")
    assert message in refused(path, name, *arguments)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere", "csv").startswith("There is no file or folder")


def test_a_path_and_a_format_are_needed() -> None:
    with pytest.raises(CommandError, match="the following arguments are required: PATH, --format"):
        call_command("import_data")


def test_it_can_be_called_from_other_commands(tmp_path: Path) -> None:
    films(tmp_path)
    options: dict[str, Any] = {"format": "movielens"}
    call_command("import_data", tmp_path / "films", **options, stdout=StringIO())
    assert Interaction.objects.count() == 100


def test_the_file_for_rejected_lines_is_never_one_that_is_read(tmp_path: Path) -> None:
    source = tmp_path / "ratings.csv"
    source.write_text("user_id,item_id,value\nada,emma,5\n")
    with pytest.raises(CommandError, match="one of the files to read"):
        run(source, "csv", "--dry-run", "--rejected", str(source))
    assert source.read_text().startswith("user_id")


def test_no_other_file_is_overwritten_with_rejected_lines(tmp_path: Path) -> None:
    source, notes = tmp_path / "ratings.csv", tmp_path / "notes.txt"
    source.write_text("user_id,item_id,value\nada,emma,5\n")
    notes.write_text("mine")
    with pytest.raises(CommandError, match="choose another name"):
        run(source, "csv", "--dry-run", "--rejected", str(notes))
    assert notes.read_text() == "mine"


def test_a_map_that_names_a_field_or_a_column_twice_is_refused(tmp_path: Path) -> None:
    for mapping in ("user_id=a,user_id=b,item_id=c", "user_id=a,item_id=a"):
        with pytest.raises((CommandError, SystemExit)):
            run(tmp_path, "csv", "--map", mapping)


def test_ratings_alone_are_told_how_they_get_their_items(tmp_path: Path) -> None:
    path = folder(tmp_path / "shop", events="user_id,item_id,value\nada,p1,4\nada,p2,5\n")
    said = refused(path, "csv")
    assert (
        "2 lines of them named an unknown item: import a file of items, or set UNKNOWN_ITEM_POLICY=placeholder" in said
    )


def test_items_that_lists_hide_are_told_with_the_way_to_show_them(tmp_path: Path) -> None:
    films(tmp_path)
    assert "hidden" not in run(tmp_path / "films", "movielens")
    Item.objects.filter(item_id__in=["1", "2"]).update(is_available=False)
    said = run(tmp_path / "films", "movielens", "--no-resume")
    assert "Items hidden from all lists: 2 of 10. To show them, select them in the admin (Items)" in said

"""Files of many shapes are shown as they are read, their columns are chosen, and bad ones get a sentence."""

import gzip
import io
import zipfile

import pytest

from catalog.models import EndUser, Item
from interactions.importing import files
from interactions.models import Interaction
from tests import factories
from tests.admin.imports import EVENTS, ITEMS, RATINGS, Callbacks, at, bring, check, load, outcome, read
from tests.admin.imports import _uploads as _uploads
from tests.admin.imports import clerk as clerk
from tests.admin.staff import Staff, words

pytestmark = pytest.mark.django_db


def test_users_are_read_from_lines_of_json_too(admin: Staff, django_capture_on_commit_callbacks: Callbacks) -> None:
    row = bring(admin, '{"user_id": "ada", "country": "GB"}\n', "people")
    admin.get(at(row))
    row.refresh_from_db()
    assert row.reading["format"] == "jsonl"
    check(admin, row, django_capture_on_commit_callbacks)
    assert "Users 1 0" in admin.page(at(row))
    load(admin, row, django_capture_on_commit_callbacks)
    assert EndUser.objects.get().demographics == {"country": "GB"}


def test_columns_of_other_names_are_chosen(admin: Staff, django_capture_on_commit_callbacks: Callbacks) -> None:
    factories.item("emma")
    row = bring(admin, "who,what,how much\nada,emma,4\n", "x.csv")
    assert "has no column item_id, user_id" in admin.page(at(row))
    chosen = {"kind": "events", "map-user_id": "who", "map-item_id": "what", "map-value": "how much"}
    read(admin, row, kind="events")
    page = admin.follow(read(admin, row, **chosen))
    assert "user_id item_id type value" in page
    check(admin, row, django_capture_on_commit_callbacks, **chosen)
    load(admin, row, django_capture_on_commit_callbacks)
    assert Interaction.objects.get().value == 4


def test_columns_of_items_and_users_are_chosen_as_well(
    admin: Staff, django_capture_on_commit_callbacks: Callbacks
) -> None:
    row = bring(admin, "code,heading\nemma,Emma\n", "x.csv")
    read(admin, row, kind="items")
    chosen = {"kind": "items", "map-item_id": "code", "map-title": "heading"}
    check(admin, row, django_capture_on_commit_callbacks, **chosen)
    load(admin, row, django_capture_on_commit_callbacks)
    assert Item.objects.get().title == "Emma"


def test_a_file_without_a_header_is_mapped_by_number(
    admin: Staff, django_capture_on_commit_callbacks: Callbacks
) -> None:
    factories.item("emma")
    row = bring(admin, "ada\temma\t4\n", "x.tsv")
    assert "2: emma" in admin.page(at(row))
    chosen = {"map-user_id": "1", "map-item_id": "2", "map-value": "3"}
    check(admin, row, django_capture_on_commit_callbacks, **chosen)
    load(admin, row, django_capture_on_commit_callbacks)
    assert Interaction.objects.get().value == 4


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("user_id,item_id,value\ru1,i1,5\ru2,i2,4", 2),
        ("sep=;\nuser_id;item_id;value\nu1;i1;5\n", 1),
        ('user_id, item_id, value\nu1, "i1", 5\nu2, "i,2", 4\n', 2),
        ("user_id,item_id,value,date\nu1,i1,5,20240115\nu2,i1,4,20240116\n", 2),
    ],
    ids=["cr-only", "excel-sep", "space-after-comma", "dates-as-numbers"],
)
def test_odd_files_are_previewed_as_they_are_read(admin: Staff, text: str, rows: int) -> None:
    row = bring(admin, text, "x.csv")
    admin.get(at(row))
    row.refresh_from_db()
    shown = admin.page(at(row))
    assert "u1 i1 rating 5" in shown
    assert ("u2" in shown) == (rows == 2)


def test_ids_that_are_nothing_are_refused_with_their_lines(admin: Staff) -> None:
    row = bring(admin, "user_id,item_id,type\nNULL,i1,view\nnan,i1,view\nada,i1,view\n")
    page = admin.page(at(row))
    assert "Refused among them" in page
    assert "2 user_id" in page


@pytest.mark.parametrize("packed", ["zip", "gz"])
def test_packed_files_are_read(admin: Staff, packed: str, django_capture_on_commit_callbacks: Callbacks) -> None:
    body = io.BytesIO()
    if packed == "zip":
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("shop/items.csv", ITEMS)
            archive.writestr("shop/events.csv", EVENTS)
    row = bring(
        admin, body.getvalue() or gzip.compress(RATINGS.encode()), "shop.zip" if body.getvalue() else "r.csv.gz"
    )
    check(admin, row, django_capture_on_commit_callbacks)
    assert outcome(row, "checked")["rows"] == (5 if packed == "zip" else 2)


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("x.csv", b"\x00\x01\x02\x03" * 50, "is not text"),
        ("x.csv", "user_id,item_id\n".encode("utf-16"), "is written in UTF-16. Save it as UTF-8."),
        ("x.xlsx", b"PK\x03\x04 no workbook", "Save the sheets of a workbook as CSV (UTF-8)."),
        ("x.csv.gz", gzip.compress(EVENTS.encode(), mtime=0)[:40], "breaks off or is damaged"),
        ("x.jsonl", b'[{"user_id": "ada"}]', "is one JSON array"),
        ("x.csv", b"one,two\n1,2\n", "has no column item_id, user_id; its first line is one, two. Choose the columns."),
    ],
)
def test_a_bad_file_gets_a_sentence(
    admin: Staff, name: str, body: bytes, sentence: str, django_capture_on_commit_callbacks: Callbacks
) -> None:
    row = bring(admin, body, name)
    page = admin.page(at(row))
    assert sentence in page
    assert "--map" not in page
    assert str(files.file_of(row)) not in page
    done = check(admin, row, django_capture_on_commit_callbacks)
    assert done.state == "failed"
    assert sentence in done.message
    assert sentence in admin.page(at(row))
    assert row.is_whole


@pytest.mark.parametrize("scale", ["5..1", "much", "1..inf"])
def test_a_wrong_scale_gets_a_sentence(admin: Staff, scale: str) -> None:
    row = bring(admin, RATINGS)
    answer = read(admin, row, scale=scale)
    assert "is not of the form MIN..MAX" in words(answer)

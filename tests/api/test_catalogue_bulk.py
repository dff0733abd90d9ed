"""POST /items/bulk and /users/bulk: rows are created or changed, and one that is wrong fails alone."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from catalog import bulk, snapshot, store, tasks
from catalog.models import Category, EndUser, Item
from interactions.models import Interaction
from interactions.store import store as store_events
from recsite.platform import ndjson
from recsite.platform.audit import SYSTEM
from recsite.platform.models import AuditEntry, Job
from tests import factories
from tests.api.clients import ApiClient, details

LINES = "application/x-ndjson"


@pytest.fixture(autouse=True)
def _uploads(settings: Any, tmp_path: Path) -> None:
    storage = {**settings.STORAGES["uploads"], "OPTIONS": {"location": str(tmp_path / "uploads")}}
    settings.STORAGES = {**settings.STORAGES, "uploads": storage}


def lines(*rows: Any) -> str:
    return "".join(row + "\n" if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


def statuses(answer: Any) -> list[tuple[int, str, str]]:
    assert answer.status_code == 200, answer.content
    return [(one["row"], one.get("item_id", one.get("user_id")), one["status"]) for one in answer.json()["results"]]


def test_each_row_creates_changes_or_fails_alone(api: ApiClient) -> None:
    factories.item("old", title="Old", tags=["kept"], features={"pages": 1})
    factories.item("same", title="Same", categories=[])
    rows = [
        {"item_id": "new", "title": "New", "categories": ["Fiction"], "published_at": "1815-12-23"},
        {"item_id": "old", "features": {"year": 1815}, "is_available": False},
        {"item_id": "same", "title": "Same"},
        {"item_id": "wrong", "title": 5, "colour": "red"},
        {"item_id": "untitled"},
        {"title": "Nameless"},
        "no object",
        {"item_id": "a/similar", "title": "x"},
        {"item_id": "ends", "title": "x", "available_from": "2026-02-01", "available_until": "2026-01-01"},
    ]
    answer = api.post("items/bulk", {"items": rows})
    assert statuses(answer) == [
        (1, "new", "created"),
        (2, "old", "updated"),
        (3, "same", "unchanged"),
        (4, "wrong", "refused"),
        (5, "untitled", "refused"),
        (6, None, "refused"),
        (7, None, "refused"),
        (8, "a/similar", "refused"),
        (9, "ends", "refused"),
    ]
    told = answer.json()
    assert {name: told[name] for name in ("created", "updated", "unchanged", "refused")} == {
        "created": 1,
        "updated": 1,
        "unchanged": 1,
        "refused": 6,
    }
    assert [set(one.get("errors", {})) for one in told["results"][3:]] == [
        {"title", "colour"},
        {"title"},
        {"item_id"},
        {"body"},
        {"item_id"},
        {"available_until"},
    ]
    old = Item.objects.get(item_id="old")
    assert (old.title, old.tags, old.features, old.is_available) == ("Old", ["kept"], {"year": 1815}, False)
    assert set(Item.objects.values_list("item_id", flat=True)) == {"old", "same", "new"}
    assert Category.objects.filter(name="Fiction").exists()
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.object_id, entry.after) == ("item.upsert", "2", {"created": 1, "updated": 1})


def test_rows_of_one_item_are_applied_in_their_order(api: ApiClient) -> None:
    rows = [{"item_id": "emma", "title": "Emma", "tags": ["a"]}, {"item_id": "emma", "tags": ["b"]}]
    assert [status for *_, status in statuses(api.post("items/bulk", {"items": rows}))] == ["created", "updated"]
    assert (Item.objects.get().title, Item.objects.get().tags) == ("Emma", ["b"])


def test_an_item_that_comes_twice_is_made_once(api: ApiClient) -> None:
    answer = api.post("items/bulk", {"items": [{"item_id": "b", "title": "B"}, {"item_id": "b", "title": "B again"}]})
    assert statuses(answer) == [(1, "b", "created"), (2, "b", "updated")]
    assert (answer.json()["created"], answer.json()["updated"]) == (1, 1)


def test_null_empties_a_time_and_nothing_else(api: ApiClient) -> None:
    factories.item("emma", available_until=factories.NOON, published_at=factories.NOON)
    api.post("items/bulk", {"items": [{"item_id": "emma", "available_until": None}]})
    emma = Item.objects.get()
    assert (emma.available_until, emma.published_at) == (None, factories.NOON)
    answer = api.post("items/bulk", {"items": [{"item_id": "emma", "tags": None}]})
    assert answer.json()["results"][0]["errors"] == {"tags": "A list is needed. This is null."}


def test_an_item_in_use_keeps_its_events_and_the_catalogue_in_memory_follows(api: ApiClient) -> None:
    emma = factories.item("emma")
    store_events([factories.event("ada", emma)])
    generation = snapshot.current().count
    api.post("items/bulk", {"items": [{"item_id": "emma", "title": "Ema"}, {"item_id": "x", "title": "X"}]})
    assert Interaction.objects.get().item.title == "Ema"
    snapshot.forget()
    assert snapshot.current().count == generation + 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_users_are_loaded_and_erased_ones_are_not() -> None:
    api = ApiClient()
    factories.person("ada", preferences={"tags": ["x"]}, demographics={"age": 36}, last_active=factories.NOON)
    factories.person("gone")
    store.erase_user_ids(["gone"])
    rows = [{"user_id": "ada", "demographics": {"age": 37}}, {"user_id": "gone"}, {"user_id": "ben"}]
    answer = api.post("users/bulk", {"users": rows})
    assert statuses(answer) == [(1, "ada", "updated"), (2, "gone", "erased"), (3, "ben", "created")]
    assert answer.json()["refused"] == 1
    ada = EndUser.objects.get(user_id="ada")
    assert (ada.preferences, ada.demographics, ada.last_active) == ({"tags": ["x"]}, {"age": 37}, factories.NOON)
    assert set(EndUser.objects.values_list("user_id", flat=True)) == {"ada", "ben"}


def test_a_line_that_is_wrong_fails_alone(api: ApiClient) -> None:
    body = lines(
        {"item_id": "a", "title": "A"},
        "",
        '{"item_id": "b", "title": "B"',
        json.dumps({"item_id": "c", "title": "C", "description": "x" * ndjson.LINE_BYTES}),
        '{"item_id": "d", "item_id": "e", "title": "D"}',
        {"item_id": "f", "title": "F"},
    )
    answer = api.post("items/bulk", body + '{"item_id": "g", "title": "G"}', LINES)
    assert statuses(answer) == [
        (1, "a", "created"),
        (3, None, "refused"),
        (4, None, "refused"),
        (5, None, "refused"),
        (6, "f", "created"),
        (7, "g", "created"),
    ]
    assert [one["errors"]["body"] for one in answer.json()["results"][1:4]] == [
        "The line must be JSON in UTF-8; this breaks off or is no JSON at line 2, column 1.",
        "A line has at most 1,048,576 bytes.",
        "The line must be JSON in UTF-8: 'item_id' stands more than once in one object.",
    ]


def test_lines_are_limited_one_by_one_and_not_by_the_size_of_bodies(api: ApiClient, settings: Any) -> None:
    settings.MAX_REQUEST_SIZE = 2000
    rows = [{"item_id": f"i{number}", "title": "x" * 100} for number in range(100)]
    answer = api.post("items/bulk", lines(*rows), LINES)
    assert answer.json()["created"] == 100
    assert api.post("items/bulk", {"items": rows}).status_code == 413
    assert api.post("items", lines(*rows), LINES).status_code == 413
    assert api.post("items/bulk", "x" * 3000, LINES).status_code == 413


def test_lines_may_be_packed(api: ApiClient) -> None:
    packed = gzip.compress(lines({"item_id": "a", "title": "A"}).encode())
    answer = api.post("items/bulk", packed, LINES, **{"Content-Encoding": "gzip"})
    assert statuses(answer) == [(1, "a", "created")]
    assert api.post("items/bulk", packed[:-4], LINES, **{"Content-Encoding": "gzip"}).status_code == 400


def test_very_many_lines_become_a_job_whose_rows_the_worker_finds(
    api: ApiClient, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.BULK_JOB_ROWS = 2
    body = lines({"item_id": "a", "title": "A"}, "broken", {"item_id": "b", "title": "B"})
    answer = api.post("items/bulk", body, LINES)
    job = Job.objects.get()
    assert (answer.status_code, answer["Location"], answer.json()["id"]) == (202, f"/api/v1/jobs/{job.pk}", job.pk)
    assert (job.kind, job.title) == ("bulk", "Load 3 items")
    (upload,) = storages["uploads"].listdir("bulk")[1]
    assert not Item.objects.exists()
    tasks.load_many(job.pk, "item", f"bulk/{upload}")
    job.refresh_from_db()
    assert (job.state, job.message) == ("succeeded", "3 items: 2 created, 1 refused.")
    assert "Line 2: body: The line must be JSON" in job.log
    assert storages["uploads"].listdir("bulk")[1] == []
    assert Item.objects.count() == 2
    assert AuditEntry.objects.get(verb="item.upsert").actor_kind == "key"


def test_a_job_whose_rows_are_gone_says_what_to_do(db: None) -> None:
    job = Job.objects.create(kind="bulk", title="Load")
    tasks.load_many(job.pk, "item", "bulk/nothing.ndjson")
    job.refresh_from_db()
    assert (job.state, job.message) == (
        "failed",
        "What was sent is gone: web server and worker share no UPLOAD_STORAGE_PATH.",
    )


def test_too_many_rows_are_refused_before_anything_is_stored(api: ApiClient, settings: Any) -> None:
    settings.BULK_JOB_ROWS, settings.BULK_MAX_ROWS = 2, 3
    rows = [{"item_id": str(number), "title": "x"} for number in range(4)]
    assert details(api.post("items/bulk", {"items": rows}))["items"].startswith("At most 2 at once; these are 4.")
    answer = api.post("items/bulk", lines(*rows), LINES)
    assert answer.status_code == 413
    assert "At most 3 lines are possible at once." in answer.json()["error"]["message"]
    assert not Item.objects.exists()


@pytest.mark.parametrize("body", [{}, {"items": []}, {"items": "x"}, [], {"items": [1], "users": []}])
def test_an_envelope_that_is_wrong_is_explained(api: ApiClient, body: Any) -> None:
    assert details(api.post("items/bulk", body))


def test_an_empty_body_of_lines_is_refused(api: ApiClient) -> None:
    assert api.post("items/bulk", "", LINES).status_code == 400


def test_what_the_database_can_not_store_fails_alone(db: None) -> None:
    """A fault that no check of ours knows: the batch is halved until the row is alone."""
    groups = ["g", "g", "g", "g" * 300, "g"]
    rows = [bulk.Row(number, f"i{number}", {"title": "x", "group": group}) for number, group in enumerate(groups)]
    bulk._load(bulk.ITEMS, rows, SYSTEM)
    assert [row.status for row in rows] == ["created", "created", "created", "refused", "created"]
    assert rows[3].errors == bulk.NOT_STORABLE


def test_batches_are_bounded_by_rows_and_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH_ROWS", 3)
    monkeypatch.setattr(bulk, "BATCH_BYTES", 10)

    def some() -> Iterator[tuple[int, bytes]]:
        yield from enumerate([b"x", b"x", b"x", b"x" * 10, b"x"], 1)

    assert [[number for number, _ in batch] for batch in bulk._batches(some())] == [[1, 2, 3], [4], [5]]

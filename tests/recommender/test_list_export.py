"""Everybody's lists go into a file, as they would be answered, by a job or by a command."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import EndUser
from recommender import tasks
from recommender.insight import impressions
from recommender.models import ListImpression
from recommender.serving import Request, list_export
from recsite.model_settings import export_storage
from recsite.platform import jobs
from recsite.platform.audit import SYSTEM
from recsite.platform.exceptions import Invalid
from recsite.platform.models import AuditEntry, Job
from tests.api.clients import ApiClient, details
from tests.api.conftest import shop as shop  # a fixture
from tests.recommender.fixtures import Shop, ask, ids

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    storage = {**settings.STORAGES["exports"], "OPTIONS": {"location": str(tmp_path / "exports")}}
    settings.STORAGES = {**settings.STORAGES, "exports": storage}
    return tmp_path


def exported(format_: str = "jsonl", **asked: Any) -> str:
    file = io.BytesIO()
    list_export.export(file, Request(is_shown=False, **asked), format_)
    return file.getvalue().decode()


def test_each_user_has_the_list_that_an_answer_would_have(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_export, "BLOCK", 2)
    lists = [json.loads(line) for line in exported(limit=4).splitlines()]
    assert [one["user_id"] for one in lists] == ["ada", "ben", "cleo"]
    for one in lists:
        assert [item["item_id"] for item in one["items"]] == ids(ask(one["user_id"], limit=4))
    impressions.flush()
    assert set(ListImpression.objects.values_list("user_id", flat=True)) == {"ada", "ben", "cleo"}
    assert ListImpression.objects.count() == 3, "The export counted its own lists as shown."


def test_a_table_has_a_row_for_each_item(shop: Shop) -> None:
    rows = list(csv.DictReader(io.StringIO(exported("csv", limit=3))))
    assert len(rows) == 9
    assert tuple(rows[0]) == list_export.COLUMNS
    assert [(row["user_id"], row["rank"], row["item_id"]) for row in rows[:3]] == [
        ("ada", str(rank), item) for rank, item in enumerate(ids(ask("ada", limit=3)), 1)
    ]


def test_a_job_writes_into_the_storage_and_records_where_asked(shop: Shop) -> None:
    EndUser.objects.filter(pk=shop.ada.pk).update(last_active=timezone.now() - timedelta(days=1))
    EndUser.objects.exclude(pk=shop.ada.pk).update(last_active=timezone.now() - timedelta(days=90))
    job = jobs.create("export_lists", "Export lists", actor=SYSTEM)
    since = (timezone.now() - timedelta(days=7)).isoformat()
    tasks.export_lists(job.pk, {"limit": 2, "active_since": since, "record": True, "placement": "default"})
    done = Job.objects.get(pk=job.pk)
    assert done.state == Job.State.SUCCEEDED
    assert done.message.startswith("The lists of 1 user are in lists-")
    (name,) = storages["exports"].listdir("")[1]
    entry = AuditEntry.objects.get(verb="lists.export")
    assert (entry.actor, entry.object_id, entry.after["users"]) == (SYSTEM.name, name, 1)
    told = json.loads(storages["exports"].open(name).read())
    assert (told["user_id"], len(told["items"])) == ("ada", 2)
    impressions.flush()
    assert str(ListImpression.objects.get().recommendation_id) == told["recommendation_id"]


def test_what_could_not_be_written_is_refused_before_a_job_begins(shop: Shop) -> None:
    api = ApiClient()
    assert details(api.post("recommendations/export", {"format": "xml"})).keys() == {"format"}
    assert details(api.post("recommendations/export", {"placement": "nowhere"})).keys() == {"placement"}
    assert details(api.post("recommendations/export", {"user_ids": ["ada"]})).keys() == {"user_ids"}
    assert not Job.objects.exists()
    answer = api.post("recommendations/export", {"format": "csv", "active_since": "2026-04-01", "limit": 3})
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/v1/jobs/{Job.objects.get().pk}")


def test_parquet_has_the_rows_of_csv_with_types(shop: Shop) -> None:
    file = io.BytesIO()
    list_export.export(file, Request(is_shown=False), "parquet")
    table = pq.read_table(io.BytesIO(file.getvalue()))
    rows = list(csv.DictReader(io.StringIO(exported("csv"))))
    assert table.column_names == list(rows[0])
    assert [(row["user_id"], row["item_id"]) for row in table.to_pylist()] == [
        (row["user_id"], row["item_id"]) for row in rows
    ]
    assert table.column("rank").to_pylist() == [int(row["rank"]) for row in rows]


def test_parquet_needs_its_package(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_export, "find_spec", lambda _: None)
    with pytest.raises(Invalid, match="Parquet needs the package pyarrow"):
        exported("parquet")


def test_a_command_writes_a_file(shop: Shop, tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("export_lists", str(tmp_path / "lists.csv"), "--limit", "2", stdout=out)
    assert out.getvalue().startswith(f"The lists of 3 users are in {tmp_path}/lists.csv (")
    assert len((tmp_path / "lists.csv").read_text().splitlines()) == 7
    assert AuditEntry.objects.get(verb="lists.export").actor == "export_lists"
    for wrong in (["--limit", "0"], ["--active-since", "yesterday"], ["--algorithm", "magic"], ["--placement", "x"]):
        with pytest.raises(CommandError):
            call_command("export_lists", str(tmp_path / "lists.jsonl"), *wrong)


def test_exports_go_beside_the_models_in_their_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = {"BACKEND": "a.Bucket", "OPTIONS": {"bucket_name": "shop", "location": "ours"}}
    assert export_storage(tmp_path, bucket)["OPTIONS"] == {"bucket_name": "shop", "location": "ours/exports"}
    folder = {"BACKEND": "a.Folder", "OPTIONS": {"location": "/models"}}
    assert export_storage(tmp_path, folder)["OPTIONS"] == {"location": str(tmp_path / "exports")}
    monkeypatch.setenv("EXPORT_STORAGE_PATH", "/mnt/out")
    assert export_storage(tmp_path, bucket)["OPTIONS"] == {"location": "/mnt/out"}

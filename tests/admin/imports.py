"""What the tests of imports share: files to bring, and the steps that staff and the worker do."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

from interactions import tasks
from interactions.models import FileImport
from recsite.platform.models import Job
from tests.admin.staff import Staff, job, waiting, words

PAGE, UPLOAD = "/admin/imports/", "/admin/imports/upload/"
EVENTS = (
    "user_id,item_id,type,date\nada,emma,view,2026-05-01\nben,emma,purchase,2026-05-02\nben,nothing,view,2026-05-03\n"
)
RATINGS = "user_id,item_id,value\nu1,i1,5\nu2,i2,4\n"
ITEMS = "sku;name;genre\nemma;Emma;Novels\npersuasion;Persuasion;Novels\n;Nameless;Novels\n"
USERS = "user_id,country\nada,GB\nben,FR\n"
Callbacks = Any


@pytest.fixture(autouse=True)
def _uploads(settings: Any, tmp_path: Path) -> None:
    storage = {**settings.STORAGES["uploads"], "OPTIONS": {"location": str(tmp_path / "uploads")}}
    settings.STORAGES = {**settings.STORAGES, "uploads": storage}


@pytest.fixture
def clerk(db: None) -> Staff:
    """Staff who may bring files, and not delete events."""
    return Staff("clerk", "interactions.view_fileimport", "interactions.add_fileimport")


def bring(staff: Staff, text: str | bytes, name: str = "events.csv") -> FileImport:
    body = text.encode() if isinstance(text, str) else text
    answer = staff.post(PAGE, file=SimpleUploadedFile(name, body))
    assert answer.status_code == 302, words(answer)
    return FileImport.objects.latest("pk")


def press(staff: Staff, row: FileImport, button: str) -> HttpResponse:
    fields: dict[str, Any] = {button: ""}
    return staff.post(at(row), **fields)


def outcome(row: FileImport, name: str = "outcome") -> dict[str, Any]:
    """What the import, or the check, counted."""
    row.refresh_from_db()
    counts: dict[str, Any] = getattr(row, name)["counts"]
    return counts


def at(row: FileImport) -> str:
    return f"{PAGE}{row.pk}/"


def read(staff: Staff, row: FileImport, button: str = "read", **fields: Any) -> Any:
    """Presses a button below the boxes, with what they say unless `fields` say otherwise."""
    staff.get(at(row))
    row.refresh_from_db()
    chosen: dict[str, Any] = {name: row.reading[name] for name in ("format", "kind", "scale")}
    return staff.post(at(row), **(chosen | fields | {button: ""}))


def work() -> Job:
    """Does what the latest job has to do."""
    latest = job()
    name, arguments = next(one for one in waiting() if one[1].get("job_id") == latest.pk)
    getattr(tasks, name)(**arguments)
    latest.refresh_from_db()
    return latest


def check(staff: Staff, row: FileImport, callbacks: Callbacks, **fields: Any) -> Job:
    with callbacks(execute=True):
        read(staff, row, "check", **fields)
    return work()


def load(staff: Staff, row: FileImport, callbacks: Callbacks, button: str = "load") -> Job:
    with callbacks(execute=True):
        press(staff, row, button)
    return work()

"""Staff check a file, import it in the worker, get what was refused, do it again, and take it back."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import EndUser, Item
from interactions import tasks
from interactions.importing import files
from interactions.importing.rejections import redact_files
from interactions.models import ImportRun, Interaction
from interactions.store import store
from recsite.platform import jobs
from recsite.platform.audit import SYSTEM
from recsite.platform.locks import AlreadyRunning, exclusive
from recsite.platform.models import AuditEntry, Job
from tests import factories
from tests.admin.imports import (
    EVENTS,
    ITEMS,
    PAGE,
    RATINGS,
    UPLOAD,
    Callbacks,
    at,
    bring,
    check,
    load,
    outcome,
    press,
    read,
)
from tests.admin.imports import _uploads as _uploads
from tests.admin.imports import clerk as clerk
from tests.admin.staff import Staff

pytestmark = pytest.mark.django_db


def test_files_are_read_one_by_one_and_the_next_one_tries_again(
    clerk: Staff, django_capture_on_commit_callbacks: Callbacks
) -> None:
    row = bring(clerk, EVENTS)
    with django_capture_on_commit_callbacks(execute=True):
        read(clerk, row, "check")
    job = Job.objects.get()
    with exclusive(tasks.FILES), pytest.raises(AlreadyRunning):
        tasks.import_check(job.pk, row.pk)
    job.refresh_from_db()
    assert job.state == "queued"
    tasks.import_check(job.pk, row.pk)
    job.refresh_from_db()
    assert job.state == "succeeded"


def test_a_file_is_checked_imported_and_told_of(clerk: Staff, django_capture_on_commit_callbacks: Callbacks) -> None:
    factories.item("emma")
    row = bring(clerk, EVENTS)
    page = clerk.page(at(row))
    assert "Its first rows, as they are read" in page
    assert "2026-05-02" in page
    done = check(clerk, row, django_capture_on_commit_callbacks)
    assert (done.state, Interaction.objects.count(), EndUser.objects.count()) == ("succeeded", 0, 0)
    page = clerk.page(at(row))
    assert "What an import would do" in page
    assert "Events 2 0 0 Items 0 0 Users 2 0" in page
    assert "1 line refused Why Lines unknown item 1" in page
    done = load(clerk, row, django_capture_on_commit_callbacks)
    assert done.state == "succeeded"
    assert "2 events stored" in done.message
    assert Interaction.objects.count() == 2
    page = clerk.page(at(row))
    assert "What it brought" in page
    assert "2 events, 2 users; 1 refused" in clerk.page(PAGE)
    rejected = b"".join(clerk.get(at(row), rejected="import"))
    assert rejected.splitlines()[1] == b'events.csv,4,unknown item nothing,"ben,nothing,view,"'
    entry = AuditEntry.objects.get(verb="import.finish")
    assert (entry.actor, entry.after["stored"]) == ("clerk", 2)


def test_a_check_foresees_what_the_import_then_does(
    admin: Staff, django_capture_on_commit_callbacks: Callbacks
) -> None:
    old = "user_id,item_id,value,date\nu1,i1,2,2026-05-01\nu2,i1,3,2026-05-01\n"
    factories.item("i1")
    row = bring(admin, old)
    check(admin, row, django_capture_on_commit_callbacks)
    load(admin, row, django_capture_on_commit_callbacks)
    row = bring(admin, old.replace("i1,2", "i1,5") + "u3,i1,4,2026-05-01\n", "later.csv")
    check(admin, row, django_capture_on_commit_callbacks)
    load(admin, row, django_capture_on_commit_callbacks)
    foreseen, brought = outcome(row, "checked"), outcome(row)
    assert (foreseen["stored"], foreseen["changed"], foreseen["duplicates"]) == (1, 1, 1)
    same = ("rows", "stored", "changed", "duplicates", "rejected", "users", "items")
    assert {name: foreseen[name] for name in same} == {name: brought[name] for name in same}


def test_items_are_new_or_changed_or_refused(admin: Staff, django_capture_on_commit_callbacks: Callbacks) -> None:
    factories.item("emma", title="Something else")
    row = bring(admin, ITEMS, "goods.csv")
    assert "Items" in admin.page(at(row))
    check(admin, row, django_capture_on_commit_callbacks)
    page = admin.page(at(row))
    assert "Items 1 1" in page
    assert "1 line refused Why Lines item_id is empty 1" in page
    load(admin, row, django_capture_on_commit_callbacks)
    assert Item.objects.get(item_id="emma").title == "Emma"
    assert outcome(row)["items"] == {"added": 1, "changed": 1}
    assert "It stored no event." in admin.page(at(row))


def test_an_import_is_of_what_was_checked(admin: Staff, django_capture_on_commit_callbacks: Callbacks) -> None:
    row = bring(admin, RATINGS)
    assert "Check the file as it is read now" in admin.follow(admin.post(at(row), load=""))
    check(admin, row, django_capture_on_commit_callbacks)
    read(admin, row, scale="1..10")
    assert "check it again" in admin.page(at(row))
    assert "Check the file as it is read now" in admin.follow(admin.post(at(row), load=""))
    assert not Job.objects.filter(title__startswith="Import").exists()


def test_one_job_works_on_a_file_at_a_time(admin: Staff) -> None:
    row = bring(admin, RATINGS)
    row.job = jobs.create("import", "Import events.csv")
    row.save()
    assert "at work" in admin.page(at(row))
    for button in ("load", "again", "undo", "check", "discard"):
        assert "A job is at work on this file" in admin.follow(press(admin, row, button))
    assert Job.objects.count() == 1


def test_an_import_is_taken_back(admin: Staff, django_capture_on_commit_callbacks: Callbacks) -> None:
    factories.item("emma")
    before = factories.event("cleo", "emma")
    store([before])
    row = bring(admin, EVENTS)
    check(admin, row, django_capture_on_commit_callbacks)
    load(admin, row, django_capture_on_commit_callbacks)
    assert Interaction.objects.count() == 3
    done = load(admin, row, django_capture_on_commit_callbacks, "undo")
    assert done.message == "2 events deleted that events.csv had brought. Its users and items stay."
    assert Interaction.objects.get().event_id == before.event_id
    assert not ImportRun.objects.exists()
    assert AuditEntry.objects.get(verb="import.undo").after["deleted"] == 2
    assert "undone" in admin.page(PAGE)
    assert "It is undone already." in admin.follow(admin.post(at(row), undo=""))
    load(admin, row, django_capture_on_commit_callbacks)
    assert Interaction.objects.count() == 3


def test_what_can_not_be_taken_back_says_why(
    admin: Staff, clerk: Staff, django_capture_on_commit_callbacks: Callbacks
) -> None:
    factories.item("i1")
    text = "user_id,item_id,value,date\nu1,i1,2,2026-05-01\n"
    row = bring(admin, text)
    assert "Only an import that came to its end" in admin.follow(admin.post(at(row), undo=""))
    check(admin, row, django_capture_on_commit_callbacks)
    load(admin, row, django_capture_on_commit_callbacks)
    assert clerk.post(at(row), undo="").status_code == 403
    later = bring(admin, text.replace("i1,2", "i1,5"), "later.csv")
    check(admin, later, django_capture_on_commit_callbacks)
    load(admin, later, django_capture_on_commit_callbacks)
    assert "their former values are not kept" in admin.page(at(later))
    assert "their former values are not kept" in admin.follow(admin.post(at(later), undo=""))
    files.discard(row, actor=SYSTEM)
    assert "Its file is not kept any more" in admin.follow(admin.post(at(row), undo=""))
    assert Interaction.objects.count() == 1


def test_importing_again_changes_nothing(admin: Staff, django_capture_on_commit_callbacks: Callbacks) -> None:
    factories.item("emma")
    row = bring(admin, EVENTS)
    check(admin, row, django_capture_on_commit_callbacks)
    load(admin, row, django_capture_on_commit_callbacks)
    done = load(admin, row, django_capture_on_commit_callbacks, "again")
    assert "0 events stored, 0 changed, 2 known already" in done.message
    assert Interaction.objects.count() == 2


def test_refused_lines_forget_users_who_are_erased(admin: Staff, django_capture_on_commit_callbacks: Callbacks) -> None:
    row = bring(admin, f"{EVENTS}ada,nothing,view,2026-05-04\n")
    check(admin, row, django_capture_on_commit_callbacks)
    rejected = files.rejected_of(row, files.CHECKED)
    assert "ben" in rejected.read_text()
    redact_files(["ben"])
    assert "ben" not in rejected.read_text()
    assert "ada" in rejected.read_text()


def test_who_may_only_look_sees_no_row_and_does_nothing(
    viewer: Staff, clerk: Staff, django_capture_on_commit_callbacks: Callbacks
) -> None:
    row = bring(clerk, EVENTS)
    check(clerk, row, django_capture_on_commit_callbacks)
    page = viewer.get(at(row)).content.decode()
    assert "What an import would do" in page
    assert "2026-05-01" not in page
    assert 'name="load"' not in page
    assert "Bring a file" not in viewer.page(PAGE)
    assert viewer.get(at(row), rejected="check").status_code == 403
    for button in ("load", "again", "undo", "check", "read", "discard"):
        assert press(viewer, row, button).status_code == 403
    assert viewer.post(PAGE, file=SimpleUploadedFile("a.csv", b"x")).status_code == 403
    assert viewer.post(UPLOAD).status_code == 403
    assert Staff("other", "catalog.view_item").get(PAGE).status_code == 403


def test_lines_that_are_not_kept_any_more_are_not_found(admin: Staff) -> None:
    row = bring(admin, EVENTS)
    for by in ("check", "import", "../../x"):
        assert admin.get(at(row), rejected=by).status_code == 404


def test_the_pages_need_few_queries(admin: Staff) -> None:
    for number in range(20):
        row = bring(admin, EVENTS, f"{number}.csv")
    admin.page(at(row))
    for address in (PAGE, at(row)):
        with CaptureQueriesContext(connection) as asked:
            answer = admin.get(address)
        assert len(asked) <= 15, [one["sql"][:100] for one in asked]
        assert len(answer.content) < 150_000

"""On Activity, who may make a change may take it back, unless the row has changed since; that is recorded, too."""

from typing import Any

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from catalog import opting_out, store
from catalog.changes import LONGEST_VALUE
from catalog.models import Category, EndUser, Item
from interactions.models import InteractionType
from recommender import merchandising
from recommender.models import Placement, TrainingPlan
from recsite.platform import undo
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry
from recsite.roles import MERCHANDISER, OPERATOR, VIEWER
from recsite.undo_table import UNDO
from tests import factories
from tests.admin.staff import Staff, member
from tests.admin.test_audited import address, filled_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/platform/auditentry/"
CLERK = Actor.command("clerk")


def latest() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


def press(staff: Staff, entry: AuditEntry) -> str:
    """Press *Undo*, say yes, and return what the page says."""
    return staff.follow(staff.act(f"{PAGE}{entry.pk}/undo/"))


def edit(staff: Staff, row: Any, **fields: Any) -> AuditEntry:
    """Change a row by its form, and return the entry of that."""
    path = address(row, "change")
    answer = staff.client.post(path, filled_in(staff, path) | fields)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return latest()


def hide(item: Item) -> AuditEntry:
    store.set_available(Item.objects.filter(pk=item.pk), False, actor=CLERK)
    return latest()


def test_a_hidden_item_is_shown_again_by_who_may_hide_it(db: None) -> None:
    emma = factories.item("emma")
    entry = hide(emma)
    staff = member(MERCHANDISER)
    assert f"{PAGE}{entry.pk}/undo/" in staff.get(PAGE).content.decode()
    asked = staff.page(f"{PAGE}{entry.pk}/undo/")
    assert "clerk did hide item emma just now." in asked
    assert "is_available: True → False" in asked
    assert "is taken back by item.show" in press(staff, entry)
    emma.refresh_from_db()
    assert emma.is_available
    done = latest()
    assert (done.verb, done.actor, done.undoes, done.reason) == (
        "item.show",
        "merchandiser",
        entry,
        f"Undo of change {entry.pk}.",
    )
    page = staff.get(PAGE).content.decode()
    assert f"{PAGE}{entry.pk}/undo/" not in page
    assert "by merchandiser" in page


@pytest.mark.parametrize("role", [VIEWER, OPERATOR])
def test_who_may_not_make_the_change_may_not_take_it_back(db: None, role: str) -> None:
    emma = factories.item("emma")
    entry, staff = hide(emma), member(role)
    assert f"{PAGE}{entry.pk}/undo/" not in staff.get(PAGE).content.decode()
    assert "Undo this change" not in staff.get(f"{PAGE}{entry.pk}/change/").content.decode()
    assert staff.act(f"{PAGE}{entry.pk}/undo/").status_code == 403
    emma.refresh_from_db()
    assert not emma.is_available


def test_it_asks_first(admin: Staff) -> None:
    emma = factories.item("emma")
    entry = hide(emma)
    assert "Undo this change?" in admin.page(f"{PAGE}{entry.pk}/undo/")
    emma.refresh_from_db()
    assert not emma.is_available


def test_a_row_that_has_changed_since_is_left_alone(admin: Staff) -> None:
    emma = factories.item("emma", title="Emma")
    first = edit(admin, emma, title="Emma, a novel")
    edit(admin, emma, title="Emma: a novel in three volumes")
    before = AuditEntry.objects.count()
    assert "The title has changed since" in press(admin, first)
    emma.refresh_from_db()
    assert emma.title == "Emma: a novel in three volumes"
    assert AuditEntry.objects.count() == before


def test_it_is_done_once(admin: Staff) -> None:
    emma = factories.item("emma")
    entry = hide(emma)
    press(admin, entry)
    hide(emma)
    assert "admin has undone it already" in press(admin, entry)
    page = admin.get("/admin/platform/auditentry/").content.decode()
    assert 'by admin, <span class="rs-line"' in page
    assert "&lt;span" not in page
    emma.refresh_from_db()
    assert not emma.is_available


def test_an_undo_can_be_undone(admin: Staff) -> None:
    emma = factories.item("emma")
    press(admin, hide(emma))
    press(admin, latest())
    emma.refresh_from_db()
    assert not emma.is_available


def test_an_item_gets_back_what_it_was(admin: Staff) -> None:
    emma = factories.item("emma", title="Emma", categories=["Novels"])
    before = Item.objects.values().get(pk=emma.pk)
    entry = edit(
        admin, emma, title="Emma!", categories="Plays\nPoems", published_at_0="2020-05-17", published_at_1="9:00"
    )
    assert set(entry.after) == {"title", "categories", "published_at"}
    press(admin, entry)
    assert Item.objects.values().get(pk=emma.pk) == before | {"updated_at": Item.objects.get().updated_at}


def test_what_the_record_does_not_hold_is_not_put_back(admin: Staff) -> None:
    emma = factories.item("emma", description="Long " * LONGEST_VALUE)
    entry = edit(admin, emma, description="Short.")
    assert "no more than the beginning of the description" in press(admin, entry)
    gone = edit(admin, emma, title="Emma!")
    store.delete_items(Item.objects.all(), actor=CLERK)
    assert "The item is gone" in press(admin, gone)


def test_of_very_many_the_record_names_none(admin: Staff) -> None:
    items = [factories.item(f"item-{number}") for number in range(101)]
    store.set_available(Item.objects.all(), False, actor=CLERK)
    entry = latest()
    assert entry.object_id == f"{len(items)} items"
    assert f"{PAGE}{entry.pk}/undo/" not in admin.get(PAGE).content.decode()
    assert "change the object itself" in press(admin, entry)


def test_a_user_who_was_opted_out_takes_part_again(db: None) -> None:
    opting_out.opt_out("ada", actor=CLERK)
    entry, staff = latest(), member(OPERATOR)
    opting_out.opt_out("ben", actor=CLERK)
    press(staff, entry)
    assert list(EndUser.objects.filter(opted_out_at=None).values_list("user_id", flat=True)) == ["ada"]
    assert latest().verb == "opt_in"
    opting_out.opt_out("ada", actor=CLERK)
    again = latest()
    opting_out.opt_in("ada", actor=CLERK)
    assert "not out by this change any more" in press(staff, again)


def test_a_placement_gets_back_its_description(db: None) -> None:
    staff, row = member(MERCHANDISER), Placement.objects.get(name="default")
    entry = edit(staff, row, description="Told anew.")
    press(staff, entry)
    row.refresh_from_db()
    assert row.description == ""
    assert (latest().verb, latest().object_id) == ("placement.change", "default")
    assert (latest().before, latest().after) == (entry.after, entry.before)


def test_what_a_placement_showed_before_is_published_again(db: None) -> None:
    staff = member(MERCHANDISER)
    home = merchandising.create("home", "user", actor=CLERK)
    held = merchandising.save_draft(home, {"count": 8}, 0, actor=CLERK)
    merchandising.publish(held, 1, actor=CLERK)
    entry = latest()
    assert "is taken back by placement.revert" in press(staff, entry)
    live = merchandising.find("home").live
    assert live is not None
    assert (live.number, live.reverts_to, live.settings["count"], live.note) == (3, 1, None, "Undo of revision 2.")
    again = latest()
    merchandising.revert(home, 2, actor=CLERK)
    assert "Revision 4 of home was published since. Its history returns to any revision" in press(staff, again)


def test_a_type_gets_back_its_weight(db: None) -> None:
    staff, kind = member(OPERATOR), InteractionType.objects.get(name="view")
    press(staff, edit(staff, kind, weight="7"))
    assert InteractionType.objects.get(name="view").weight == kind.weight


def test_a_scheduled_task_is_switched_on_again_and_runs_as_often_as_before(db: None) -> None:
    staff = member(OPERATOR)
    hourly = IntervalSchedule.objects.create(every=1, period="hours")
    task = PeriodicTask.objects.create(name="Warm", task="recommender.tasks.warm", interval=hourly)
    staff.post("/admin/django_celery_beat/periodictask/", action="disable_tasks", _selected_action=[task.pk])
    press(staff, latest())
    press(staff, edit(staff, task, how="daily", at="03:00", days="1"))
    task.refresh_from_db()
    assert (task.enabled, task.interval, task.crontab) == (True, hourly, None)
    moved = edit(staff, task, number="24")
    assert (moved.before, moved.after) == ({"when": "every hour"}, {"when": "every 24 hours"})
    edit(staff, task, number="12")
    assert "It runs every 12 hours since" in press(staff, moved)


def test_a_category_and_a_training_plan_are_as_they_were(admin: Staff) -> None:
    novels = Category.objects.create(name="Novels", description="Prose.")
    press(admin, edit(admin, novels, description="Told anew."))
    novels.refresh_from_db()
    assert novels.description == "Prose."
    plan = TrainingPlan.objects.create(algorithm="svd")
    press(admin, edit(admin, plan, held="It rests."))
    plan.refresh_from_db()
    assert plan.held == ""


def test_other_verbs_have_no_button(admin: Staff) -> None:
    store.delete_items(Item.objects.filter(pk=factories.item("emma").pk), actor=CLERK)
    entry = latest()
    assert entry.verb not in UNDO
    assert admin.act(f"{PAGE}{entry.pk}/undo/").status_code == 403
    with pytest.raises(undo.CannotUndo, match="change the object itself"):
        undo.undo(entry.pk, actor=CLERK)

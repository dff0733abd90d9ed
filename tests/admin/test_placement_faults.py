"""Something is gone while staff preview and publish: a sentence, nothing half done, and lists go on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection

from catalog import store
from catalog.models import Item
from recommender import merchandising
from recommender.models import Placement
from recsite.platform.audit import SYSTEM
from recsite.platform.models import AuditEntry
from tests.admin.staff import Staff, words
from tests.outages import no_postgres, start_afresh, stoppable_redis
from tests.recommender.fixtures import Shop, ask, ids, look_again

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
PIN = {"does": "pin", "item": "poem-5", "position": 1}


@pytest.fixture
def home(shop: Shop) -> Placement:
    merchandising.create("home", "user", values={"new_item_share": 0}, actor=SYSTEM)
    return merchandising.find("home")


def page(placement: Placement, name: str) -> str:
    return f"/admin/recommender/placement/{placement.pk}/{name}/"


def drafted(placement: Placement, *rules: dict[str, Any]) -> Placement:
    settings = {"new_item_share": 0, "rules": list(rules)}
    return merchandising.save_draft(placement, settings, placement.draft_version, actor=SYSTEM)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("draft", {"version": 1, "new_item_share": 0, "count": 3}),
        ("preview", {"version": 1, "new_item_share": 0, "subject": "chosen", "subject_id": "ada"}),
        ("publish", {"version": 1, "live": 1}),
        ("revert", {"to": 1, "live": 1}),
        ("discard", {"version": 1}),
    ],
)
def test_without_the_database_nothing_is_done_and_the_same_click_does_it_afterwards(
    admin: Staff, home: Placement, name: str, sent: dict[str, Any]
) -> None:
    before = drafted(home, PIN).draft
    shown = ids(ask("ada", placement="home", limit=3))
    with no_postgres():
        refused = admin.post(page(home, name), **sent)
        assert ids(ask("ada", placement="home", limit=3)) == shown
    assert refused.status_code == 503
    assert "Try again in some seconds." in words(refused)
    held = merchandising.find("home")
    assert (held.draft, held.draft_version, held.revisions.count()) == (before, 1, 1)
    start_afresh()
    assert admin.post(page(home, name), **sent).status_code < 400


def failing_at(table: str) -> Callable[..., Any]:
    """Every row that is written to the table fails."""

    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if f'INSERT INTO "{table}"' in sql:
            raise DatabaseError("disk full")
        return run(sql, *rest)

    return execute


@pytest.mark.parametrize("table", ["recommender_placementrevision", "platform_auditentry"])
def test_what_fails_on_its_way_publishes_nothing_and_keeps_the_draft(admin: Staff, home: Placement, table: str) -> None:
    before = drafted(home, PIN).draft
    recorded = AuditEntry.objects.count()
    with connection.execute_wrapper(failing_at(table)):
        assert admin.post(page(home, "publish"), version=1, live=1).status_code >= 500
    held = merchandising.find("home")
    assert held.live is not None
    assert (held.draft, held.live.number, held.revisions.count()) == (before, 1, 1)
    assert AuditEntry.objects.count() == recorded
    assert admin.post(page(home, "publish"), version=1, live=1).status_code == 302
    look_again()
    assert ids(ask("ada", placement="home"))[0] == "poem-5"


def test_without_redis_staff_preview_and_publish_and_lists_follow(
    admin: Staff, home: Placement, tmp_path: Path, settings: Any
) -> None:
    drafted(home, PIN)
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        shown = admin.get(page(home, "draft"))
        assert shown.status_code == 200
        assert "pinned" in words(shown)
        assert admin.post(page(home, "publish"), version=1, live=1).status_code == 302
        look_again()
        assert ids(ask("ada", placement="home"))[0] == "poem-5"
    # Processes that knew only Redis hear of it as soon as it is back.
    look_again()
    assert ask("ada", placement="home").placement_revision == 2


def test_an_item_that_is_deleted_leaves_its_rule_without_effect_and_staff_are_told(
    admin: Staff, home: Placement
) -> None:
    drafted(home, PIN, {"does": "at_least", "filter": 'category == "Poetry"', "count": 1, "first": 3})
    admin.post(page(home, "publish"), version=1, live=1)
    look_again()
    assert ids(ask("ada", placement="home"))[0] == "poem-5"
    store.delete_items(Item.objects.filter(item_id="poem-5"), actor=SYSTEM)
    start_afresh()
    look_again()
    listed = ids(ask("ada", placement="home"))
    assert listed[0] == "novel-0"
    assert "poem-5" not in listed
    assert "which doesn't exist or is erased: it does nothing." in admin.page(page(home, "draft"))
    # What is live and says so can still be changed, published and returned to.
    held = merchandising.find("home")
    changed = {"new_item_share": 0, "rules": [PIN], "count": 4}
    held = merchandising.save_draft(held, changed, held.draft_version, actor=SYSTEM)
    assert admin.post(page(home, "publish"), version=held.draft_version, live=2).status_code == 302
    assert admin.post(page(home, "revert"), to=2, live=3).status_code == 302
    assert merchandising.find("home").revisions.count() == 4

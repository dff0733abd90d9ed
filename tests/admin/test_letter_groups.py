"""Dead letters stand together by what is wrong; one repair mends all of a kind, once staff saw what it does."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from interactions import letters
from interactions.letter_groups import groups
from interactions.letter_kinds import Group
from interactions.models import DeadLetter, IgnoredLetters, Interaction
from interactions.store import store
from interactions.tasks import replay_dead_letters
from recsite.platform import undo
from recsite.platform.audit import SYSTEM, Actor
from recsite.platform.models import AuditEntry
from tests import factories
from tests.admin.staff import Staff, job, waiting, words

pytestmark = pytest.mark.django_db
PAGE, GROUP = "/admin/dead-letters/", "/admin/dead-letters/group/"
EMMMA = {"kind": "unknown_item", "named": "emmma"}
SNEEZE = {"kind": "unknown_type", "named": "sneeze"}


@pytest.fixture
def lost(db: None) -> list[DeadLetter]:
    """Three events of one misspelt item, as the store keeps them."""
    store([factories.event(user, "emmma") for user in ("ada", "ben", "cleo")])
    return list(DeadLetter.objects.order_by("pk"))


def odd(reason: str = "type: Unknown interaction type. Known: view.", **fields: Any) -> DeadLetter:
    payload = {"user_id": "ada", "item_id": "emma", "type": "view"} | fields
    return DeadLetter.objects.create(source="kafka", reason=reason, payload=payload)


def at(group: dict[str, str]) -> str:
    return f"{GROUP}?kind={group['kind']}&named={group['named']}"


def test_letters_stand_together_by_what_they_name(lost: list[DeadLetter]) -> None:
    odd(type="sneeze")
    odd("value: A finite number is needed.", value="many")
    odd(reason="No JSON.", raw="xx")
    odd("The database refuses it: 17 rows of 'ada'.")
    assert [(one.group.title, one.number) for one in groups()] == [
        ("Unknown item emmma", 3),
        ("The database refuses it: … rows of ….", 1),
        ("No JSON object", 1),
        ("Wrong field value", 1),
        ("Unknown event type sneeze", 1),
    ]


def test_the_page_counts_each_kind_and_leads_to_it(viewer: Staff, lost: list[DeadLetter]) -> None:
    odd(type="sneeze")
    page = viewer.page(PAGE)
    assert "2 kinds of mistake in 4 dead letters." in page
    assert "Unknown item emmma" in page
    assert f'href="{GROUP}?kind=unknown_item&amp;named=emmma"' in viewer.get(PAGE).content.decode()


def test_many_unknown_items_are_one_line_and_stand_behind_it(viewer: Staff) -> None:
    store([factories.event("ada", f"new-{number}") for number in range(7)])
    odd(type="sneeze")
    page = viewer.get(PAGE).content.decode()
    assert "<summary>Unknown item: 7 letters of 7 items</summary>" in page
    assert page.count("<details") == 1
    assert page.index("</details>") < page.index("Unknown event type sneeze")
    assert "7 dead letters: unknown item, 7 items." in viewer.page("/admin/")


def test_what_would_store_nothing_is_not_offered(admin: Staff, lost: list[DeadLetter]) -> None:
    page = admin.get(GROUP, **EMMMA).content.decode()
    assert 'name="replay"' not in page
    assert "So none of them can be stored: choose another value." in page
    factories.item("emma")
    assert "Save and replay all 3</button>" in admin.get(GROUP, **EMMMA).content.decode()
    DeadLetter.objects.filter(pk=lost[0].pk).update(payload={"user_id": "ada", "item_id": "emmma", "type": "nothing"})
    assert "Save and replay: stores 2 of 3</button>" in admin.get(GROUP, **EMMMA).content.decode()


def test_without_letters_the_page_says_so(viewer: Staff) -> None:
    assert "every one that was accepted could be stored" in viewer.page(PAGE)
    assert "No letter of this kind waits any more." in viewer.page(GROUP, **EMMMA)
    assert "Nobody ignores any dead letters." in viewer.page(PAGE, ignored="1")


def test_the_nearest_item_is_suggested_and_what_would_be_stored_is_shown(viewer: Staff, lost: list[DeadLetter]) -> None:
    factories.item("emma")
    factories.item("persuasion")
    page = viewer.page(GROUP, **EMMMA)
    assert "The nearest item is “The book of emma”." in page
    assert "3 of 3 letters would be stored." in page
    assert "emmma emma" in page
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(
    ("written", "there"), [("EMMA", "emma"), ("item-0042", "item-042"), ("pride_prejudice", "pride-prejudice")]
)
def test_other_ways_to_write_an_id_are_found(admin: Staff, written: str, there: str) -> None:
    factories.item(there)
    store([factories.event("ada", written)])
    assert f'value="{there}"' in admin.get(GROUP, kind="unknown_item", named=written).content.decode()


def test_an_item_is_found_by_the_words_of_its_title(admin: Staff) -> None:
    factories.item("b-17", title="The Adventures of Tom Sawyer")
    store([factories.event("ada", "tom-sawyr")])
    page = admin.page(GROUP, kind="unknown_item", named="tom-sawyr")
    assert "The nearest item is “The Adventures of Tom Sawyer”." in page
    assert "1 of 1 letter would be stored." in page


def test_another_value_is_previewed_before_it_is_stored(admin: Staff, lost: list[DeadLetter]) -> None:
    factories.item("emma")
    factories.item("persuasion")
    asked = admin.post(at(EMMMA), value="persuasio", preview="")
    page = admin.follow(asked)
    assert "0 of 3 letters would be stored." in page
    assert "Unknown item persuasio." in page
    assert "3 of 3 letters would be stored." in admin.page(GROUP, **EMMMA, value="persuasion")
    assert DeadLetter.objects.count() == 3


def test_the_same_repair_stores_all_of_a_kind(admin: Staff, lost: list[DeadLetter]) -> None:
    factories.item("emma")
    other = odd(type="sneeze")
    answer = admin.post(at(EMMMA), value="emma", replay="")
    assert answer.headers["Location"] == PAGE
    assert "3 letters mended and stored." in admin.follow(answer)
    assert sorted(row.user.user_id for row in Interaction.objects.all()) == ["ada", "ben", "cleo"]
    assert {str(row.event_id) for row in Interaction.objects.all()} == {one.payload["event_id"] for one in lost}
    assert list(DeadLetter.objects.all()) == [other]
    entry = AuditEntry.objects.get(verb="dead_letter.replay_all")
    assert (entry.actor, entry.object_id) == ("admin", "unknown_item emmma")
    assert entry.after == {"stored": 3, "left": 0, "item_id": "emma"}


def test_what_can_not_be_stored_so_stays_as_it_was(admin: Staff, lost: list[DeadLetter]) -> None:
    answer = admin.post(at(EMMMA), value="emmama", replay="")
    said = admin.follow(answer)
    assert "3 letters can't be stored so and stay as before, the first because: Unknown item emmama." in said
    assert [(one.reason, one.payload, one.attempts) for one in DeadLetter.objects.order_by("pk")] == [
        (one.reason, one.payload, 1) for one in lost
    ]


def test_an_unknown_type_becomes_a_known_one(admin: Staff) -> None:
    factories.item("emma")
    odd(type="Pageview")
    page = admin.page(GROUP, kind="unknown_type", named="Pageview")
    assert "The nearest known type is view." in page
    admin.post(f"{GROUP}?kind=unknown_type&named=Pageview", value="view", replay="")
    assert Interaction.objects.get().type.name == "view"


def test_a_wrong_value_is_replaced_or_left_out(admin: Staff) -> None:
    factories.item("emma")
    reason = "value: A finite number is needed."
    odd(reason, value="many")
    group = {"kind": "wrong_field", "named": "value"}
    assert "1 of 1 letter would be stored" in admin.page(GROUP, **group, value="3")
    admin.post(at(group), value="3", replay="")
    assert Interaction.objects.get().value == 3
    odd(reason, value="many", item_id="emma", user_id="ben")
    admin.post(at(group), value="", replay="")
    assert Interaction.objects.get(user__user_id="ben").value is None


def test_whose_event_it_is_is_no_repair_for_many(admin: Staff) -> None:
    odd("user_id: A text that is not empty is needed.", user_id="")
    page = admin.get(GROUP, kind="wrong_field", named="user_id").content.decode()
    assert "Mend each letter by itself" in page
    assert 'name="value"' not in page


def test_many_letters_are_a_job_that_tells_how_far_it_is(
    admin: Staff, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr("interactions.admin.letter_pages.AT_ONCE", 2)
    store([factories.event(f"u{number}", "emmma") for number in range(5)])
    factories.item("emma")
    with django_capture_on_commit_callbacks(execute=True):
        answer = admin.post(at(EMMMA), value="emma", replay="")
    assert answer.headers["Location"] == f"/admin/platform/job/{job().pk}/change/"
    assert not Interaction.objects.exists()
    ((name, arguments),) = waiting()
    assert name == "replay_dead_letters"
    replay_dead_letters(**arguments)
    assert (job().state, job().message) == ("succeeded", "5 letters mended and stored.")
    assert Interaction.objects.count() == 5
    assert AuditEntry.objects.get(verb="dead_letter.replay_all").actor == "admin"


def test_who_may_only_look_sees_what_would_be_stored_and_changes_nothing(viewer: Staff, lost: list[DeadLetter]) -> None:
    page = viewer.get(GROUP, **EMMMA).content.decode()
    assert "What would be stored" in page
    assert "Save and replay" not in page
    for button in ("replay", "ignore", "restore", "preview"):
        fields: dict[str, Any] = {"value": "emma", button: ""}
        assert viewer.post(at(EMMMA), **fields).status_code == 403
    assert DeadLetter.objects.waiting().count() == 3
    assert Staff("clerk", "catalog.view_item").get(PAGE).status_code == 403


def test_ignored_letters_are_counted_nowhere_and_nor_are_those_that_follow(
    admin: Staff, lost: list[DeadLetter]
) -> None:
    assert "Ignored: Unknown item emmma." in admin.follow(admin.post(at(EMMMA), ignore=""))
    store([factories.event("dora", "emmma"), factories.event("dora", "persuasion")])
    assert [one.group.named for one in groups()] == ["persuasion"]
    assert [(one.group.named, one.number) for one in groups(ignored=True)] == [("emmma", 4)]
    assert "1 waiting" in admin.page("/admin/")
    assert "1 kind of mistake in 4 dead letters, ignored." in admin.page(PAGE, ignored="1")


def test_ignoring_is_taken_back_on_its_page_or_on_activity(admin: Staff, lost: list[DeadLetter]) -> None:
    admin.post(at(EMMMA), ignore="")
    assert "Count them again" in admin.page(GROUP, **EMMMA)
    assert "Counted again" in admin.follow(admin.post(at(EMMMA), restore=""))
    assert DeadLetter.objects.waiting().count() == 3
    letters.ignore(Group("unknown_item", "emmma"), actor=SYSTEM)
    done = undo.undo(AuditEntry.objects.latest("pk").pk, actor=Actor.command("test"))
    assert done.verb == "dead_letter.restore"
    assert DeadLetter.objects.waiting().count() == 3
    assert not IgnoredLetters.objects.exists()
    with pytest.raises(undo.CannotUndo, match="undone since"):
        undo.undo(AuditEntry.objects.filter(verb="dead_letter.ignore").earliest("pk").pk, actor=SYSTEM)
    assert "That was so already." in admin.follow(admin.post(at(EMMMA), restore=""))


def test_a_mended_letter_goes_to_the_group_of_its_new_reason(admin: Staff, lost: list[DeadLetter]) -> None:
    letters.ignore(Group("unknown_item", "anne"), actor=SYSTEM)
    letter = lost[0]
    payload = str({**letter.payload, "item_id": "anne"}).replace("'", '"').replace("None", "null")
    payload = payload.replace("False", "false")
    admin.post(f"/admin/interactions/deadletter/{letter.pk}/change/", payload=payload, _replay="")
    letter.refresh_from_db()
    assert (letter.group, letter.is_ignored) == (Group("unknown_item", "anne"), True)


@pytest.mark.parametrize("query", [{}, {"kind": "%00", "named": "\x00"}, {"kind": "x" * 300, "named": "y" * 3000}])
def test_odd_addresses_are_answered_with_a_sentence(
    admin: Staff, lost: list[DeadLetter], query: dict[str, str]
) -> None:
    assert "No letter of this kind waits any more." in words(admin.get(GROUP, **query))


def test_both_pages_need_few_queries(admin: Staff) -> None:
    for number in range(30):
        store([factories.event("ada", f"lost-{number}")])
        store([factories.event(f"user-{number}", "emmma")])
    factories.item("emma")
    admin.page(PAGE)
    for address, query in ((PAGE, {}), (GROUP, EMMMA)):
        with CaptureQueriesContext(connection) as asked:
            answer = admin.get(address, **query)
        assert len(asked) <= 15, [one["sql"][:100] for one in asked]
        assert len(answer.content) < 150_000

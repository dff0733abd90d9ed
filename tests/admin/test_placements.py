"""Staff decide where lists are shown, and what they show: draft, preview, publish, return."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse

from recommender import merchandising
from recommender.insight import impressions
from recommender.models import DailyImpressions, Placement, PlacementRevision
from recommender.serving import placements
from recsite.platform import generations
from recsite.platform.audit import SYSTEM
from tests.admin.staff import Staff, words
from tests.recommender.experiment_fixtures import begin
from tests.recommender.fixtures import Shop, look_again

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
LIST = "/admin/recommender/placement/"


@pytest.fixture
def home(shop: Shop) -> Placement:
    merchandising.create("home", "user", "The first shelf.", values={"new_item_share": 0}, actor=SYSTEM)
    return merchandising.find("home")


def page(placement: Placement, name: str = "draft") -> str:
    return f"{LIST}{placement.pk}/{name}/"


def save(staff: Staff, placement: Placement, version: int = 0, **fields: Any) -> HttpResponse:
    return staff.post(page(placement), version=version, **{"new_item_share": 0, **fields})


def test_a_new_one_is_known_within_a_second(admin: Staff) -> None:
    placements.find()
    answer = admin.post(f"{LIST}add/", name="home", kind="user", description="")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/draft/")
    generations.look()
    placements._copy._not_before = 0
    assert placements.find("home").revision == 1


def test_the_list_leads_to_the_draft_and_says_what_is_live(admin: Staff, home: Placement) -> None:
    save(admin, home, count=8)
    found = admin.get(LIST)
    assert page(home) in found.content.decode()
    assert "revision 1 just now by recsite" in words(found)
    assert re.search("waits by admin, just now", words(found))


def test_a_chart_shows_each_day_with_marks_where_something_was_published(admin: Staff, home: Placement) -> None:
    assert "Over time" not in admin.page(page(home, "published"))
    today = datetime.now(UTC).date()
    for ago, shown, clicked in ((0, 400, 12), (1, 200, 2), (5, 100, 10), (40, 900, 900)):
        day = today - timedelta(days=ago)
        about: dict[str, Any] = {"kind": "user", "placement": "home", "algorithm": "svd", "day": day}
        for revision in (1, 2):
            totals = {"places": shown // 2, "places_clicked": clicked // 2}
            DailyImpressions.objects.create(**about, placement_revision=revision, **totals)
    PlacementRevision.objects.filter(placement=home).update(published_at=datetime.now(UTC) - timedelta(days=1))
    asked = admin.get(page(home, "published"))
    said, markup = words(asked), asked.content.decode()
    assert "10 % 5 % 0 %" in said
    assert "Items shown (top: 400)" in said
    assert f"{today.day} {today:%b} (not over yet) 400 3 %" in said
    yesterday = today - timedelta(days=1)
    assert f"{yesterday.day} {yesterday:%b} 200 1 % revision 1 published by recsite" in said
    assert markup.count('y2="100%" class="rs-tick"/><') == 1
    # The line breaks where nothing was shown.
    assert markup.count("<polyline") - markup.count("rs-dot") == 2
    assert said.count("900") == 0


def test_a_draft_is_saved_published_and_taken_back(admin: Staff, home: Placement) -> None:
    assert "Nothing is published yet" in admin.follow(save(admin, home, count=3, algorithm="popular"))
    assert "It differs from what is live: leads, length." in admin.page(page(home))
    asked = admin.page(page(home, "publish"))
    assert "10, as usual 3" in asked
    assert "It takes the place of revision 1" in asked
    done = admin.post(page(home, "publish"), version=1, live=1, note="The spring.")
    assert "Revision 2 of home is live" in admin.follow(done)
    look_again()
    assert placements.find("home").settings.count == 3
    history = admin.page(page(home, "revisions"))
    assert "Revision 2, live" in history
    assert "The spring." in history
    assert "Return to revision 1" in history
    assert "is as in revision 1 again" in admin.follow(admin.post(page(home, "revert"), to=1, live=2))
    look_again()
    assert placements.find("home").settings.count is None


def test_saving_can_lead_straight_to_publishing(admin: Staff, home: Placement) -> None:
    answer = save(admin, home, count=3, publish="")
    assert answer.headers["Location"] == page(home, "publish")


def test_a_stale_form_is_told_and_keeps_everything(admin: Staff, home: Placement) -> None:
    save(Staff("ben", "recommender.view_placement", "recommender.change_placement"), home, count=8)
    answer = save(admin, home, diversity=0.5)
    assert answer.status_code == 409
    said = words(answer)
    assert "ben saved this draft just now" in said
    assert "Nothing of yours is lost" in said
    assert "Length 8" in said
    assert "Diversity none 50%" in said
    assert 'name="version" value="1"' in answer.content.decode()
    assert 'value="0.5"' in answer.content.decode()
    # What is stored is the other's, until it is saved again with the version of now.
    assert merchandising.find("home").draft["count"] == 8  # type: ignore[index]  # there is one
    assert save(admin, home, 1, diversity=0.5).status_code == 302
    assert merchandising.find("home").draft["diversity"] == 0.5  # type: ignore[index]  # there is one


def test_publishing_twice_publishes_once_and_the_second_publisher_is_told(admin: Staff, home: Placement) -> None:
    save(admin, home, count=8)
    for _ in range(2):
        admin.post(page(home, "publish"), version=1, live=1)
    assert home.revisions.count() == 2
    ben = Staff("ben", "recommender.view_placement", "recommender.change_placement")
    said = ben.follow(ben.post(page(home, "publish"), version=1, live=1))
    assert "Nothing was changed. admin published revision 2" in said
    assert home.revisions.count() == 2


def test_the_preview_follows_the_form_and_stores_nothing(admin: Staff, home: Placement) -> None:
    fields: Any = {"version": 0, "new_item_share": 0, "subject": "chosen", "subject_id": "ada"}
    answer = admin.post(page(home, "preview"), htmx=True, algorithm="popular", **fields)
    said = words(answer)
    assert "For ada: 12 of the first 12 positions change." in said
    assert "Led by svd" in said
    assert "Led by popular" in said
    assert "up 6" in said
    assert "down 6" in said
    assert answer.content.decode().count("<img ") == 24
    assert 'id="said-algorithm" hx-swap-oob="innerHTML"' in answer.content.decode()
    assert "popular changed Live: what the release leads with" in said
    assert "stay as they are" in words(admin.post(page(home, "preview"), htmx=True, **fields))
    assert merchandising.find("home").draft is None
    assert impressions.flush() == 0
    wrong = words(admin.post(page(home, "preview"), htmx=True, **{**fields, "diversity": 3}))
    assert "less than or equal to 1" in wrong


def test_the_preview_is_for_somebody_typical_or_a_newcomer(admin: Staff, home: Placement) -> None:
    assert "For a newcomer: the first 12 positions stay" in admin.page(page(home), subject="newcomer")
    merchandising.create("below", "similar", actor=SYSTEM)
    below = merchandising.find("below")
    assert "“poem-0”" in admin.page(page(below))
    assert "“novel-0”" in admin.page(page(below), subject="chosen", subject_id="novel-0")
    assert "There is no item 'nowhere'." in admin.page(page(below), subject="chosen", subject_id="nowhere")


def test_the_form_has_what_lists_of_the_kind_have(admin: Staff, home: Placement) -> None:
    merchandising.create("best", "popular", actor=SYSTEM)
    best = admin.page(page(merchandising.find("best")))
    assert "Share for new items" not in best
    assert "Leads " not in best.split("Draft", 3)[-1].split("Filters")[0]
    assert "Share for new items" in admin.page(page(home))


def test_a_setting_that_makes_no_sense_is_refused_beside_its_field(admin: Staff, home: Placement) -> None:
    answer = save(admin, home, new_for_days=0, content_weight=1.5, count=900)
    assert answer.status_code == 200
    for sentence in ("greater than or equal to 1", "less than or equal to 1", "less than or equal to 100"):
        assert sentence in words(answer)
    both = save(admin, home, algorithm="svd", content_weight=0.5)
    assert "It can be given only with hybrid or no algorithm." in words(both)
    wrong = save(admin, home, filter="colour == 'red'")
    assert "colour" in words(wrong)
    assert "At character 1" in words(wrong)
    assert "Name each source once." in words(save(admin, home, fallback_1="popular", fallback_2="popular"))
    assert merchandising.find("home").draft is None


def test_a_draft_is_discarded(admin: Staff, home: Placement) -> None:
    save(admin, home, count=8)
    assert "The draft is gone" in admin.follow(admin.post(page(home, "discard"), version=1))
    assert "There is no draft to publish" in admin.follow(admin.get(page(home, "publish")))


def test_what_each_revision_achieved_stands_beside_what_is_live(admin: Staff, home: Placement) -> None:
    counts: Any = {"kind": "person", "placement": "home", "algorithm": "svd", "lists": 10}
    DailyImpressions.objects.create(placement_revision=1, places=100, places_clicked=7, **counts)
    said = admin.page(page(home, "published"))
    assert "100 7 7 %" in said
    assert "Leads what the release leads with" in said


def test_who_may_look_may_not_change(viewer: Staff, home: Placement) -> None:
    rule = {"does": "pin", "item": "poem-5", "position": 2}
    merchandising.save_draft(home, {"count": 7, "rules": [rule]}, 0, actor=SYSTEM)
    said = viewer.page(page(home))
    assert "Changing it needs the permission to change placements" in said
    assert "1. Pin “The book of poem-5” at position 2" in said
    form = (
        viewer.get(page(home))
        .content.decode()
        .split('aria-labelledby="draft"')[1]
        .split('aria-labelledby="previewed"')[0]
    )
    assert "<button" not in form
    assert 'type="text"' not in form
    assert "Another rule" not in form
    # The preview is of the stored draft, whatever is sent.
    sent = {"version": 1, "new_item_share": 0, "count": 3, "subject": "newcomer"}
    answer: Any = viewer.post(page(home, "preview"), htmx=True, **sent)
    lengths = [len(one.cards) for one in answer.context["lists"]]
    assert 7 in lengths
    assert 3 not in lengths
    for name in ("published", "revisions"):
        assert viewer.get(page(home, name)).status_code == 200
    assert save(viewer, home, count=3).status_code == 403
    for name in ("publish", "revert", "discard"):
        assert viewer.post(page(home, name), version=0, to=1, live=1).status_code == 403
    stranger = Staff("stranger", "catalog.view_item")
    assert stranger.get(page(home)).status_code == 403


def test_pages_of_a_deleted_one_say_so(admin: Staff, home: Placement) -> None:
    merchandising.delete(home, actor=SYSTEM)
    for name in ("draft", "published", "revisions", "publish"):
        assert admin.get(page(home, name)).status_code == 404
    assert "was deleted" in words(admin.get(page(home)))
    assert admin.post(page(home, "revert"), to="x", live="").status_code == 404


def test_the_default_can_not_be_deleted_and_others_can(admin: Staff, home: Placement) -> None:
    default = merchandising.find("default")
    assert admin.post(f"{LIST}{default.pk}/delete/", post="yes").status_code == 403
    assert admin.post(f"{LIST}{home.pk}/delete/", post="yes").status_code == 302
    assert list(Placement.objects.values_list("name", flat=True)) == ["default"]


def test_one_that_an_experiment_needs_is_not_deleted_and_the_experiment_is_named(admin: Staff, home: Placement) -> None:
    begin(placement="home")
    said = "The experiment leads is running at home: stop it first."
    assert said in admin.follow(admin.get(f"{LIST}{home.pk}/delete/"))
    assert said in admin.follow(admin.post(f"{LIST}{home.pk}/delete/", post="yes"))
    assert Placement.objects.filter(name="home").exists()


def test_the_list_leads_to_drafts_and_names_each_column_on_a_phone(home: Placement, admin: Staff) -> None:
    found = admin.get(LIST).content.decode()
    assert f'href="{page(home)}' in found
    assert "Select record" not in found


def test_the_history_of_a_placement_is_what_was_published_of_it(admin: Staff, shop: Shop) -> None:
    placement = Placement.objects.get(name="default")
    answer = admin.get(f"/admin/recommender/placement/{placement.pk}/history/")
    assert answer.headers["Location"] == f"/admin/recommender/placement/{placement.pk}/revisions/"
    assert admin.get("/admin/recommender/placement/999/history/").status_code == 404

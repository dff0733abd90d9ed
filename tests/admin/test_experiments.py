"""Staff make an experiment by a form, run it by buttons, and read it in words."""

import html
import re

import pytest

from recommender.insight.experiments import sums, verbs
from recommender.models import Experiment, Placement
from recsite.platform.audit import SYSTEM
from recsite.platform.models import AuditEntry
from tests.admin.staff import Staff
from tests.recommender.experiment_fixtures import begin, defined
from tests.recommender.fixtures import Shop
from tests.recommender.test_experiment_results import visitors
from tests.recommender.test_interleaving_results import BAD, GOOD
from tests.recommender.test_interleaving_results import visitors as interleaved_visitors

pytestmark = pytest.mark.django_db
LIST = "/admin/recommender/experiment/"
FORM = {
    "key": "leads",
    "hypothesis": "Popular items are clicked more often.",
    "placement": "default",
    "kind": "ab",
    "primary_metric": "click_rate",
    "minimum_lift": "10",
    "guardrail_conversion_rate": "5",
    "version": "0",
    "name_0": "A",
    "share_0": "50",
    "name_1": "B",
    "share_1": "50",
    "algorithm_1": "popular",
}


def test_from_the_form_to_what_everybody_gets(admin: Staff, shop: Shop) -> None:
    assert 'href="/admin/recommender/experiment/new/"' in admin.get(LIST).content.decode()
    answer = admin.client.post(f"{LIST}new/", FORM)
    assert answer.status_code == 302, answer.content.decode()
    made = Experiment.objects.get()
    assert (made.minimum_lift, made.guardrails, made.state) == (0.1, {"conversion_rate": 0.05}, "draft")
    admin.client.post(f"{LIST}{made.pk}/edit/", FORM | {"minimum_lift": "20"})
    admin.client.post(f"{LIST}{made.pk}/step/", {"verb": "start"})
    made.refresh_from_db()
    assert (made.minimum_lift, made.state) == (0.2, "running")
    page = admin.get(f"{LIST}{made.pk}/change/").content.decode()
    assert "nobody has seen it yet" in page
    assert "Choose one …" in page, "Nothing is better, so nothing is chosen."
    admin.client.post(f"{LIST}{made.pk}/ship/", {"variant": "B"})
    made.refresh_from_db()
    assert made.shipped == "", "It needs a reason."
    admin.client.post(f"{LIST}{made.pk}/ship/", {"variant": "B", "reason": "We like it."})
    made.refresh_from_db()
    assert (made.shipped, made.state) == ("B", "stopped")
    live = Placement.objects.get(name="default").live
    assert live
    assert live.settings["algorithm"] == "popular"


def test_what_is_wrong_is_said_in_the_form(admin: Staff, shop: Shop) -> None:
    page = admin.client.post(f"{LIST}new/", FORM | {"share_0": "60"}).content.decode()
    assert "The shares are 110 % together" in page
    assert not Experiment.objects.exists()


def test_the_result_is_a_sentence_with_a_chart_and_a_warning_where_it_can_not_be_read(admin: Staff, shop: Shop) -> None:
    experiment = begin(minimum_lift=0.2)
    visitors(experiment, 1_600, 6, {"A": 0.1, "B": 0.16})
    page = admin.get(f"{LIST}{experiment.pk}/change/").content.decode()
    assert "sure enough to ship." in page
    assert page.count("<polygon") == 2, "What is known at the end of each day, and each day by itself."
    assert "Look as often as you like" in page
    assert "Every answer counts as shown." in page
    assert "amount per user" in page
    experiment.days.filter(variant="B", user_id__endswith="1").delete()
    sums.rebuild(experiment)
    page = admin.get(f"{LIST}{experiment.pk}/change/").content.decode()
    assert "Don&#x27;t read this result" in page or "Don't read this result" in page
    assert 'role="alert"' in page
    for hidden in ("Measured", "<polygon", "Look as often as you like"):
        assert hidden not in page, "No number means anything, so none tempts."
    assert ">Due</th>" in page


def test_somebody_who_looks_daily_reads_how_long_it_takes_and_the_end_says_that_it_came_too_early(
    admin: Staff, shop: Shop
) -> None:
    experiment = begin(minimum_lift=0.2)
    said = []
    for day, users in enumerate((60, 240)):
        experiment.days.all().delete()
        experiment.baselines.all().delete()
        visitors(experiment, users, day + 1, {"A": 0.1, "B": 0.1})
        page = html.unescape(admin.get(f"{LIST}{experiment.pk}/change/").content.decode())
        said.append(re.search(r'<h2 id="says">(.*?)</h2>', page)[1])  # type: ignore[index]  # it is there
    assert said[0] == (
        "Too early to say: an interval needs 100 users in each variant (about three more days), and enough of them who "
        "add to clicks per item shown."
    )
    assert re.search(r"^Too early to say: the effect of B is .*; needs about .* more days?\.$", said[1]), said
    admin.client.post(f"{LIST}{experiment.pk}/step/", {"verb": "stop"})
    page = html.unescape(admin.get(f"{LIST}{experiment.pk}/change/").content.decode())
    assert "It was stopped too early to say" in page
    assert "needs about" not in page


def test_who_only_looks_has_no_buttons(shop: Shop) -> None:
    experiment = begin()
    viewer = Staff("viewer", "recommender.view_experiment")
    page = viewer.get(f"{LIST}{experiment.pk}/change/")
    assert page.status_code == 200
    assert "/step/" not in page.content.decode()
    for path in ("step", "ship", "edit"):
        assert viewer.client.post(f"{LIST}{experiment.pk}/{path}/").status_code == 403
    assert viewer.get(f"{LIST}new/").status_code == 403


def test_each_click_counts_once_and_a_page_that_is_out_of_date_says_what_became_of_it(admin: Staff, shop: Shop) -> None:
    experiment = verbs.create(defined(), actor=SYSTEM)
    page = f"/admin/recommender/experiment/{experiment.pk}"
    for verb, state in (("start", "running"), ("pause", "paused"), ("start", "running"), ("stop", "stopped")):
        for _ in range(2):
            admin.post(f"{page}/step/", verb=verb)
        experiment.refresh_from_db()
        assert experiment.state == state
    # A page from before it was stopped still has these buttons.
    assert "leads is stopped: it can't be paused." in admin.follow(admin.post(f"{page}/step/", verb="pause"))
    for _ in range(2):
        admin.post(f"{page}/ship/", variant="B", reason="We like it.")
    said = admin.follow(admin.post(f"{page}/ship/", variant="A", reason="No, that one."))
    assert "B was shipped already." in said
    told = AuditEntry.objects.filter(object_type="experiment").order_by("pk").values_list("verb", flat=True)
    steps = ["create", "start", "pause", "resume", "stop", "ship"]
    assert [*told] == [f"experiment.{step}" for step in steps]


def test_the_page_of_interleaved_rankings_says_which_one_is_preferred(admin: Staff, shop: Shop) -> None:
    form = {**FORM, "kind": "interleaving", "guardrail_conversion_rate": "", "audience": "user.country is missing"}
    answer = admin.client.post(f"{LIST}new/", form)
    assert answer.status_code == 302, answer.content.decode()
    made = Experiment.objects.get()
    admin.client.post(f"{LIST}{made.pk}/step/", {"verb": "start"})
    interleaved_visitors(made, BAD, GOOD, 400)
    page = admin.get(f"{LIST}{made.pk}/change/").content.decode()
    assert "B is preferred to A" in page
    assert "Every user in it gets both in one list" in page
    assert "For B, surely within" in page
    assert "user.country is missing" in page
    assert "<polygon" in page


def test_a_planned_draft_says_when_it_starts_and_the_form_keeps_it(admin: Staff, shop: Shop) -> None:
    form = FORM | {"starts_at": "2090-01-01T08:00", "ends_at": "2090-02-01"}
    admin.client.post(f"{LIST}new/", form)
    made = Experiment.objects.get()
    assert "2090-01-01 08:00 UTC" in admin.get(f"{LIST}{made.pk}/change/").content.decode()
    page = admin.get(f"{LIST}{made.pk}/edit/").content.decode()
    assert 'value="2090-01-01T08:00"' in page
    page = admin.client.post(f"{LIST}{made.pk}/edit/", form | {"ends_at": "2089-01-01"}).content.decode()
    assert "not after the planned start" in page


def test_sent_twice_a_form_does_it_once(admin: Staff, shop: Shop) -> None:
    for _ in range(2):
        page = admin.client.post(f"{LIST}new/", FORM)
    assert "There is an experiment &#x27;leads&#x27; already" in page.content.decode()
    made = Experiment.objects.get()
    for verb in ("start", "start", "pause", "pause", "stop", "stop", "archive", "archive"):
        assert admin.client.post(f"{LIST}{made.pk}/step/", {"verb": verb}).status_code == 302
    told = AuditEntry.objects.filter(object_type="experiment").order_by("pk").values_list("verb", flat=True)
    assert list(told) == [f"experiment.{verb}" for verb in ("create", "start", "pause", "stop", "archive")]


def test_a_a_is_never_shipped(admin: Staff, shop: Shop) -> None:
    same = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5}]
    experiment = begin(kind="aa", variants=same)
    page = f"/admin/recommender/experiment/{experiment.pk}"
    answer = admin.post(f"{page}/ship/", variant="B", reason="We like it.")
    assert "leads shows all variants the same: there is nothing to ship." in admin.follow(answer)
    assert "Ship a variant" not in admin.page(f"{page}/change/")


def test_an_audience_that_nobody_is_in_is_named_before_it_starts(admin: Staff, shop: Shop) -> None:
    draft = verbs.create(defined(audience='user.country == "AT"'), actor=SYSTEM)
    page = html.unescape(admin.get(f"{LIST}{draft.pk}/change/").content.decode())
    assert 'It is for nobody now: of the 3 users active last none is user.country == "AT".' in page
    draft = verbs.change(draft, defined(audience="user.country is missing"), actor=SYSTEM)
    page = html.unescape(admin.get(f"{LIST}{draft.pk}/change/").content.decode())
    assert "3 of the 3 users active last" in page
    assert "for nobody" not in page

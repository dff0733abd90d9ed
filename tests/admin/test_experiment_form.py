"""The form of an experiment's draft keeps all that it says, speaks in its own words, and loses nobody's change."""

import html
import re
from typing import Any

import pytest

from recommender.insight.experiments import verbs
from recommender.insight.experiments.definition import Definition
from recommender.models import Experiment
from recsite.platform.audit import SYSTEM
from tests.admin.staff import Staff
from tests.recommender.experiment_fixtures import defined
from tests.recommender.fixtures import Shop, popular, publish

pytestmark = pytest.mark.django_db
LIST = "/admin/recommender/experiment/"
FIELD = re.compile(r'<(?:input|select|textarea)\b[^>]*\bname="([a-z_0-9]+)"[^>]*>')


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send of a page's form, as it stands."""
    form = page[page.index('<section class="rs-panel" aria-labelledby="asks">') :]
    found = {}
    for tag in FIELD.finditer(form):
        text, name = tag.group(0), tag.group(1)
        rest = form[tag.end() :]
        if text.startswith("<select"):
            options = rest[: rest.index("</select>")]
            # Where none is marked, the first is chosen.
            chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
            found[name] = chosen.group(1) if chosen else ""
        elif text.startswith("<textarea"):
            found[name] = rest[: rest.index("</textarea>")].strip()
        else:
            value = re.search(r'\bvalue="([^"]*)"', text)
            found[name] = value.group(1) if value else ""
    return {name: html.unescape(value) for name, value in found.items()}


def edit(experiment: Experiment) -> str:
    return f"{LIST}{experiment.pk}/edit/"


def test_a_draft_that_is_saved_as_it_stands_says_what_it_said(admin: Staff, shop: Shop) -> None:
    names = ("nmf", "popular", "svd", "latest", None)
    variants = [{"name": f"V{n}", "share": 0.07, "algorithm": name} for n, name in enumerate(names)]
    draft = verbs.create(
        defined(
            variants=[*variants, {"name": "weighed", "share": 1 / 3, "content_weight": 0.0}],
            guardrails={"conversion_rate": 0.07, "latency": 1 / 3, "errors": 0.001},
            minimum_lift=0.07,
            audience="user.active_days_ago > 7",
            starts_at="2090-01-01T08:00:05Z",
            ends_at="2090-02-01T08:00:07.250Z",
        ),
        actor=SYSTEM,
    )
    was = Definition.of(draft)
    sent = fields_of(admin.get(edit(draft)).content.decode())
    assert sent["share_0"] == sent["minimum_lift"] == sent["guardrail_conversion_rate"] == "7"
    answer = admin.client.post(edit(draft), sent | {"hypothesis": "Another one."})
    assert answer.status_code == 302, answer.content.decode()
    now = Definition.of(verbs.find(draft.key))
    assert now.hypothesis == "Another one."
    assert vars(now) | {"hypothesis": ""} == vars(was) | {"hypothesis": ""}


def test_as_many_variants_as_there_may_be_have_room(admin: Staff, shop: Shop) -> None:
    page = admin.get(f"{LIST}new/").content.decode()
    sent = fields_of(page) | {"key": "ten", "hypothesis": "So.", "placement": "default", "kind": "aa"}
    rows = {f"name_{n}": f"V{n}" for n in range(10)} | {f"share_{n}": "10" for n in range(10)}
    answer = admin.client.post(f"{LIST}new/", sent | rows)
    assert answer.status_code == 302, answer.content.decode()
    assert Experiment.objects.get().variants.count() == 10


def test_who_saves_over_somebody_else_is_told_and_sees_both(admin: Staff, shop: Shop) -> None:
    draft = verbs.create(defined(), actor=SYSTEM)
    other = Staff("grace", "recommender.change_experiment", "recommender.view_experiment")
    mine, theirs = (fields_of(who.get(edit(draft)).content.decode()) for who in (admin, other))
    assert other.client.post(edit(draft), theirs | {"hypothesis": "Hers."}).status_code == 302
    answer = admin.client.post(edit(draft), mine | {"share_1": "40"})
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 409
    assert "grace saved this draft" in page
    assert "it is version 1 now, and you saw version 0" in page
    for shown in ("Hers.", "40 %, led by popular", "50 %, led by popular", "Popular items are clicked more often."):
        assert shown in page
    assert verbs.find("leads").hypothesis == "Hers.", "Nothing is lost."
    again = fields_of(answer.content.decode())
    assert (again["share_1"], again["version"]) == ("40", "1")
    assert admin.client.post(edit(draft), again).status_code == 302
    assert verbs.find("leads").variants.get(name="B").share == 0.4


def test_the_same_form_sent_twice_is_saved_once_without_a_word(admin: Staff, shop: Shop) -> None:
    draft = verbs.create(defined(), actor=SYSTEM)
    sent = fields_of(admin.get(edit(draft)).content.decode()) | {"hypothesis": "Mine."}
    assert [admin.client.post(edit(draft), sent).status_code for _ in range(2)] == [302, 302]
    draft.refresh_from_db()
    assert draft.version == 1


def test_what_is_started_is_what_was_seen(admin: Staff, shop: Shop) -> None:
    draft = verbs.create(defined(), actor=SYSTEM)
    verbs.change(draft, defined(hypothesis="Another one."), actor=SYSTEM)
    step = f"{LIST}{draft.pk}/step/"
    assert "it is version 1 now, and you saw version 0" in admin.follow(admin.post(step, verb="start", version="0"))
    draft.refresh_from_db()
    assert draft.state == "draft"
    admin.post(step, verb="start", version="1")
    draft.refresh_from_db()
    assert draft.state == "running"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"share_0": "-5"}, "From 0.01 to 100 percent are possible."),
        ({"share_1": ""}, "It is needed, in percent."),
        ({"minimum_lift": "0"}, "From 0.1 to 90 percent are possible."),
        ({"guardrail_latency": "0"}, "From 0.1 to 100 percent are possible."),
        ({"ends_at": "24.12.2026"}, "Write it as 2026-12-24 or 2026-12-24T18:00; it is in UTC."),
        ({"name_1": ""}, "It is needed"),
    ],
)
def test_refusals_speak_as_the_form_does(admin: Staff, shop: Shop, wrong: dict[str, str], said: str) -> None:
    sent = fields_of(admin.get(f"{LIST}new/").content.decode())
    sent |= {"key": "leads", "hypothesis": "So.", "placement": "default", "algorithm_1": "popular"}
    answer = admin.client.post(f"{LIST}new/", sent | wrong)
    page = answer.content.decode()
    assert answer.status_code == 200
    (name,) = wrong
    field = page[page.index(f'name="{name}"') :]
    field = field[: field.find('class="rs-field"')]
    assert said in field
    assert 'class="rs-error"' in field
    assert not Experiment.objects.exists()


def test_what_can_be_chosen_is_what_there_is(admin: Staff, shop: Shop) -> None:
    swapped = publish({"popular": popular(shop.items[::-1])}, promote=False)
    page = admin.get(f"{LIST}new/").content.decode()
    select: Any = re.search(r'name="algorithm_1".*?</select>', page, re.DOTALL)
    assert re.findall(r'value="([a-z]+)"', select.group(0)) == ["popular", "svd", "latest", "trending"]
    assert f"{swapped.pk}: popular, svd" in page
    assert f'value="{shop.release.pk}"' not in page, "Who names no release gets the live one."
    assert re.findall(r'value="([a-z ]+\d+)"', page[page.index('name="revision_1"') :].split("</select>")[0]) == [
        "default 2",
        "default 1",
    ]
    assert "default 2 (live)" in page
    absent = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "algorithm": "nmf"}]
    draft = verbs.create(defined(variants=absent), actor=SYSTEM)
    assert "nmf (not in the live release)" in admin.get(edit(draft)).content.decode()

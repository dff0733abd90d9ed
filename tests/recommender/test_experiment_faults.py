"""What an experiment needs may go while it runs, and people press buttons at once: a sentence, nothing half done."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from recommender import merchandising, registry
from recommender.engine.forms.hybrid import BUCKETS, HybridModel
from recommender.insight.experiments import storing, verbs
from recommender.models import Experiment, ModelVersion, Placement, Release
from recommender.operations import experiments as shipping
from recommender.registry.exceptions import CannotPromote
from recsite.platform.audit import SYSTEM
from recsite.platform.exceptions import Conflict, Invalid
from recsite.platform.models import AuditEntry
from tests.admin.staff import Staff
from tests.recommender.experiment_fixtures import begin, defined
from tests.recommender.fixtures import Shop, ask, ids, look_again, popular, publish, start_afresh, svd

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_placement_stays_while_an_experiment_runs_or_rests_or_is_planned_there(shop: Shop) -> None:
    placement = merchandising.create("shelf", "user", values={}, actor=SYSTEM)
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    planned = verbs.create(defined(key="later", placement="shelf", starts_at=soon), actor=SYSTEM)
    with pytest.raises(Conflict, match="The experiment later is planned to start at shelf"):
        merchandising.delete(placement, actor=SYSTEM)
    verbs.archive(planned, actor=SYSTEM)
    experiment = begin(placement="shelf")
    with pytest.raises(Conflict, match="The experiment leads is running at shelf: stop it first"):
        merchandising.delete(placement, actor=SYSTEM)
    verbs.pause(experiment, actor=SYSTEM)
    with pytest.raises(Conflict, match="The experiment leads is paused at shelf: stop it first"):
        merchandising.delete(placement, actor=SYSTEM)
    look_again()
    assert ask("ada", placement="shelf").items, "Nothing is half done."
    verbs.stop(experiment, actor=SYSTEM)
    merchandising.delete(placement, actor=SYSTEM)
    with pytest.raises(Conflict, match="The placement 'shelf' was deleted"):
        shipping.ship(experiment, "B", "We like it.", actor=SYSTEM)
    assert not Placement.objects.filter(name="shelf").exists()


def test_one_of_a_placement_that_was_made_anew_is_neither_started_nor_shipped(shop: Shop) -> None:
    placement = merchandising.create("shelf", "user", values={}, actor=SYSTEM)
    variants = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "revision": 1}]
    ended = verbs.stop(begin(placement="shelf", variants=variants), actor=SYSTEM)
    draft = verbs.create(defined(key="draft", placement="shelf", variants=variants), actor=SYSTEM)
    merchandising.delete(placement, actor=SYSTEM)
    merchandising.create("shelf", "popular", values={}, actor=SYSTEM)
    said = "The placement 'shelf' that it was made for was deleted; another one has its name now"
    with pytest.raises(Conflict, match=said):
        verbs.start(draft, actor=SYSTEM)
    with pytest.raises(Conflict, match=said):
        shipping.ship(ended, "B", "We like it.", actor=SYSTEM)
    assert sorted(Experiment.objects.values_list("state", flat=True)) == ["draft", "stopped"]
    assert merchandising.find("shelf").revisions.count() == 1
    verbs.change(draft, storing.told(draft), actor=SYSTEM)
    assert verbs.start(draft, actor=SYSTEM).state == "running", "Somebody has looked at it, and saved it again."


def test_of_a_start_and_a_deletion_at_once_one_is_refused(shop: Shop) -> None:
    placement = merchandising.create("shelf", "user", values={}, actor=SYSTEM)
    verbs.create(defined(placement="shelf"), actor=SYSTEM)
    with ThreadPoolExecutor(2) as pool:
        started, deleted = pool.submit(_start, "leads"), pool.submit(_delete, placement)
        assert bool(started.result()) != bool(deleted.result())
    is_running = Experiment.objects.get().state == "running"
    assert Placement.objects.filter(name="shelf").exists() == is_running


SHARES = {"ab": (0.0001, 0.9999), "interleaving": (0.5, 0.5)}
"""By kind, so that the user gets what is at stake."""


@pytest.mark.parametrize("kind", ["ab", "interleaving"])
def test_a_release_whose_files_go_while_it_runs(shop: Shop, kind: str) -> None:
    other = publish({"svd": svd(shop.novels, shop.poems, [shop.ben, shop.ada])}, promote=False)
    live = ids(ask("ada"))
    one, other_share = SHARES[kind]
    variants = [{"name": "A", "share": one}, {"name": "B", "share": other_share, "release": other.pk}]
    experiment = begin(variants=variants, kind=kind)
    assert ask("ada").variant
    ModelVersion.objects.filter(releases=other).update(state=ModelVersion.State.ARCHIVED, artifact="")
    start_afresh()
    answer = ask("ada")
    assert (answer.variant, ids(answer)) == (None, live)
    with pytest.raises(CannotPromote):
        shipping.ship(experiment, "B", "We like it.", actor=SYSTEM)
    assert Experiment.objects.get().state == "running"
    verbs.pause(experiment, actor=SYSTEM)
    with pytest.raises(Invalid, match=f"Release {other.pk} can't be served: it has a model without files"):
        verbs.start(experiment, actor=SYSTEM)


def test_a_variant_that_nothing_can_lead_is_not_started_and_what_there_is_is_named(shop: Shop) -> None:
    absent = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "algorithm": "nmf"}]
    draft = verbs.create(defined(variants=absent), actor=SYSTEM)
    said = "B can't be shown: nmf is not in the live release. There are popular, svd, latest, trending."
    with pytest.raises(Invalid, match=re.escape(said)):
        verbs.start(draft, actor=SYSTEM)
    assert f"{said} It can't be started before that is mended." in _page(draft)
    unweighed = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "content_weight": 0.4}]
    verbs.change(draft, defined(variants=unweighed), actor=SYSTEM)
    with pytest.raises(Invalid, match="B can't be shown: what the live release leads with has no content to weigh"):
        verbs.start(draft, actor=SYSTEM)


def test_what_is_inside_the_live_hybrid_leads_and_content_has_a_weight_there(shop: Shop) -> None:
    sources: Any = {"svd": svd(shop.novels, shop.poems, [shop.ada, shop.ben]), "content": popular(shop.items)}
    models: Any = {"hybrid": HybridModel(sources, np.full((len(BUCKETS), 2), 0.5, np.float32))}
    publish(models)
    for key, change in (("inside", {"algorithm": "svd"}), ("weighed", {"content_weight": 0.4})):
        variants = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, **change}]
        made = verbs.start(verbs.create(defined(key=key, variants=variants), actor=SYSTEM), actor=SYSTEM)
        assert verbs.stop(made, actor=SYSTEM).state == "stopped"


@pytest.mark.parametrize("kind", ["ab", "interleaving"])
def test_what_leads_a_variant_may_leave_the_release_while_it_runs(shop: Shop, kind: str) -> None:
    one, other = SHARES[kind]
    variants = [{"name": "A", "share": one}, {"name": "B", "share": other, "algorithm": "popular"}]
    experiment = begin(variants=variants, kind=kind)
    assert ask("ada").variant
    registry.take_out("popular")
    start_afresh()
    answer = ask("ada")
    assert (answer.variant, answer.algorithm) == (None, "svd"), "They get what is live, and count as no variant."
    page = _page(experiment)
    assert "B can't be shown: popular is not in the live release" in page
    assert "Its users get what is live, and count as those who did not get their variant." in page


def _page(experiment: Experiment) -> str:
    viewer = Staff("viewer", "recommender.view_experiment")
    return unescape(viewer.get(f"/admin/recommender/experiment/{experiment.pk}/change/").content.decode())


def test_of_two_that_are_started_at_once_at_one_placement_one_runs(shop: Shop) -> None:
    for key in ("first", "second"):
        verbs.create(defined(key=key), actor=SYSTEM)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(_start, ("first", "second")))
    assert sorted(map(bool, said)) == [False, True]
    assert "one at a time can be read there" in max(said)
    assert Experiment.objects.filter(state="running").count() == 1


def test_one_that_is_started_twice_at_once_is_started_once(shop: Shop) -> None:
    verbs.create(defined(), actor=SYSTEM)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(_start, ("leads", "leads"))) == ["", ""]
    assert AuditEntry.objects.filter(verb="experiment.start").count() == 1


def _start(key: str) -> str:
    """What is said to somebody who starts it."""
    try:
        verbs.start(verbs.find(key), actor=SYSTEM)
    except (Conflict, Invalid) as error:
        return str(error)
    finally:
        connection.close()
    return ""


def _delete(placement: Placement) -> str:
    """What is said to somebody who deletes it."""
    try:
        merchandising.delete(placement, actor=SYSTEM)
    except Conflict as error:
        return str(error)
    finally:
        connection.close()
    return ""


@pytest.mark.parametrize("kind", ["ab", "aa", "interleaving"])
def test_shares_over_all_there_is_are_refused_whatever_the_kind(shop: Shop, kind: str) -> None:
    variants: list[dict[str, Any]] = [{"name": "A", "share": 0.7}, {"name": "B", "share": 0.7, "algorithm": "popular"}]
    with pytest.raises(Invalid, match="The shares are 140 % together: lower some"):
        verbs.create(defined(kind=kind, variants=variants), actor=SYSTEM)
    assert not Experiment.objects.exists()


def test_a_variant_whose_release_was_promoted_meanwhile_shows_what_is_live_and_the_page_says_so(
    shop: Shop, swapped: Release
) -> None:
    admin = Staff("ada", is_superuser=True)
    variants = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5, "release": swapped.pk}]
    experiment = begin(variants=variants)
    page = f"/admin/recommender/experiment/{experiment.pk}/change/"
    said = f"B shows what is live, since release {swapped.pk} is:"
    assert said not in admin.page(page)
    registry.promote(swapped)
    assert said in admin.page(page)
    verbs.stop(experiment, actor=SYSTEM)
    named = verbs.create(defined(key="again", variants=variants), actor=SYSTEM)
    with pytest.raises(Invalid, match=f"B shows what is live, since release {swapped.pk} is: .* Leave the release out"):
        verbs.start(named, actor=SYSTEM)

"""What an experiment needs may go while it runs, and people press buttons at once: a sentence, nothing half done."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from recommender import merchandising
from recommender.insight.experiments import verbs
from recommender.models import Experiment, ModelVersion
from recommender.operations import experiments as shipping
from recommender.registry.exceptions import CannotPromote
from recommender.serving.placements import UnknownPlacement
from recsite.platform.audit import SYSTEM
from recsite.platform.exceptions import Conflict, Invalid
from recsite.platform.models import AuditEntry
from tests.admin.staff import Staff
from tests.recommender.experiment_fixtures import begin, defined
from tests.recommender.fixtures import Shop, ask, ids, look_again, publish, start_afresh, svd

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.mark.parametrize("kind", ["ab", "interleaving"])
def test_a_placement_that_is_deleted_while_it_runs(shop: Shop, kind: str) -> None:
    placement = merchandising.create("shelf", "user", values={}, actor=SYSTEM)
    experiment = begin(placement="shelf", kind=kind)
    assert ask("ada", placement="shelf").variant
    merchandising.delete(placement, actor=SYSTEM)
    look_again()
    with pytest.raises(UnknownPlacement, match="There is no placement 'shelf'"):
        ask("ada", placement="shelf")
    viewer = Staff("viewer", "recommender.view_experiment", "recommender.operate")
    assert viewer.get(f"/admin/recommender/experiment/{experiment.pk}/change/").status_code == 200
    with pytest.raises(Conflict, match="The placement 'shelf' was deleted"):
        shipping.ship(experiment, "B", "We like it.", actor=SYSTEM)
    assert Experiment.objects.get().state == "running", "Nothing is half done."
    verbs.pause(experiment, actor=SYSTEM)
    with pytest.raises(Invalid, match="There is no placement 'shelf'"):
        verbs.start(experiment, actor=SYSTEM)
    assert verbs.stop(experiment, actor=SYSTEM).state == "stopped"


@pytest.mark.parametrize("kind", ["ab", "interleaving"])
def test_a_release_whose_files_go_while_it_runs(shop: Shop, kind: str) -> None:
    other = publish({"svd": svd(shop.novels, shop.poems, [shop.ben, shop.ada])}, promote=False)
    live = ids(ask("ada"))
    variants = [{"name": "A", "share": 0.0001}, {"name": "B", "share": 0.9999, "release": other.pk}]
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

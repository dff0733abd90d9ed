"""What was done to an experiment is taken back where the inverse is safe: nothing that users saw, or that ended."""

import pytest

from recommender.insight.experiments import verbs
from recommender.models import Experiment
from recsite.platform import undo
from recsite.platform.audit import SYSTEM
from recsite.platform.exceptions import Conflict
from recsite.platform.models import AuditEntry
from recsite.undo_table import UNDO
from tests.recommender.experiment_fixtures import begin, defined
from tests.recommender.fixtures import Shop, ask, look_again

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def take_back(verb: str) -> AuditEntry:
    return undo.undo(AuditEntry.objects.filter(verb=f"experiment.{verb}").latest("pk").pk, actor=SYSTEM)


def state() -> str:
    return Experiment.objects.get().state


def test_a_pause_is_taken_back_and_so_is_going_on(shop: Shop) -> None:
    experiment = begin()
    verbs.pause(experiment, actor=SYSTEM)
    assert take_back("pause").verb == "experiment.resume"
    look_again()
    assert ask("ada").variant
    take_back("resume")
    look_again()
    assert (state(), ask("ada").variant) == ("paused", None)


def test_a_first_start_is_not_for_users_may_have_seen_it(shop: Shop) -> None:
    begin()
    entry = AuditEntry.objects.get(verb="experiment.start")
    assert undo.known(entry) is None, "no button is offered"
    with pytest.raises(undo.CannotUndo, match="can't be undone by a button"):
        take_back("start")
    assert state() == "running"


def test_what_was_put_away_comes_back_as_what_it_was(shop: Shop) -> None:
    experiment = verbs.create(defined(), actor=SYSTEM)
    verbs.archive(experiment, actor=SYSTEM)
    take_back("archive")
    assert state() == "draft"
    take_back("restore")
    assert state() == "archived"
    verbs.restore(experiment, actor=SYSTEM)
    verbs.start(experiment, actor=SYSTEM)
    verbs.stop(experiment, actor=SYSTEM)
    verbs.archive(experiment, actor=SYSTEM)
    take_back("archive")
    assert state() == "stopped"
    with pytest.raises(Conflict, match="stopped: it can't be brought back"):
        verbs.restore(experiment, actor=SYSTEM)


def test_what_came_later_stands_in_the_way(shop: Shop) -> None:
    experiment = begin()
    verbs.pause(experiment, actor=SYSTEM)
    verbs.stop(experiment, actor=SYSTEM)
    with pytest.raises(undo.CannotUndo, match="leads is stopped now"):
        take_back("pause")
    assert state() == "stopped"


def test_a_placement_that_is_gone_stands_in_the_way_too(shop: Shop) -> None:
    experiment = begin()
    verbs.pause(experiment, actor=SYSTEM)
    Experiment.objects.update(placement="gone")
    with pytest.raises(undo.CannotUndo, match="There is no placement 'gone'"):
        take_back("pause")
    assert Experiment.objects.get(key="leads").state == "paused"


def test_a_draft_is_defined_as_before(shop: Shop) -> None:
    draft = verbs.create(defined(), actor=SYSTEM)
    verbs.change(draft, defined(hypothesis="Another one.", shares=(0.2, 0.8)), actor=SYSTEM)
    take_back("change")
    draft = verbs.find("leads")
    assert (draft.hypothesis, [one.share for one in draft.variants.all()]) == (defined()["hypothesis"], [0.5, 0.5])
    verbs.change(draft, defined(hypothesis="A third one."), actor=SYSTEM)
    verbs.change(draft, defined(hypothesis="A fourth one."), actor=SYSTEM)
    last = AuditEntry.objects.filter(verb="experiment.change").order_by("-pk")[1]
    with pytest.raises(undo.CannotUndo, match="leads has changed since"):
        undo.undo(last.pk, actor=SYSTEM)
    assert verbs.find("leads").hypothesis == "A fourth one."


def test_stopping_and_shipping_have_no_button() -> None:
    assert not {"experiment.start", "experiment.stop", "experiment.ship", "experiment.create"} & UNDO.keys()

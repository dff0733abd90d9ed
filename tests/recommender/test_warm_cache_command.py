from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from recommender import registry
from tests import factories
from tests.recommender.fixtures import start_afresh
from tests.recommender.models import factor_model, ids, ready

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_loaded() -> None:
    start_afresh()


def run(*words: str) -> str:
    out = StringIO()
    call_command("warm_cache", *words, stdout=out)
    return out.getvalue()


def live() -> None:
    people = ids(factories.ada().pk, factories.person("ben", last_active=timezone.now()).pk)
    items = ids(*(item.pk for item in factories.items(3)))
    registry.publish([ready("svd", factor_model(people, items))])


def test_it_makes_the_lists_of_those_who_were_active_lately() -> None:
    live()
    assert run().startswith("The lists of 1 user are made")


def test_it_makes_everybody_s_lists_when_asked_to() -> None:
    live()
    assert run("--all").startswith("The lists of 2 users are made")


def test_without_a_live_release_it_fails_in_one_sentence() -> None:
    with pytest.raises(CommandError, match="No release is live") as error:
        run()
    assert error.value.returncode == 1


def test_it_throws_all_lists_away_first_when_asked_to() -> None:
    live()
    run("--all")
    assert run("--all").startswith("The lists of 2 users were up to date.")
    assert run("--all", "--clear").startswith("No list of before is used any more; ")

"""A model that was trained elsewhere passes the same gate as one trained here, and can't break a page."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recommender import dataset, registry
from recommender.cache import SOURCES
from recommender.engine.algorithms import ALGORITHMS, RATING_MODELS, create
from recommender.engine.types import IdMap
from recommender.models import ModelVersion, Release
from recommender.operations import imports
from recommender.registry.artifacts import files
from recommender.registry.exceptions import CannotImport, CannotPromote
from recommender.serving.candidates import loaded_release
from recsite.platform.models import AuditEntry
from tests import factories
from tests.api.clients import ApiClient
from tests.recommender.fixtures import Shop, forget, happened
from tests.recommender.models import factor_model, ready

pytestmark = pytest.mark.django_db
N_USERS, N_ITEMS = 60, 20


@pytest.fixture
def rated() -> None:
    """Sixty users who each rate twelve of twenty items by two tastes, one rating a day."""
    rng = np.random.default_rng(5)
    items = factories.items(N_ITEMS)
    users = [factories.person(f"user-{number}") for number in range(N_USERS)]
    for number, user in enumerate(users):
        for day, column in enumerate(rng.permutation(N_ITEMS)[:12].tolist()):
            value = 5.0 if column % 2 == number % 2 else 1.0
            happened(user, items[column], "rating", value, days_ago=40 - day)


def exported(folder: Path, model: object, algorithm: str = "svd") -> Path:
    folder.mkdir()
    files.write(folder, model, {"algorithm": algorithm})  # type: ignore[arg-type]  # any model form
    return folder


def fitted(algorithm: str = "svd") -> object:
    return create(algorithm).fit(dataset.load_everything(), np.random.default_rng(1))


def test_a_sound_model_passes_by_the_role_it_would_take(rated: None, tmp_path: Path) -> None:
    made = imports.import_model(exported(tmp_path / "sound", fitted()))
    assert made.version.verdict["passed"] is True
    assert "not worse than those of the baseline predictor" in made.version.verdict["sentence"]
    assert made.version.metrics["metrics"]["rmse"] < 1.0
    assert registry.promote(made.release).state == Release.State.LIVE
    assert AuditEntry.objects.get(verb="model.import").object_id == str(made.version.pk)


def test_a_model_that_errs_more_than_the_baseline_is_refused_until_somebody_gives_a_reason(
    rated: None, tmp_path: Path
) -> None:
    model = fitted()
    worthless = replace(model, user_factors=-model.user_factors, item_bias=-3 * model.item_bias)  # type: ignore[attr-defined,type-var]
    made = imports.import_model(exported(tmp_path / "worthless", worthless))
    assert made.version.is_refused
    with pytest.raises(CannotPromote, match="The quality gate refused"):
        registry.promote(made.release)
    assert registry.promote(made.release, reason="A trial.").override == "A trial."


def test_without_events_nothing_can_be_judged_and_it_says_so(tmp_path: Path) -> None:
    items = factories.items(3)
    model = factor_model(IdMap.of(np.array([factories.ada().pk])), IdMap.of(np.array([one.pk for one in items])))
    made = imports.import_model(exported(tmp_path / "quiet", model))
    assert made.version.verdict == {"passed": True, "sentence": imports.UNJUDGED}


def test_what_would_only_fill_gaps_is_not_judged_by_a_role_that_another_model_has(rated: None, tmp_path: Path) -> None:
    registry.publish([ready("bpmf", fitted("svd"))])  # type: ignore[arg-type]  # a stand-in of any form
    assert registry.role_in_next("nmf") == ""
    assert registry.role_in_next("bpmf") == registry.RATING
    assert imports.import_model(exported(tmp_path / "nmf", fitted("nmf"), "nmf")).version.verdict == {}


@pytest.mark.parametrize("name", ["svd_of_tomorrow", "fold_in", "latest"])
def test_a_model_of_an_unknown_algorithm_is_refused_by_the_names_of_the_known_ones(
    rated: None, tmp_path: Path, name: str
) -> None:
    with pytest.raises(CannotImport, match=f"No algorithm is called '{name}' here. Known: als, baseline, "):
        imports.import_model(exported(tmp_path / "strange", fitted(), name))
    assert not ModelVersion.objects.exists()


def test_an_algorithm_that_rates_needs_a_model_that_rates(rated: None, tmp_path: Path) -> None:
    with pytest.raises(CannotImport, match="svd predicts ratings, and a model of the form 'impersonal' doesn't"):
        imports.import_model(exported(tmp_path / "silent", fitted("popular")))


def test_a_release_with_an_unknown_algorithm_answers_all_the_same(shop: Shop) -> None:
    """It may have gone live under other code, or by hand in the database."""
    version = shop.release.versions.get(algorithm="svd")
    ModelVersion.objects.filter(pk=version.pk).update(algorithm="svd_of_tomorrow")
    shop.release.members.filter(algorithm="svd").update(algorithm="svd_of_tomorrow")
    Release.objects.filter(pk=shop.release.pk).update(weights={"svd_of_tomorrow": 1.0})
    forget()
    assert ApiClient().get("recommendations/users/ada").status_code == 200
    assert loaded_release.live().members.keys() == {"popular"}
    with pytest.raises(CannotPromote, match="of an algorithm that is not known here"):
        registry.promote(registry.bundle([ModelVersion.objects.get(pk=version.pk)]))


def test_the_command_says_what_the_gate_says(rated: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("models", "import", str(exported(tmp_path / "sound", fitted())))
    assert "The quality gate passes it." in capsys.readouterr().out
    with pytest.raises(CommandError, match="No algorithm is called 'other' here"):
        call_command("models", "import", str(exported(tmp_path / "other", fitted(), "other")))


def test_sources_have_numbers_that_are_never_given_again() -> None:
    """Cached lists and impressions store them: a change would give old rows another meaning."""

    assert SOURCES[:18] == (
        "svd",
        "fold-in",
        "popular",
        "latest",
        "ease",
        "item_knn",
        "als",
        "hybrid",
        "bpmf",
        "baseline",
        "trending",
        "nmf",
        "content",
        "exploration",
        "segment_popular",
        "bought-together",
        "stated_preferences",
        "rule",
    )
    assert len(SOURCES) == len(ALGORITHMS) + 6, "Two sources share a number, or one was left out."
    assert RATING_MODELS == ("bpmf", "svd", "nmf", "baseline")


def test_every_algorithm_can_be_made_and_has_words_for_staff() -> None:
    for name, one in ALGORITHMS.items():
        assert create(name)
        assert one.label.endswith(".")
        assert set(one.space) <= set(create(name).__dataclass_fields__)  # type: ignore[attr-defined]

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from catalog import snapshot
from interactions import types
from recommender.insight.drift import reports
from recommender.serving import kept_answers, placements, processes, shadows
from recommender.serving.candidates import exploration, loaded_release, new_items, other_releases
from recommender.serving.incremental import trends
from recsite import health
from recsite.platform import alerts, gathering
from recsite.platform.series import noting
from tests import outages
from tests.initial_rows import InitialRows


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Put back the rows of the migrations in a quicker way."""
    with django_db_blocker.unblock():
        connection.creation.deserialize_db_from_string = InitialRows().put_back  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _as_if_just_started(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the process learnt in one test, an outage or a catalogue, is not true in the next."""
    outages.start_afresh()
    gathering.forget()
    noting.forget()
    alerts.forget()
    # On a busy machine seconds pass between two lines of a test, and what is looked at anew costs queries.
    monkeypatch.setattr(alerts, "KEPT_SECS", 3600.0)
    monkeypatch.setattr(settings, "GATHER_IN_BACKGROUND", False)
    monkeypatch.setattr(settings, "ALERT_GRACE_SECS", 0)
    monkeypatch.setattr(settings, "NOTE_KEY_USE_IN_BACKGROUND", False)
    monkeypatch.setattr(health, "CACHED_SECS", 0.0)
    # All tests come from one address.
    monkeypatch.setattr(settings, "RATE_LIMIT_PER_ADDRESS", 1_000_000)
    monkeypatch.setattr(settings, "SIGN_IN_ATTEMPTS_PER_MINUTE", 10_000)
    for module in (
        snapshot,
        types,
        loaded_release,
        other_releases,
        placements,
        new_items,
        exploration,
        trends,
        reports,
        processes,
        shadows,
        kept_answers,
    ):
        module.forget()
    yield
    # What a test has shown to nobody is not to be stored when the process ends.
    gathering.forget()
    noting.forget()

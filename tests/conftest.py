import pytest

from catalog import snapshot
from interactions import types
from recommender import placements
from recommender.candidates import exploration, loaded, newcomers
from tests import outages


@pytest.fixture(autouse=True)
def _as_if_just_started() -> None:
    """What the process learnt in one test, an outage or a catalogue, is not true in the next."""
    outages.start_afresh()
    for module in (snapshot, types, loaded, placements, newcomers, exploration):
        module.forget()

"""Find out who the users are: those of the demo's own data, by the numbers that it was made with, or others."""

from dataclasses import dataclass
from datetime import datetime

from storefront.past.making import SEED
from storefront.past.tastes import SimulatedTastes, Tastes, TastesByHistory
from storefront.simulation.dataset import chosen_works
from storefront.simulation.world import draw_world


@dataclass(frozen=True)
class Numbers:
    """Hold the numbers by which the demo's data were made; the same ones give the same users."""

    people: int
    items: int
    seed: int


def tastes_of(numbers: Numbers | None, until: datetime) -> Tastes:
    """Return the tastes of simulated users, or those that follow from what users did where they are no such."""
    if numbers is None:
        return TastesByHistory(SEED)
    works = chosen_works(numbers.items, numbers.seed)
    world, _ = draw_world(works, numbers.people, numbers.seed, until)
    simulated = SimulatedTastes(world)
    return simulated if len(simulated.users) and len(simulated.items) else TastesByHistory(SEED)

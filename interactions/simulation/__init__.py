"""Made-up people who browse, buy and rate the demo catalogue. Pure numpy: no Django, no clock of its own.

The same works, numbers, seed and `until` give the same data, byte for byte.
"""

from interactions.simulation.behaviour import TYPES
from interactions.simulation.people import Person
from interactions.simulation.simulate import PLACES, Log, Simulation, most_events, simulate

__all__ = ["PLACES", "TYPES", "Log", "Person", "Simulation", "most_events", "simulate"]

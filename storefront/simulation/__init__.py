"""Simulated users who browse, buy and rate the demo catalogue. Pure numpy: no Django, no clock of its own.

The same works, numbers, seed and `until` give the same data, byte for byte.
"""

from storefront.simulation.behaviour import TYPES
from storefront.simulation.people import Person
from storefront.simulation.simulate import SOURCES, Log, Simulation, most_events, simulate

__all__ = ["SOURCES", "TYPES", "Log", "Person", "Simulation", "most_events", "simulate"]

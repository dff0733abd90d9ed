"""Whether people do today what the models learned from: distributions of two times, compared."""

from recommender.insight.drift.measures import Comparison, compare, jensen_shannon, psi
from recommender.insight.drift.reports import latest, look, should_retrain

__all__ = ["Comparison", "compare", "jensen_shannon", "latest", "look", "psi", "should_retrain"]

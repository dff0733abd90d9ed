"""Detect drift: compare the distributions of the latest events with those of the training events."""

from recommender.insight.drift.measures import Comparison, compare, jensen_shannon, psi
from recommender.insight.drift.reports import check, drifting_since, latest, should_retrain

__all__ = ["Comparison", "check", "compare", "drifting_since", "jensen_shannon", "latest", "psi", "should_retrain"]

from recommender.models.drift import DriftReport
from recommender.models.experiment import (
    EXPERIMENTS_GENERATION,
    Experiment,
    ExperimentAnswers,
    ExperimentBaseline,
    ExperimentDay,
    ExperimentSums,
    ShownBy,
    Variant,
)
from recommender.models.impressions import (
    Attribution,
    DailyImpressions,
    HourlyImpressions,
    ItemImpressions,
    ListImpression,
    ListKind,
    PositionImpressions,
)
from recommender.models.incremental import CoPurchase, CoVisit, ItemDay, TrendingScore
from recommender.models.item_totals import CategoryTotals, ItemTotals
from recommender.models.placement import DEFAULT, EXPOSURES_GENERATION, Exposure, Placement, PlacementRevision
from recommender.models.plan import AlgorithmSettings, TrainingPlan
from recommender.models.release import Release, ReleaseModel, with_promoter
from recommender.models.shadow import SHADOWS_GENERATION, Shadow, ShadowDay
from recommender.models.trial import TuningTrial
from recommender.models.version import ModelVersion, with_starter

__all__ = [
    "DEFAULT",
    "EXPERIMENTS_GENERATION",
    "EXPOSURES_GENERATION",
    "SHADOWS_GENERATION",
    "AlgorithmSettings",
    "Attribution",
    "CategoryTotals",
    "CoPurchase",
    "CoVisit",
    "DailyImpressions",
    "DriftReport",
    "Experiment",
    "ExperimentAnswers",
    "ExperimentBaseline",
    "ExperimentDay",
    "ExperimentSums",
    "Exposure",
    "HourlyImpressions",
    "ItemDay",
    "ItemImpressions",
    "ItemTotals",
    "ListImpression",
    "ListKind",
    "ModelVersion",
    "Placement",
    "PlacementRevision",
    "PositionImpressions",
    "Release",
    "ReleaseModel",
    "Shadow",
    "ShadowDay",
    "ShownBy",
    "TrainingPlan",
    "TrendingScore",
    "TuningTrial",
    "Variant",
    "with_promoter",
    "with_starter",
]

from recommender.admin.drift import DriftReportAdmin
from recommender.admin.experiments import ExperimentAdmin
from recommender.admin.impressions import DailyImpressionsAdmin, HourlyImpressionsAdmin, ListImpressionAdmin
from recommender.admin.placements import ExposureAdmin, PlacementAdmin
from recommender.admin.plans import AlgorithmSettingsAdmin, TrainingPlanAdmin
from recommender.admin.releases import ReleaseAdmin
from recommender.admin.trials import TuningTrialAdmin
from recommender.admin.versions import ModelVersionAdmin

__all__ = [
    "AlgorithmSettingsAdmin",
    "DailyImpressionsAdmin",
    "DriftReportAdmin",
    "ExperimentAdmin",
    "ExposureAdmin",
    "HourlyImpressionsAdmin",
    "ListImpressionAdmin",
    "ModelVersionAdmin",
    "PlacementAdmin",
    "ReleaseAdmin",
    "TrainingPlanAdmin",
    "TuningTrialAdmin",
]

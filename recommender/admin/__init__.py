from recommender.admin.drift import DriftReportAdmin
from recommender.admin.placements import ExposureAdmin, PlacementAdmin
from recommender.admin.releases import ReleaseAdmin
from recommender.admin.served import ServedDayAdmin, ServedListAdmin
from recommender.admin.trials import TuningTrialAdmin
from recommender.admin.versions import ModelVersionAdmin

__all__ = [
    "DriftReportAdmin",
    "ExposureAdmin",
    "ModelVersionAdmin",
    "PlacementAdmin",
    "ReleaseAdmin",
    "ServedDayAdmin",
    "ServedListAdmin",
    "TuningTrialAdmin",
]

from recommender.models.placement import DEFAULT, Exposure, Placement
from recommender.models.release import Release, ReleaseMember
from recommender.models.trial import TuningTrial
from recommender.models.version import ModelVersion

__all__ = ["DEFAULT", "Exposure", "ModelVersion", "Placement", "Release", "ReleaseMember", "TuningTrial"]

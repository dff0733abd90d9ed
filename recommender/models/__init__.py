from recommender.models.release import Release, ReleaseMember
from recommender.models.trial import TuningTrial
from recommender.models.version import ModelVersion

__all__ = ["ModelVersion", "Release", "ReleaseMember", "TuningTrial"]

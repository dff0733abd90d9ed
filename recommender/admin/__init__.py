from recommender.admin.releases import ReleaseAdmin
from recommender.admin.trials import TuningTrialAdmin
from recommender.admin.versions import ModelVersionAdmin

__all__ = ["ModelVersionAdmin", "ReleaseAdmin", "TuningTrialAdmin"]

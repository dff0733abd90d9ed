"""Name what can go wrong with models and releases; each message is one sentence: what is wrong, what to do."""

from recsite.platform.exceptions import UserFacingError


class CannotTrain(UserFacingError):
    """Refuse a training: there is nothing to train on, or a setting is wrong."""


class UnknownVersion(UserFacingError):
    """Report that no model version, or no release, has that number."""


class ArtifactDamaged(UserFacingError):
    """Report that a model's files are missing, or are not what they were when they were written."""


class CannotImport(UserFacingError):
    """Refuse a folder that holds no model that could be served here."""


class CannotExport(UserFacingError):
    """Refuse a folder that can't take a model's files."""


class CannotPromote(UserFacingError):
    """Refuse a release that can't be served, or one that came too late: another one is live now."""


class NothingLive(UserFacingError):
    """Report that no release is live."""


class NothingToRollBackTo(UserFacingError):
    """Report that the live release replaced none, or one that can't be served any more."""

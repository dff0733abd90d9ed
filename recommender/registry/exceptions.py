"""What can go wrong with models and releases; each message is one sentence: what is wrong, what to do."""

from recsite.platform.exceptions import UserFacingError


class CannotTrain(UserFacingError):
    """There is nothing to train on, or a setting is wrong."""


class UnknownVersion(UserFacingError):
    """No model version, or no release, has that number."""


class ArtifactDamaged(UserFacingError):
    """A model's files are missing, or are not what they were when they were written."""


class CannotImport(UserFacingError):
    """A folder holds no model that could be served here."""


class CannotExport(UserFacingError):
    """A folder can't take a model's files."""


class CannotPromote(UserFacingError):
    """The release can't be served, or another one went live in the meantime."""


class NothingLive(UserFacingError):
    """No release is live."""


class NothingToRollBackTo(UserFacingError):
    """The live release replaced none, or one that can't be served any more."""

"""What can go wrong with models and releases; each message is one sentence: what is wrong, what to do."""

from recsite.platform.exceptions import Explained


class CannotTrain(Explained):
    """There is nothing to train on, or a setting is wrong."""


class UnknownVersion(Explained):
    """No model version, or no release, has that number."""


class ArtifactDamaged(Explained):
    """A model's files are missing, or are not what they were when they were written."""


class CannotImport(Explained):
    """A folder holds no model that could be served here."""


class CannotExport(Explained):
    """A folder can't take a model's files."""


class CannotPromote(Explained):
    """The release can't be served, or another one went live in the meantime."""


class NothingLive(Explained):
    """No release is live."""


class NothingToRollBackTo(Explained):
    """The live release replaced none, or one that can't be served any more."""

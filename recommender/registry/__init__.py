"""The models there are, and the one release that is served. Every change to them is a verb here."""

from recommender.registry.releases import (
    EPOCH,
    LISTS,
    RATING,
    bundle,
    live_release,
    promote,
    publish,
    refusals,
    reload,
    rival,
    role_in_next,
    rollback,
)
from recommender.registry.transfer import Imported, export, import_artifact, verify
from recommender.registry.versions import (
    fail_version,
    finish_version,
    give_up,
    prune,
    reap,
    record_verdict,
    start_version,
    training_lock,
)

__all__ = [
    "EPOCH",
    "LISTS",
    "RATING",
    "Imported",
    "bundle",
    "export",
    "fail_version",
    "finish_version",
    "give_up",
    "import_artifact",
    "live_release",
    "promote",
    "prune",
    "publish",
    "reap",
    "record_verdict",
    "refusals",
    "reload",
    "rival",
    "role_in_next",
    "rollback",
    "start_version",
    "training_lock",
    "verify",
]

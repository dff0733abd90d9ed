"""Read the live release, for the pages that compare something with it."""

from recommender.models import ModelVersion, Release, ReleaseModel


def versions() -> dict[str, ModelVersion]:
    """Return the model versions of the live release by algorithm; empty where nothing is live."""
    members = ReleaseModel.objects.filter(release__state=Release.State.LIVE).order_by("algorithm")
    return {member.algorithm: member.version for member in members.select_related("version")}

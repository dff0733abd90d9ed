from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from recommender import registry, tasks
from recommender.models import AlgorithmSettings, ModelVersion, Release, TrainingPlan, with_promoter
from recommender.operations import imports
from recommender.registry.exceptions import ArtifactDamaged, CannotPromote, UnknownVersion
from recommender.serving import processes
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, progress_bar, table, whole_number
from recsite.platform.redis import RedisDown

ACTOR = Actor.command("models")
SHOWN = 20
MEGABYTE = 1_000_000


class Command(PlainCommand):
    help = (
        "The models there are, and the release that is served: a bundle of one model version for each algorithm. "
        "A change is in force in every process a second or two later."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        listed = verbs.add_parser("list", help="The newest releases and versions, and how good they are.")
        listed.add_argument("--limit", type=whole_number, default=SHOWN, help="How many of each (%(default)s).")
        promoted = verbs.add_parser("promote", help="Serve a release; without a number, the newest candidate.")
        promoted.add_argument(
            "release", type=whole_number, nargs="?", metavar="RELEASE", help="The number of a release."
        )
        promoted.add_argument(
            "--version", type=whole_number, help="Bundle this version with the rest of the live release."
        )
        promoted.add_argument("--reason", default="", help="Why, where the quality gate refused it; it is kept.")
        verbs.add_parser("rollback", help="Serve the release again that the live one replaced.")
        taken = verbs.add_parser("take-out", help="Serve the live release without a model.")
        taken.add_argument("algorithm", metavar="ALGORITHM", help="Such as svd; scheduled trainings leave it out.")
        verbs.add_parser("settings", help="The settings of each algorithm that trainings can use.")
        chosen = verbs.add_parser("choose", help="Have every training of an algorithm use these settings.")
        chosen.add_argument("settings", type=whole_number, metavar="SETTINGS", help="See 'models settings'.")
        verbs.add_parser("reload", help="Check the live models' files and have every process read them again.")
        exported = verbs.add_parser("export", help="Write a version's files to a folder.")
        exported.add_argument("version", type=whole_number, metavar="VERSION", help="See 'models list'.")
        exported.add_argument("folder", type=Path, metavar="FOLDER", help="New or empty.")
        imported = verbs.add_parser("import", help="Check an exported folder and make it a candidate release.")
        imported.add_argument("folder", type=Path, metavar="FOLDER", help="As 'models export' writes it.")
        verified = verbs.add_parser("verify", help="Check a version's stored files, or those of every ready version.")
        verified.add_argument("version", type=whole_number, nargs="?", metavar="VERSION", help="See 'models list'.")

    def handle(self, *args: Any, **options: Any) -> None:
        for line in VERBS[options["verb"]](options):
            self.stdout.write(line)


def show(options: dict[str, Any]) -> Iterator[str]:
    releases = with_promoter(Release.objects.all()).prefetch_related("members")[: options["limit"]]
    versions = ModelVersion.objects.all()[: options["limit"]]
    if not versions:
        yield "There are no models yet: run 'train'."
        return
    yield from table(["RELEASE", "STATE", "MODELS", "PROMOTED", "BY"], [_release_row(row) for row in releases])
    yield ""
    yield from _in_force()
    headings = ["VERSION", "ALGORITHM", "STATE", "RMSE", "NDCG@10", "POPULAR", "EVENTS", "MADE", "SECONDS", "NOTE"]
    yield from table(headings, [_version_row(row) for row in versions])


def _in_force() -> Iterator[str]:
    """Yield the sentence on which processes serve the live release, with an empty line."""
    live = registry.live_release()
    if live is None:
        return
    try:
        yield f"{live}: {processes.in_force(live.pk)}"
    except RedisDown:
        yield "Redis can't be reached, so nobody knows which processes serve the live release."
    yield ""


def promote(options: dict[str, Any]) -> Iterator[str]:
    if options["version"] and options["release"]:
        raise CommandError("Give the number of a release, or --version with that of a version, not both.")
    if options["version"]:
        release = registry.publish([_version(options["version"])], reason=options["reason"], actor=ACTOR)
    else:
        release = registry.promote(_release(options["release"]), reason=options["reason"], actor=ACTOR)
    tasks.warm_soon()
    yield f"{release} is live."
    yield from (f"Attention: {doubt}" for doubt in registry.doubts(release))


def rollback(_: dict[str, Any]) -> Iterator[str]:
    release = registry.rollback(actor=ACTOR)
    tasks.warm_soon()
    yield f"{release} is live again."


def take_out(options: dict[str, Any]) -> Iterator[str]:
    release = registry.take_out(options["algorithm"], actor=ACTOR)
    tasks.warm_soon()
    yield f"{release} is live, without {options['algorithm']}. Scheduled trainings leave it out."


def settings(_: dict[str, Any]) -> Iterator[str]:
    chosen = set(TrainingPlan.objects.values_list("chosen", flat=True))
    rows = AlgorithmSettings.objects.all()
    if not rows:
        yield "Every algorithm has its defaults: 'tune' proposes others, and staff can add some in the admin."
        return
    yield from table(
        ["SETTINGS", "CHOSEN", "FROM", "", "NOTE"],
        [[row.pk, "yes" if row.pk in chosen else "", row.origin, row, row.note] for row in rows],
    )
    for name, why in TrainingPlan.objects.exclude(held="").values_list("algorithm", "held"):
        yield f"{name} is left out by scheduled trainings: {why}"


def choose(options: dict[str, Any]) -> Iterator[str]:
    row = AlgorithmSettings.objects.filter(pk=options["settings"]).first()
    if row is None:
        raise CommandError(f"There are no settings {options['settings']}. 'models settings' shows those there are.")
    registry.choose(row, actor=ACTOR)
    yield f"Every training uses {row} from now on."


def reload(_: dict[str, Any]) -> Iterator[str]:
    yield f"{registry.reload(actor=ACTOR)} is whole, and is being read again."


def export(options: dict[str, Any]) -> Iterator[str]:
    version = _version(options["version"])
    size = registry.export(version, options["folder"])
    yield f"{version} is in {options['folder']}: {size / MEGABYTE:.1f} MB."


def import_(options: dict[str, Any]) -> Iterator[str]:
    with progress_bar() as progress:
        made = imports.import_model(options["folder"], progress=progress, actor=ACTOR)
    yield f"{made.version} is ready, {made.items:.0%} of its items and {made.people:.0%} of its users are known here."
    if made.version.verdict:
        judged = "refuses" if made.version.is_refused else "passes"
        yield f"The quality gate {judged} it. {made.version.verdict['sentence']}"
    reason = ' --reason "..."' if made.version.is_refused else ""
    yield f"Serve it with: models promote {made.release.pk}{reason}"


def verify(options: dict[str, Any]) -> Iterator[str]:
    ready = ModelVersion.objects.filter(state=ModelVersion.State.READY)
    versions = [_version(options["version"])] if options["version"] else list(ready)
    damaged = 0
    for version in versions:
        try:
            yield f"{version}: whole, {registry.verify(version) / MEGABYTE:.1f} MB."
        except ArtifactDamaged as error:
            damaged += 1
            yield f"{version}: {error}"
    if damaged:
        raise CommandError(f"{damaged} of {len(versions)} versions can't be served.")
    if not versions:
        yield "There are no models yet: run 'train'."


VERBS = {
    "list": show,
    "promote": promote,
    "rollback": rollback,
    "take-out": take_out,
    "settings": settings,
    "choose": choose,
    "reload": reload,
    "export": export,
    "import": import_,
    "verify": verify,
}


def _version(number: int) -> ModelVersion:
    version = ModelVersion.objects.filter(pk=number).first()
    if version is None:
        raise UnknownVersion(f"There is no version {number}. 'models list' shows those there are.")
    return version


def _release(number: int | None) -> Release:
    if number is None:
        candidate = Release.objects.filter(state=Release.State.CANDIDATE).first()
        if candidate is None:
            raise CannotPromote("There is no candidate. Run 'train --no-promote', or give the number of a release.")
        return candidate
    release = Release.objects.filter(pk=number).first()
    if release is None:
        raise UnknownVersion(f"There is no release {number}. 'models list' shows those there are.")
    return release


def _release_row(release: Release) -> list[object]:
    members = ", ".join(f"{member.algorithm} {member.version_id}" for member in release.members.all())
    promoted = f"{release.promoted_at:%Y-%m-%d %H:%M}" if release.promoted_at else ""
    return [release.pk, release.state, members, promoted, release.promoter]


def _version_row(version: ModelVersion) -> list[object]:
    own, beside = version.metrics.get("metrics", {}), version.metrics.get("beside", {}).get("popular", {})
    figures = [own.get("rmse"), own.get("ndcg_at_10"), beside.get("ndcg_at_10")]
    shown = ["" if figure is None else f"{figure:.3f}" for figure in figures]
    seconds = "" if version.duration_seconds is None else f"{version.duration_seconds:.1f}"
    made = f"{version.created_at:%Y-%m-%d %H:%M}"
    refused = f"refused: {version.verdict['sentence']}" if version.is_refused else ""
    note = version.error or refused or version.origin
    return [version.pk, version.algorithm, version.state, *shown, version.n_events, made, seconds, note]

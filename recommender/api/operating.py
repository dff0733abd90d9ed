"""Operate the models: train, promote, roll back, reload. Each is a job, by the same verbs as in the admin."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema

from recommender import registry, tasks
from recommender.api.models import RELEASE_ID, find_release
from recommender.engine.algorithms import ALGORITHMS
from recommender.models import Placement, Release
from recommender.operations.estimate import NothingRandomised, find_placement
from recommender.registry.exceptions import NothingLive, NothingToRollBackTo
from recommender.tasks import estimating
from recommender.training import train
from recsite.platform import authentication, database, jobs
from recsite.platform.exceptions import Invalid
from recsite.platform.job_shape import ACCEPTED, EXAMPLE, accepted
from recsite.platform.json_view import JsonBodyView
from recsite.platform.request_fields import Field, Fields, described, read_fields
from recsite.platform.schema import problems
from recsite.platform.values import Boolean, Choice, Integer, Many, Text

JOB = [OpenApiExample("A job", EXAMPLE, response_only=True, status_codes=[202])]
PROBLEMS = problems(409, 413, 415)
LARGEST = 2**31 - 1
TRAIN: Fields = {
    "algorithms": Field(
        Many(Choice(tuple(ALGORITHMS)), len(ALGORITHMS), 1, is_unique=True),
        f"What is trained. Default: {', '.join(train.EVERYTHING)}.",
    ),
    "seed": Field(Integer(0, LARGEST), "The same seed and data give the same model.", train.SEED),
    "promote": Field(Boolean(), "Whether what the quality gate lets through goes live.", True),
}
PROMOTE: Fields = {"reason": Field(Text(500), "Why, where the quality gate refused one of its models; it is kept.")}
ROLL_BACK: Fields = {
    "release": Field(
        Integer(1, LARGEST), "The release that was seen live: if another one is by then, nothing changes. Default: it."
    )
}
NOTHING: Fields = {}
ESTIMATE: Fields = {
    "placement": Field(Text(50), "Where: a placement that draws a share of its lists at random.", is_required=True),
    "later_only": Field(
        Boolean(), "Only lists from after the training: it has learned from the clicks on earlier ones.", False
    ),
}


class TrainModels(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="train_models",
        tags=["Models"],
        summary="Train models",
        description="On everything that is stored. The new models are measured on held-out events; those that the "
        "quality gate lets through go live. Where nothing has changed since the last training the job is skipped.",
        request=described(TRAIN),
        responses={202: ACCEPTED, **PROBLEMS},
        examples=[OpenApiExample("Two models", {"algorithms": ["svd", "popular"]}, request_only=True), *JOB],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        values = read_fields(TRAIN, body)
        title = "Train and promote" if values["promote"] else "Train a candidate"
        arguments = values | {"algorithms": list(values["algorithms"] or train.EVERYTHING)}
        return accepted(jobs.start(tasks.train, "train", title, actor=authentication.actor(request), **arguments))


class PromoteRelease(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="promote_release",
        tags=["Models"],
        summary="Promote a release",
        description="Every process serves it within two seconds of the job's end. Where the quality gate refused one "
        "of its models, a `reason` is needed, and is kept.",
        parameters=[RELEASE_ID],
        request=described(PROMOTE),
        responses={202: ACCEPTED, **PROBLEMS, **problems(404)},
        examples=[OpenApiExample("A reason", {"reason": "The spring campaign."}, request_only=True), *JOB],
    )
    def post(self, request: HttpRequest, body: Any, release_id: int) -> HttpResponse:
        reason = read_fields(PROMOTE, body)["reason"] or ""
        release = database.ask(lambda: find_release(release_id))
        refused = registry.refusals(release)
        if refused and not reason:
            raise Invalid({"reason": f"The quality gate refused {' '.join(refused)} Say why you promote it."})
        about = {"release_id": release.pk, "reason": reason}
        actor = authentication.actor(request)
        return accepted(jobs.start(tasks.promote, "promote", f"Promote {release}", actor=actor, **about))


class EstimateRelease(JsonBodyView):
    @extend_schema(
        operation_id="estimate_release",
        tags=["Models"],
        summary="Estimate a release",
        description="What it would achieve at a placement, before anybody sees it, from the lists whose order the "
        "placement drew at random: a job, whose `message` is the result in words. `GET` of the release has it in "
        "`estimates`.",
        parameters=[RELEASE_ID],
        request=described(ESTIMATE),
        responses={202: ACCEPTED, **PROBLEMS, **problems(404)},
        examples=[OpenApiExample("At a placement", {"placement": "home"}, request_only=True), *JOB],
    )
    def post(self, request: HttpRequest, body: Any, release_id: int) -> HttpResponse:
        values = read_fields(ESTIMATE, body)
        release = database.ask(lambda: find_release(release_id))
        try:
            placement = database.ask(lambda: find_placement(values["placement"]))
        except (Placement.DoesNotExist, NothingRandomised) as error:
            raise Invalid({"placement": str(error)}) from error
        about = {"placement": placement.name, "release": release.pk, "is_later_only": values["later_only"]}
        title, actor = f"Estimate {release} at {placement.name}", authentication.actor(request)
        return accepted(jobs.start(estimating.estimate_candidate, "estimate", title, actor=actor, **about))


class RollBackRelease(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="roll_back",
        tags=["Models"],
        summary="Roll back",
        description="Serve the release again that the live one replaced. Sent twice, it goes back once: the job "
        "changes nothing where another release is live by then.",
        request=described(ROLL_BACK),
        responses={202: ACCEPTED, **PROBLEMS},
        examples=[OpenApiExample("The release that was seen live", {"release": 42}, request_only=True), *JOB],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        seen = read_fields(ROLL_BACK, body)["release"]
        if seen and not database.ask(lambda: Release.objects.filter(pk=seen).exists()):
            raise Invalid({"release": f"There is no release {seen}."})
        live = database.ask(registry.live_release)
        if live is None:
            raise NothingLive("No release is live, so there is nothing to roll back. Promote one.")
        if live.replaced_id is None:
            raise NothingToRollBackTo(f"{live} replaced no other release, so there is none to roll back to.")
        about = {"release_id": seen or live.pk}
        actor = authentication.actor(request)
        return accepted(jobs.start(tasks.roll_back, "roll_back", "Roll back", actor=actor, **about))


class ReloadModels(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="reload_models",
        tags=["Models"],
        summary="Reload the models",
        description="Check the files of the live release, and have every process read them again.",
        request=described(NOTHING),
        responses={202: ACCEPTED, **PROBLEMS},
        examples=JOB,
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        read_fields(NOTHING, body)
        actor = authentication.actor(request)
        return accepted(jobs.start(tasks.reload, "reload", "Reload the live release", actor=actor))

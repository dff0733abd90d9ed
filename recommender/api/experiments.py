"""Make experiments, run them, read what they show, and ship the winner."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotFound

from recommender import tasks
from recommender.api import experiment_shapes as shapes
from recommender.insight.experiments import results, verbs
from recommender.models import Experiment
from recommender.models.experiment import SEPARATOR
from recommender.operations import experiments as shipping
from recommender.serving import experiments as serving
from recsite.platform import database
from recsite.platform.authentication import actor
from recsite.platform.json_view import JsonBodyView, created
from recsite.platform.query import Query
from recsite.platform.request_fields import NOTHING, described, read_fields
from recsite.platform.schema import problems

TAG = "Experiments"
CHANGED = problems(400, 404, 406, 409, 413, 415)
ONE = OpenApiExample("The experiment", shapes.ONE, response_only=True, status_codes=[200])


class ExperimentList(JsonBodyView):
    @extend_schema(
        operation_id="list_experiments",
        tags=[TAG],
        summary="List experiments",
        description="All of them, the newest first.",
        responses={200: shapes.ExperimentListOut, **problems(406)},
        examples=[OpenApiExample("One experiment", {"experiments": [shapes.ONE]}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        Query(request.GET, ()).check()
        rows = database.ask(lambda: list(Experiment.objects.prefetch_related("variants")))
        return {"experiments": list(map(shapes.experiment_as_json, rows))}

    @extend_schema(
        operation_id="create_experiment",
        tags=[TAG],
        summary="Create an experiment",
        description="It is a draft: nothing that is shown changes before it is started.",
        request=described(shapes.NEW),
        responses={201: shapes.ExperimentOut, **problems(400, 406, 409, 413, 415)},
        examples=[
            OpenApiExample("Two weights", shapes.ASKED, request_only=True),
            OpenApiExample(
                "The draft",
                shapes.ONE | {"state": "draft", "started_at": None},
                response_only=True,
                status_codes=[201],
            ),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        made = verbs.create(body, actor=actor(request))
        return created(shapes.experiment_as_json(made), f"/api/v1/experiments/{made.key}")


class ExperimentDetail(JsonBodyView):
    @extend_schema(
        operation_id="read_experiment",
        tags=[TAG],
        summary="Read an experiment",
        description="What it compares, and its state.",
        parameters=[shapes.KEY],
        responses={200: shapes.ExperimentOut, **problems(404, 406)},
        examples=[ONE],
    )
    def get(self, request: HttpRequest, key: str) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return database.ask(lambda: shapes.experiment_as_json(_found(key)))


class ExperimentResults(JsonBodyView):
    @extend_schema(
        operation_id="read_experiment_results",
        tags=[TAG],
        summary="Read the result",
        description="What it shows now, in words and numbers. Every interval holds however often it is looked at.",
        parameters=[shapes.KEY],
        responses={200: shapes.ResultOut, **problems(404, 406)},
        examples=[OpenApiExample("A result", shapes.RESULT, status_codes=[200])],
    )
    def get(self, request: HttpRequest, key: str) -> dict[str, Any]:
        Query(request.GET, ()).check()

        def read() -> dict[str, Any]:
            found = _found(key)
            return results.as_json(found, results.result_of(found))

        return database.ask(read)


class AssignVariant(JsonBodyView):
    @extend_schema(
        operation_id="assign_variant",
        tags=[TAG],
        summary="Ask for a user's variant",
        description="The same for ever, for clients that change more than the list. It doesn't count as shown.",
        parameters=[shapes.KEY],
        request=described(shapes.USER),
        responses={200: shapes.AssignedOut, **problems(400, 404, 406, 413, 415)},
        examples=[
            OpenApiExample("A user", {"user_id": "ada"}, request_only=True),
            OpenApiExample(
                "Their variant",
                {"experiment": "home-page", "user_id": "ada", "variant": "B"},
                response_only=True,
                status_codes=[200],
            ),
        ],
    )
    def post(self, request: HttpRequest, body: Any, key: str) -> dict[str, Any]:
        user_id = read_fields(shapes.USER, body)["user_id"]
        experiment = database.ask(lambda: _found(key))
        label = serving.variant_of(experiment.placement, user_id) or ""
        of, _, name = label.partition(SEPARATOR)
        return {"experiment": key, "user_id": user_id, "variant": name if of == key else None}


class _Step(JsonBodyView):
    """Bring an experiment to its next station."""

    body_is_optional = True
    verb: ClassVar[str]

    def step(self, request: HttpRequest, body: Any, key: str) -> dict[str, Any]:
        read_fields(NOTHING, body)
        moved = verbs.VERBS[self.verb](_found(key), actor=actor(request))
        return shapes.experiment_as_json(verbs.find(moved.key))


def _described(verb: str, description: str) -> Callable[[Any], Any]:
    return extend_schema(
        operation_id=f"{verb}_experiment",
        tags=[TAG],
        summary=f"{verb.capitalize()} an experiment",
        description=description,
        parameters=[shapes.KEY],
        request=described(NOTHING),
        responses={200: shapes.ExperimentOut, **CHANGED},
        examples=[ONE],
    )


class StartExperiment(_Step):
    verb = "start"

    @_described(
        verb,
        "Its users get their variants in every process within two seconds. What was paused goes on. One experiment "
        "runs at a placement at a time.",
    )
    def post(self, request: HttpRequest, body: Any, key: str) -> dict[str, Any]:
        return self.step(request, body, key)


class PauseExperiment(_Step):
    verb = "pause"

    @_described(verb, "Everybody gets what is live until it is started again.")
    def post(self, request: HttpRequest, body: Any, key: str) -> dict[str, Any]:
        return self.step(request, body, key)


class ArchiveExperiment(_Step):
    verb = "archive"

    @_described(verb, "A draft, or one that was stopped. Its result stays.")
    def post(self, request: HttpRequest, body: Any, key: str) -> dict[str, Any]:
        return self.step(request, body, key)


class StopExperiment(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="stop_experiment",
        tags=[TAG],
        summary="Stop an experiment",
        description="For good: everybody gets what is live, and webhooks are told the result.",
        parameters=[shapes.KEY],
        request=described(shapes.STOP),
        responses={200: shapes.ExperimentOut, **CHANGED},
        examples=[OpenApiExample("A reason", {"reason": "We know enough."}, request_only=True), ONE],
    )
    def post(self, request: HttpRequest, body: Any, key: str) -> dict[str, Any]:
        reason = read_fields(shapes.STOP, body)["reason"] or ""
        stopped = verbs.stop(_found(key), reason, actor=actor(request))
        return shapes.experiment_as_json(verbs.find(stopped.key))


class ShipVariant(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="ship_variant",
        tags=[TAG],
        summary="Ship a variant",
        description="Everybody gets it from then on: its settings are published at the placement, or its release is "
        "promoted, and the experiment stops. Without a name it is the winner; another one needs a reason.",
        parameters=[shapes.KEY],
        request=described(shapes.SHIP),
        responses={200: shapes.ShippedOut, **CHANGED},
        examples=[
            OpenApiExample("The winner", {"variant": "B"}, request_only=True),
            OpenApiExample(
                "What went live",
                {
                    "variant": "B",
                    "sentence": "Revision 4 of home is live.",
                    "experiment": shapes.ONE
                    | {"state": "stopped", "stopped_at": "2026-05-15T12:00:00+00:00", "shipped": "B"},
                },
                response_only=True,
                status_codes=[200],
            ),
        ],
    )
    def post(self, request: HttpRequest, body: Any, key: str) -> dict[str, Any]:
        asked = read_fields(shapes.SHIP, body)
        shipped = shipping.ship(_found(key), asked["variant"] or "", asked["reason"] or "", actor=actor(request))
        if shipped.is_release:
            tasks.warm_soon()
        told = shapes.experiment_as_json(verbs.find(key))
        return {"variant": shipped.variant, "sentence": shipped.sentence, "experiment": told}


def _found(key: str) -> Experiment:
    try:
        return verbs.find(key)
    except Experiment.DoesNotExist as error:
        raise NotFound(str(error)) from error

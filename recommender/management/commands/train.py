import json
from argparse import ArgumentParser
from collections import defaultdict
from dataclasses import fields
from typing import Any, cast

from django.core.management.base import CommandError

from catalog.hidden import hidden_items
from recommender import tasks
from recommender.engine.algorithms import ALGORITHMS, create
from recommender.registry.exceptions import CannotTrain
from recommender.training import refit, train
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, progress_bar, whole_number
from recsite.platform.jobs import NothingToDo


class Command(PlainCommand):
    help = (
        "Train models on the events in the database, measure them on events they haven't seen, and promote the result: "
        "every process serves it a second later. Without names: " + ", ".join(train.EVERYTHING) + "."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("algorithms", nargs="*", metavar="ALGORITHM", help=f"One of: {', '.join(ALGORITHMS)}.")
        parser.add_argument(
            "--seed", type=whole_number, default=train.SEED, help="The same seed and data give the same model."
        )
        parser.add_argument("--no-promote", action="store_true", help="Only make a candidate; see 'models promote'.")
        parser.add_argument(
            "--quick",
            action="store_true",
            help="Fit anew with what the live models have learned, as every hour: the hybrid keeps its weights. "
            "Without names: what leads, what rates, and popular.",
        )
        parser.add_argument("--again", action="store_true", help="Train although nothing has changed since.")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="A setting of an algorithm, such as n_factors=50 or svd.n_factors=50. May be repeated.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        usual = (refit.hourly() or train.DEFAULT) if options["quick"] else train.EVERYTHING
        algorithms = options["algorithms"] or list(usual)
        promote = not options["no_promote"]
        settings = parse_settings(options["set"], algorithms)
        try:
            with progress_bar() as show:
                release = train.train(
                    algorithms,
                    seed=options["seed"],
                    promote=promote,
                    progress=show,
                    settings=settings,
                    skip_unchanged=not options["again"],
                    quick=options["quick"],
                    actor=Actor.command("train"),
                )
        except NothingToDo as reason:
            said = (f"Nothing was done. {reason} --again trains all the same.", hidden_items())
            self.stdout.write(" ".join(filter(None, said)))
            return
        if promote:
            tasks.warm_soon()
        self.stdout.write(" ".join(filter(None, (train.summary(release, algorithms), hidden_items()))))


def parse_settings(given: list[str], algorithms: list[str]) -> dict[str, dict[str, Any]]:
    """Parse {"svd": {"n_factors": 50}} from ["n_factors=50"]; a name alone is set wherever it exists."""
    settings: dict[str, dict[str, Any]] = defaultdict(dict)
    for text in given:
        name, sign, value = text.partition("=")
        if not sign:
            raise CommandError(f"--set {text}: write NAME=VALUE, such as --set n_factors=50.")
        for algorithm, setting in _find(name, algorithms):
            settings[algorithm][setting] = _value(value)
    return settings


def _find(name: str, algorithms: list[str]) -> list[tuple[str, str]]:
    algorithm, dot, setting = name.partition(".")
    if dot:
        return [(algorithm, setting)]
    known = {algorithm: [field.name for field in fields(_algorithm(algorithm))] for algorithm in algorithms}
    found = [(algorithm, name) for algorithm, names in known.items() if name in names]
    if not found:
        has = "; ".join(f"{algorithm} has {', '.join(names) or 'none'}" for algorithm, names in known.items())
        raise CommandError(f"--set {name}: no such setting. {has}.")
    return found


def _algorithm(name: str) -> Any:
    try:
        return cast(Any, create(name))
    except ValueError as error:
        raise CannotTrain(str(error)) from error


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recommender import registry
from recommender.training import tune
from recommender.training.tune import SPACES, Study
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, progress_bar, table, whole_number

SHOWN = 5


class Command(PlainCommand):
    help = (
        "Search for an algorithm's best settings with Optuna, on an inner part of the training events. Every trial is "
        "kept: the same command again goes on where it stopped, for as long as the events are the same."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("algorithm", metavar="ALGORITHM", help=f"One of {', '.join(SPACES)}.")
        parser.add_argument(
            "--trials", type=whole_number, default=30, metavar="N", help="In all, the defaults among them (30)."
        )
        parser.add_argument("--timeout", type=float, metavar="SECONDS", help="Begin no trial after so long.")
        parser.add_argument("--choose", action="store_true", help="Have every training use the best from now on.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["trials"] < 1:
            raise CommandError("--trials must be 1 or more.")
        if options["timeout"] is not None and not options["timeout"] > 0:
            raise CommandError("--timeout must be more than 0.")
        with progress_bar() as show:
            study = tune.tune(options["algorithm"], options["trials"], options["timeout"], show)
        for line in report(options["algorithm"], study):
            self.stdout.write(line)
        if options["choose"] and study.proposed:
            registry.choose(study.proposed, actor=Actor.command("tune"))
            self.stdout.write("Chosen: every training uses them from now on.")


def report(algorithm: str, study: Study) -> list[str]:
    """Print the best trials, the defaults among them, and how to train with the best."""
    names = list(SPACES[algorithm])
    shown = list(study.trials[:SHOWN])
    shown += [trial for trial in study.trials[SHOWN:] if trial.number == 0]
    rows = [
        [
            f"{trial.number} (the defaults)" if trial.number == 0 else trial.number,
            f"{trial.value:.4f}",
            *(_short(trial.settings[name]) for name in names),
            f"{trial.seconds:.1f}",
        ]
        for trial in shown
    ]
    lines = list(table(["TRIAL", study.metric.upper(), *map(str.upper, names), "SECONDS"], rows))
    if len(study.trials) == 1 and study.best.number == 0:
        return [*lines, "", "Only the defaults were tried: trial 1 of --trials is theirs. Take --trials 2 or more."]
    if study.best.number == 0:
        return [*lines, "", "Nothing was better than the defaults."]
    number = study.proposed.pk if study.proposed else 0
    use = f"Have every training use the best: manage.py models choose {number}, or choose it in the admin."
    return [*lines, "", f"Proposed: {study.proposed}.", use]


def _short(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from catalog.importers.registry import FORMATS, open_format
from catalog.importers.rows import DataSet, Scale, UnreadableSource
from recommender.dataset import load_everything
from recommender.engine.algorithms import ALGORITHMS
from recommender.engine.evaluation.prepare import data_hash, prepare
from recommender.engine.evaluation.protocol import BESIDE, SPLITS, Plan, cross_validate, evaluate_all
from recommender.engine.evaluation.published import PUBLISHED, kept_by
from recommender.engine.types import CannotFit, Dataset, Mask
from recommender.training.files import LeftOut, narrowed, read, read_split
from recsite.platform.commands import PlainCommand, mapping, progress_bar, table, whole_number

COLUMNS = ("fold", "ndcg", "recall", "hit_rate", "map", "mrr", "coverage", "rmse", "mae", "interval_coverage")
AGE_COLUMNS = ("wanted", "recall", "places")
SLICE_COLUMNS = ("fold", "users", "served", "hit_rate", "ndcg", "ratings", "rmse", "interval_coverage")


class Command(PlainCommand):
    needs_database = False
    help = (
        "Measure algorithms on a data set in files, or without --path on the events in the database. Everything is "
        "ranked that the person wasn't seen with in training; docs/EVALUATION.md has the protocol. Popularity and "
        "item neighbours are always measured as well. Nothing is stored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", metavar="FORMAT", help=f"One of {', '.join(sorted(FORMATS))}.")
        parser.add_argument("--path", type=Path, metavar="PATH", help="A folder, a file or a .zip archive.")
        parser.add_argument("--train", type=Path, metavar="FILE", help="Learn from this file of a given split,")
        parser.add_argument("--test", type=Path, metavar="FILE", help="and judge by this one. In place of --path.")
        parser.add_argument("--map", type=mapping, default={}, metavar="FIELD=COLUMN,...", help="As for import_data.")
        parser.add_argument("--scale", metavar="MIN..MAX", help="As for import_data.")
        parser.add_argument(
            "--algorithms", type=_names, default=["hybrid"], metavar="NAME,...", help=f"Of {', '.join(ALGORITHMS)}."
        )
        parser.add_argument("--split", choices=SPLITS, help="Which events are the test (moment).")
        parser.add_argument("--test-fraction", type=float, metavar="SHARE", help="How many of them (0.2).")
        parser.add_argument("--protocol", choices=PUBLISHED, help="Split and judge as these libraries' benchmarks do.")
        parser.add_argument("--cv", type=whole_number, metavar="N", help="Rating error by N folds, instead of lists.")
        parser.add_argument("--relevant-at", type=float, metavar="RATING", help="The rating from which one liked it.")
        parser.add_argument(
            "--implicit", action="store_true", help="Any event speaks for its item, whatever its value."
        )
        parser.add_argument("--seeds", type=_seeds, default=(42,), metavar="N,...", help="One run for each (42).")
        parser.add_argument("--k", type=whole_number, default=10, help="Length of the lists (10).")
        parser.add_argument("--by-activity", action="store_true", help="Show people apart by what is known of them.")
        parser.add_argument("--by-item-age", action="store_true", help="Show items apart by how long they were there.")
        parser.add_argument("--json", type=Path, metavar="FILE", help="Write all figures there.")

    def handle(self, *args: Any, **options: Any) -> None:
        _check(options)
        try:
            dataset, is_test, about, notes = _load(options)
        except (UnreadableSource, CannotFit) as error:
            raise CommandError(str(error)) from error
        with progress_bar() as show:
            runs = list(_runs(dataset, is_test, options, show))
        if options["json"]:
            options["json"].write_text(json.dumps({"data": about, "runs": runs}, indent=2) + "\n")
        shown = _shown(runs, options["by_activity"], options["by_item_age"])
        for line in (*shown, *_unjudged(runs), *_beside(runs, options["algorithms"]), _counted(about), *notes):
            self.stdout.write(line)


def _check(options: dict[str, Any]) -> None:
    if bool(options["train"]) != bool(options["test"]) or (options["train"] and (options["path"] or options["cv"])):
        raise CommandError("--train and --test go together, and with neither --path nor --cv: they are the split.")
    if not options["train"] and bool(options["path"]) != bool(options["format"]):
        raise CommandError("--path and --format go together; without both the events in the database are taken.")
    if options["protocol"] and any(
        options[name] is not None for name in ("split", "test_fraction", "train", "test", "cv")
    ):
        raise CommandError(
            "--protocol brings a split of its own: leave --split, --test-fraction, --cv, --train and --test out."
        )
    if options["test_fraction"] is not None and not 0 < options["test_fraction"] < 1:
        raise CommandError(f"--test-fraction {options['test_fraction']:g} doesn't lie between 0 and 1.")
    if options["k"] < 1 or (options["cv"] is not None and options["cv"] < 2):
        raise CommandError("--k must be 1 or more, and --cv 2 or more.")
    if unknown := sorted(set(options["algorithms"]) - set(ALGORITHMS)):
        raise CommandError(f"Unknown: {', '.join(unknown)}. Known: {', '.join(ALGORITHMS)}.")
    if options["json"] and not options["json"].parent.is_dir():
        raise CommandError(f"--json {options['json']}: there is no folder {options['json'].parent}. Make it first.")


def _load(options: dict[str, Any]) -> tuple[Dataset, Mask | None, dict[str, Any], list[str]]:
    """Read the events; return them prepared, which are the test where files say so, what they are, and notes."""
    is_test, files = None, [_opened(options, options[name]) for name in ("train", "test", "path") if options[name]]
    if options["train"]:
        given = read_split(files[0], files[1], options["relevant_at"], options["implicit"])
        dataset, is_test, repeats, left_out = given.dataset, given.is_test, given.repeats, given.left_out
    else:
        events, left_out = _events(files, options)
        dataset = prepare(events)
        repeats = len(events) - len(dataset)
    dropped = 0
    if options["protocol"]:
        whole, (dataset, kept) = len(dataset), kept_by(dataset, options["protocol"], options["relevant_at"])
        dataset = narrowed(dataset.select(kept), implicit=False)
        dropped = whole - len(dataset)
    about = {
        "rows": len(dataset),
        "users": dataset.n_users,
        "items": dataset.n_items,
        "repeats": repeats,
        "rejected": left_out.rejected,
        "left_out": left_out.lines,
        "sha256": data_hash(dataset),
    }
    notes = [*left_out.sentences(), *(note for file in files for note in file.notes)]
    if dropped:
        about["dropped"] = dropped
        notes.insert(0, f"Ratings that are too low for the protocol, which drops them: {dropped:,}.")
    if repeats:
        notes.insert(0, f"Ratings that a later one of the same user and item replaces: {repeats:,}.")
    return dataset, is_test, about, notes


def _events(files: list[DataSet], options: dict[str, Any]) -> tuple[Dataset, LeftOut]:
    """Read the events of the file, or of the database where none is given."""
    if files:
        found = read(files[0], options["relevant_at"], options["implicit"])
        return found.dataset, found.left_out
    everything = load_everything()
    events = narrowed(everything, options["implicit"])
    return events, LeftOut(uncounted=len(everything) - len(events))


def _opened(options: dict[str, Any], path: Path) -> DataSet:
    scale = Scale.parse(options["scale"]) if options["scale"] else None
    return open_format(options["format"] or "csv", path, options["map"], scale, implicit=options["implicit"])


def _runs(dataset: Dataset, is_test: Mask | None, options: dict[str, Any], show: Any) -> Any:
    if options["cv"]:
        return cross_validate(dataset, options["algorithms"], options["cv"], options["seeds"][0], show)
    split, fraction = options["split"] or Plan.split, options["test_fraction"] or Plan.test_fraction
    plan = Plan(split, fraction, options["k"], options["seeds"], is_test, options["protocol"] or "")
    return evaluate_all(dataset, options["algorithms"], plan, show)


def _shown(runs: list[dict[str, Any]], by_activity: bool, by_item_age: bool) -> Iterator[str]:
    yield from _table([([run["algorithm"], run["seed"]], run) for run in runs], ["ALGORITHM", "SEED"], COLUMNS)
    yield from (f"{run['algorithm']} was not measured: {run['refused']}" for run in runs if "refused" in run)
    if by_activity:
        slices = [
            ([run["algorithm"], run["seed"], name], figures)
            for run in runs
            for name, figures in run.get("by_activity", {}).items()
            if figures.get("users") or figures["ratings"]
        ]
        yield ""
        yield from _table(slices, ["ALGORITHM", "SEED", "EVENTS"], SLICE_COLUMNS)
    if by_item_age:
        ages = [
            ([run["algorithm"], run["seed"], name], figures)
            for run in runs
            for name, figures in run.get("by_item_age", {}).items()
        ]
        yield ""
        yield from _table(ages, ["ALGORITHM", "SEED", "ITEM AGE"], AGE_COLUMNS) if ages else ["No event has a time."]


def _unjudged(runs: list[dict[str, Any]]) -> Iterator[str]:
    """Say what to do where nothing in the test part can be judged."""
    measured = [run for run in runs if "refused" not in run]
    if any(run.get("users") or run.get("predicted") for run in measured) or not measured:
        return
    if "fold" in measured[0]:
        yield (
            "Nothing could be judged: --cv measures predicted ratings, and there are none. Leave --cv out to judge "
            "lists, or name algorithms that predict ratings."
        )
    else:
        yield (
            "Nothing could be judged: no user has anything relevant in the test part that is new to them. Give more "
            "events, take --split random or a larger --test-fraction, or lower --relevant-at."
        )


def _beside(runs: list[dict[str, Any]], asked: Sequence[str]) -> Iterator[str]:
    """Explain the algorithms in the table that nobody asked for."""
    added = [name for name in BESIDE if name not in asked and any(run["algorithm"] == name for run in runs)]
    if added:
        yield f"For comparison, always measured as well: {', '.join(added)}."


def _counted(about: dict[str, Any]) -> str:
    return (
        f"{about['rows']:,} rows evaluated, of {about['users']:,} users and {about['items']:,} items; "
        f"{about['left_out']:,} lines left out, {about['repeats']:,} repeats."
    )


def _table(
    rows: list[tuple[list[object], dict[str, Any]]], headings: list[str], columns: Sequence[str]
) -> Iterator[str]:
    """Print the figures of those columns that have any."""
    shown = [name for name in columns if any(figures.get(name) is not None for _, figures in rows)]
    cells = [[*labels, *(_figure(figures.get(name)) for name in shown)] for labels, figures in rows]
    return table([*headings, *map(str.upper, shown)], cells)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _seeds(text: str) -> tuple[int, ...]:
    return tuple(whole_number(part.strip()) for part in text.split(","))

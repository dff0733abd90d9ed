from argparse import ArgumentParser
from typing import Any

from recommender.spark.export import export_kept
from recommender.spark.place import Place
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, progress_bar, whole_number


class Command(PlainCommand):
    help = (
        "Write all events that count as Parquet, a folder for each month, in constant memory. "
        "Each export is a folder of its own; older ones are deleted. Who is erased later is in the next one no more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "where",
            nargs="?",
            metavar="PLACE",
            help="A folder, or s3://BUCKET/PREFIX. Default: exports/ in TRAINING_STORAGE_PATH.",
        )
        parser.add_argument("--keep", type=whole_number, default=1, help="How many exports are kept (%(default)s).")

    def handle(self, *args: Any, **options: Any) -> None:
        place = Place.at(options["where"], "") if options["where"] else Place.of("exports")
        with progress_bar() as show:
            done = export_kept(place, max(options["keep"], 1), Actor.command("export_events"), show)
        self.stdout.write(str(done))

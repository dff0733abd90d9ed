from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from recommender.serving import Request, list_export
from recommender.serving.contract import FOR_EXPORT, from_json
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, progress_bar, whole_number
from recsite.platform.exceptions import Invalid


class Command(PlainCommand):
    help = "Write the lists of all users, or of those who were active lately, into a file, in constant memory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="Where they go; its ending may name the format.")
        parser.add_argument("--format", choices=list_export.FORMATS, help="Default: by the ending, else jsonl.")
        parser.add_argument("--active-since", metavar="TIME", help="Only users who did something since then.")
        parser.add_argument("--limit", type=whole_number, help="Length of the lists.")
        parser.add_argument("--placement", help="Whose settings shape the lists.")
        parser.add_argument("--algorithm", help="What leads the lists. Default: what the release leads with.")
        parser.add_argument("--filter", help="Only items of which this expression is true (docs/FILTERS.md).")
        parser.add_argument("--record", action="store_true", help="Count the lists as shown.")

    def handle(self, *args: Any, **options: Any) -> None:
        ending = options["file"].suffix.removeprefix(".")
        format_ = options["format"] or (ending if ending in list_export.FORMATS else list_export.JSONL)
        names = ("active_since", "limit", "placement", "algorithm", "filter")
        given = {name: options[name] for name in names if options[name] is not None}
        try:
            values = from_json(FOR_EXPORT, given)
            list_export.check_format(format_)
            since = values.pop("active_since", None)
            request = Request(**values, is_shown=options["record"])
            with options["file"].open("wb") as file, progress_bar() as show:
                users = list_export.export(file, request, format_, since, show)
                size = file.tell()
        except (Invalid, OSError) as error:
            raise CommandError(str(error)) from error
        done = list_export.Exported(users, size, str(options["file"]))
        self.stdout.write(str(list_export.recorded(done, Actor.command("export_lists"))))

"""Export the lists of all users, or of those who were active lately, in constant memory: for e-mails and the like."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from tempfile import TemporaryFile
from typing import IO, Any

import orjson
from django.core.files import File
from django.core.files.storage import storages
from django.db.models import QuerySet
from django.utils import timezone

from catalog.models import EndUser
from recommender.engine.types import Progress, silent
from recommender.insight import impressions
from recommender.serving.contract import Answer, Request, as_json
from recommender.serving.user_lists import recommend_many
from recsite.platform import audit
from recsite.platform.audit import SYSTEM, Actor
from recsite.platform.exceptions import Invalid
from recsite.platform.humanize import pluralize

JSONL, CSV, PARQUET = "jsonl", "csv", "parquet"
FORMATS = (JSONL, CSV, PARQUET)
BLOCK = 200
"""Users whose lists are made together."""

COLUMNS = ("user_id", "recommendation_id", "rank", "item_id", "title", "score", "source", "algorithm")
"""Of the formats that are tables: a row for each item of a list."""

NO_PYARROW = "Parquet needs the package pyarrow: install requirements-parquet.txt here, or choose jsonl or csv."
STORAGE = "exports"

Write = Callable[[Sequence[Answer]], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """Report the result of an export."""

    users: int
    size: int
    where: str

    def __str__(self) -> str:
        return f"The lists of {pluralize(self.users, 'user')} are in {self.where} ({self.size / 1_000_000:.1f} MB)."


def check_format(name: str) -> None:
    """Raise Invalid where files of this format can't be written here."""
    if name == PARQUET and find_spec("pyarrow") is None:
        raise Invalid({"format": NO_PYARROW})


def export_to_storage(
    request: Request,
    format_: str,
    active_since: datetime | None = None,
    progress: Progress = silent,
    *,
    actor: Actor = SYSTEM,
) -> Exported:
    """Write the lists into a file of the storage of exports: a folder, or a bucket. Raises Invalid, Unavailable."""
    with TemporaryFile() as file:
        users = export(file, request, format_, active_since, progress)
        size = file.tell()
        file.seek(0)
        name = storages[STORAGE].save(f"lists-{timezone.now():%Y%m%d-%H%M%S}.{format_}", File(file))
    return recorded(Exported(users, size, name), actor)


def recorded(done: Exported, actor: Actor) -> Exported:
    """Record that lists of users went into a file, and return what was done."""
    audit.record(actor, "lists.export", "lists", done.where, after={"users": done.users, "bytes": done.size})
    return done


def export(
    file: IO[bytes],
    request: Request,
    format_: str,
    active_since: datetime | None = None,
    progress: Progress = silent,
) -> int:
    """Write the list of each user, in the order in which they came; return how many there are.

    Whose lists are shown (`request.is_shown`) has them recorded, so that clicks can be told by `recommendation_id`.
    """
    check_format(format_)
    chosen = EndUser.objects.all() if active_since is None else EndUser.objects.filter(last_active__gte=active_since)
    total, done = chosen.count(), 0
    with WRITERS[format_](file) as write:
        for user_ids in _blocks(chosen):
            write(recommend_many(replace(request, user_id=""), user_ids))
            if request.is_shown:
                # The recorder holds so many and drops the oldest: here nobody waits for an answer.
                impressions.flush()
            done += len(user_ids)
            progress(done / max(total, done), f"{done:,} of {total:,} users")
    return done


def _blocks(chosen: QuerySet[EndUser]) -> Iterator[list[str]]:
    """Yield the ids of users by key: nothing stays open, and users who come meanwhile are in it."""
    after = 0
    while rows := list(chosen.filter(pk__gt=after).order_by("pk").values_list("pk", "user_id")[:BLOCK]):
        after = rows[-1][0]
        yield [user_id for _, user_id in rows]


@contextmanager
def _as_jsonl(file: IO[bytes]) -> Iterator[Write]:
    def write(answers: Iterable[Answer]) -> None:
        file.writelines(orjson.dumps(as_json(answer), option=orjson.OPT_APPEND_NEWLINE) for answer in answers)

    yield write


@contextmanager
def _as_csv(file: IO[bytes]) -> Iterator[Write]:
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    yield lambda answers: writer.writerows(_rows(answers))
    # The file is the caller's, who goes on with it.
    text.detach()


@contextmanager
def _as_parquet(file: IO[bytes]) -> Iterator[Write]:
    pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    kinds = {"rank": pyarrow.int32(), "score": pyarrow.float64()}
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in COLUMNS])
    with parquet.ParquetWriter(file, schema) as writer:

        def write(answers: Sequence[Answer]) -> None:
            columns = list(zip(*_rows(answers), strict=True)) or [()] * len(COLUMNS)
            writer.write_table(pyarrow.table(dict(zip(COLUMNS, map(list, columns), strict=True)), schema=schema))

        yield write


WRITERS: dict[str, Any] = {JSONL: _as_jsonl, CSV: _as_csv, PARQUET: _as_parquet}


def _rows(answers: Iterable[Answer]) -> Iterator[tuple[Any, ...]]:
    for answer in answers:
        number = str(answer.recommendation_id)
        for item in answer.items:
            about = (item.rank, item.item_id, item.title, item.score, item.source)
            yield answer.user_id, number, *about, answer.algorithm

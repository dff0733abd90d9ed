"""Name a moment of the past as of which releases are made, for a history that is replayed, and number what is made."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat

from django.db import connection

from recommender.models import ModelVersion, Release

SKIP = "SELECT setval('{table}_id_seq', greatest(%s, (SELECT last_value FROM {table}_id_seq)))"


@dataclass(frozen=True, slots=True)
class Then:
    """Hold a moment, the release that was live then (None where none was), and the numbers of what is made."""

    at: datetime
    live: Release | None
    versions: Iterator[int | None]
    releases: Iterator[int | None]


def leave_free(versions: int, releases: int) -> None:
    """Leave the first numbers of versions and releases free, where there are none yet: for older ones made later."""
    for model, number in ((ModelVersion, versions), (Release, releases)):
        if not model._default_manager.exists():
            with connection.cursor() as cursor:
                cursor.execute(SKIP.format(table=model._meta.db_table), [number])


def free_numbers() -> tuple[Iterator[int | None], Iterator[int | None]]:
    """Return the numbers that were left free for versions and for releases; None, for the next of all, follows them."""
    return _free(ModelVersion), _free(Release)


def _free(model: type[ModelVersion] | type[Release]) -> Iterator[int | None]:
    first = model._default_manager.order_by("pk").values_list("pk", flat=True).first()
    return chain(range(1, first or 1), repeat(None))

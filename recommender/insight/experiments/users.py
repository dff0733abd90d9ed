"""Follow what happens to users: erasures and merges reach the totals of experiments, and exports tell them."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from catalog.erasure import ErasedUsers
from catalog.merging import Merge
from catalog.models import EndUser
from recommender.insight.experiments import sums
from recommender.insight.experiments.metrics import TOTALS
from recommender.insight.experiments.statements import MERGE_BEFORE, MERGE_DAYS
from recommender.models import ExperimentBaseline, ExperimentDay


def on_erased(erased: ErasedUsers) -> None:
    """Erase these users' totals. For ERASURE_SINKS."""
    users = list(erased.user_ids)
    if _took_part(users):
        with sums.kept(sums.OF_USERS, {"users": users}):
            ExperimentDay.objects.filter(user_id__in=users)._raw_delete("default")
    ExperimentBaseline.objects.filter(user_id__in=users)._raw_delete("default")


def on_merged(merge: Merge) -> int:
    """Make a visitor's totals the known user's; they are no events. For MERGE_SINKS.

    Where both saw different variants the user has seen two, and results leave them out.
    """
    users = [merge.user_id, merge.into]
    if _took_part(users):
        with sums.kept(sums.OF_USERS, {"users": users}):
            _move(merge, MERGE_DAYS, MERGE_BEFORE)
    else:
        _move(merge, MERGE_BEFORE)
    return 0


def _took_part(users: Sequence[str]) -> bool:
    return ExperimentDay.objects.filter(user_id__in=users).exists()


def _move(merge: Merge, *statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, {"visitor": merge.user_id, "into": merge.into})


def personal_data(user: EndUser) -> Iterator[tuple[str, Any]]:
    """Yield the experiments that the user took part in, by day. For PERSONAL_DATA."""
    rows = ExperimentDay.objects.filter(user_id=user.user_id).order_by("day", "pk")
    names = ("experiment__key", "variant", "day", *TOTALS, "first_won", "second_won")
    yield (
        "experiments",
        (
            {"experiment": key, **dict(zip(names[1:], rest, strict=True))}
            for key, *rest in rows.values_list(*names).iterator()
        ),
    )

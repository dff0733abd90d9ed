"""Count tables of any size: small ones exactly, large ones as PostgreSQL's statistics have them."""

from typing import NamedTuple

from django.db import connection
from django.db.models import Model

EXACT_UPTO = 100_000
ESTIMATE = """
SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class
WHERE relkind = 'r' AND oid IN (SELECT relid FROM pg_partition_tree(%s::regclass))
"""


class RowCount(NamedTuple):
    """Hold a number of rows, and whether it was counted or estimated."""

    rows: int
    is_exact: bool


def count_rows(model: type[Model]) -> RowCount:
    """Return the number of rows of a table, with its partitions: exact up to EXACT_UPTO, then estimated."""
    counted = model._default_manager.order_by()[: EXACT_UPTO + 1].count()
    if counted <= EXACT_UPTO:
        return RowCount(counted, True)
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATE, [model._meta.db_table])
        (estimate,) = cursor.fetchone()
    return RowCount(max(estimate, counted), False)

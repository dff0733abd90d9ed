"""Events as tables of Arrow, and back as records. No Django: Spark's executors read them too.

Needs pyarrow (requirements-parquet.txt).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.engine.records import MICROSECONDS, RECORD, YEAR_2000

SINCE_1970 = YEAR_2000 * MICROSECONDS


def schema() -> Any:
    """Return the columns, one row for each event. `user_id` and `item_id` are the internal ids; `undated` says that an
    event is dated by its import alone.
    """
    import pyarrow as pa

    whole = ("id", "user_id", "item_id")
    rest = [("type", pa.string()), ("value", pa.float64()), ("occurred_at", _time()), ("undated", pa.bool_())]
    return pa.schema([*((name, pa.int64()) for name in whole), *rest])


def _time() -> Any:
    import pyarrow as pa

    return pa.timestamp("us", "UTC")


def table_of(records: NDArray[np.void], type_names: Sequence[str], type_ids: NDArray[np.integer]) -> Any:
    """Return events (RECORD) as a table without those of unknown types; `type_ids` are sorted, with a name each."""
    import pyarrow as pa

    places = np.minimum(np.searchsorted(type_ids, records["type"]), max(len(type_ids) - 1, 0))
    known = type_ids[places] == records["type"] if len(type_ids) else np.zeros(len(records), bool)
    kept, places = records[known], places[known]
    values = kept["value"].astype(np.float64)
    columns = [
        *(pa.array(kept[name].astype(np.int64)) for name in ("id", "user", "item")),
        pa.array(list(type_names), pa.string()).take(pa.array(places)),
        pa.array(values, mask=np.isnan(values)),
        pa.array(kept["time"].astype(np.int64) + SINCE_1970).cast(_time()),
        pa.array(kept["undated"].astype(bool)),
    ]
    return pa.Table.from_arrays(columns, schema=schema())


def records_of(table: Any, type_names: Sequence[str]) -> NDArray[np.void]:
    """Return a table's events as records (RECORD), `type` being the place in `type_names`; others are left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places = pc.index_in(table["type"], value_set=pa.array(list(type_names), pa.string()))
    table = table.filter(pc.is_valid(places))
    records = np.empty(len(table), RECORD)
    for name, column in (("id", "id"), ("user", "user_id"), ("item", "item_id")):
        records[name] = table[column].to_numpy()
    records["type"] = places.drop_null().to_numpy()
    records["value"] = pc.fill_null(table["value"], float("nan")).to_numpy()
    records["time"] = table["occurred_at"].cast(_time()).cast(pa.int64()).to_numpy() - SINCE_1970
    records["undated"] = table["undated"].to_numpy()
    return records

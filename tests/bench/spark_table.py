"""Write the table of trainings on Spark, beside the local engine."""

import os

from tests.bench import report
from tests.bench.processes import part


def spark() -> str:
    """Seconds of each step on both engines; the local one needs no export."""
    found = part("spark")
    steps = [("ALS, 15 epochs", "als"), ("item neighbours", "item_knn"), ("the best 200 for everybody", "lists")]
    lines = [
        ["export of the events as Parquet", f"{found['export']:.1f} s", "–"],
        ["start of Spark", f"{found['start']:.1f} s", "–"],
        *([what, f"{found[name]:.1f} s", f"{found[f'local_{name}']:.1f} s"] for what, name in steps),
    ]
    size = f"{found['events']:,} events, {found['users']:,} users, {found['items']:,} items"
    about = (
        f"Spark {found['version']} on `{found['master']}`; {size}. Reading the export into arrays took "
        f"{found['read']:.1f} s. The Python process took {found['peak_mb']:,.0f} MB at the most, Spark's own Java "
        f"process beside it not counted. The load average was {os.getloadavg()[1]:.0f}."
    )
    return f"{report.table(['', 'on Spark', 'local'], lines)}\n\n{about}"

"""Show how far an import has come."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from catalog.importers.rows import DataSet
from interactions.importing.service import Progress


@contextmanager
def import_bar(data: DataSet) -> Iterator[Progress]:
    """Show a bar in a terminal: the share of the data set that is read, rows a second and the time left."""
    layout = "{percentage:3.0f}%|{bar}| {elapsed} gone, {remaining} left{postfix}"
    started = time.monotonic()
    with tqdm(total=data.total_bytes, disable=None, bar_format=layout) as bar:

        def show(bytes_read: int, total_bytes: int, rows: int) -> None:
            bar.total = total_bytes
            bar.set_postfix_str(f"{rows:,} rows, {rows / (time.monotonic() - started):,.0f}/s", refresh=False)
            bar.update(bytes_read - bar.n)

        yield show

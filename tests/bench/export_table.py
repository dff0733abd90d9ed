"""Write the table of exporting everything and importing it again."""

import shutil

from tests.bench import report
from tests.bench.processes import STATE, manage, part

COLUMNS = ["", "events", "time", "events/s", "peak memory", "files"]


def export() -> str:
    """Rows per second and memory each way, and whether as many events came back."""
    folder, lines = STATE / "export", list[list[str]]()
    for format_ in ("jsonl", "csv"):
        shutil.rmtree(folder, ignore_errors=True)
        out = manage("export", str(folder), "--format", format_)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        rows = part("emptying")["rows"]
        back = manage("import_data", str(folder), "--format", format_)
        for name, ran in ((f"`export --format {format_}`", out), (f"`import_data --format {format_}`", back)):
            rate, memory = f"{rows / ran.seconds:,.0f}", f"{ran.peak_mb:,.0f} MB"
            lines.append([name, f"{rows:,}", f"{ran.seconds:.1f} s", rate, memory, f"{size:,.0f} MB"])
    left = part("emptying")["rows"]
    shutil.rmtree(folder, ignore_errors=True)
    return f"{report.table(COLUMNS, lines)}\n\nAfter both ways there and back {left:,} events were there."

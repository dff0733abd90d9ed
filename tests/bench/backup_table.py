"""The section on backups: how long they take, and how large they are."""

from os import cpu_count, getloadavg

from tests.bench.processes import STATE, part
from tests.bench.report import table


def backup() -> str:
    found = part("backing_up", BACKUP_STORAGE_PATH=str(STATE / "backups"), BACKUP_KEY="")
    lines = [
        ["`backup create`: dump, then count and hash each row", f"{found['created']:.1f} s"],
        ["`backup verify`: read each byte, unpack the dump", f"{found['verified']:.1f} s"],
        ["`backup restore` into an empty database, which is compared", f"{found['restored']:.1f} s"],
    ]
    share = found["dump_bytes"] / found["database_bytes"]
    return (
        f"{table(['what', 'time'], lines)}\n\n{found['events']:,} events, {found['rows']:,} rows; the database takes "
        f"{found['database_bytes'] / 1e6:,.0f} MB on disk, the dump {found['dump_bytes'] / 1e6:,.0f} MB ({share:.0%}). "
        f"To a folder, not encrypted; the load average was {getloadavg()[0]:.0f} on {cpu_count()} cores."
    )

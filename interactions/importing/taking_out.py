"""Delete the events that an import brought: they are known by reading its file again."""

from django.db import connection, transaction

from catalog.importers.rows import DataSet
from interactions import made_types, producers
from interactions.importing import runs
from interactions.importing.batches import batches
from interactions.importing.scales import rating_type
from interactions.importing.service import Progress, packer_of
from interactions.models import FileImport, ImportRun
from interactions.staging import in_table
from recsite.platform import audit
from recsite.platform.audit import Actor

BATCH_ROWS = 20_000
# Only what came in while the file was imported: an event that was there before has another time. One look-up by an
# index for each event, in the months that the batch has.
DELETE = """
DELETE FROM {table} AS kept USING staged_event AS staged
WHERE kept.event_id = staged.event_id AND kept.occurred_at = staged.occurred_at
    AND kept.occurred_at >= (SELECT min(occurred_at) FROM staged_event)
    AND kept.occurred_at <= (SELECT max(occurred_at) FROM staged_event)
    AND kept.received_at BETWEEN %s AND %s
"""
DELETE_REVIEWS = """
DELETE FROM interactions_review AS kept USING staged_event AS staged
WHERE kept.event_id = staged.event_id AND kept.occurred_at = staged.occurred_at
    AND NOT EXISTS (
        SELECT FROM interactions_interaction AS event
        WHERE event.event_id = kept.event_id AND event.occurred_at = kept.occurred_at
    )
"""
TABLES = ("interactions_interaction", "interactions_personevent")


def obstacle(row: FileImport) -> str:
    """Return why an import can't be undone; empty where it can."""
    run, counts = row.run, (row.outcome or {}).get("counts", {})
    if row.undone_at:
        return "It is undone already."
    if row.outcome is None or run is None or run.finished_at is None:
        return "Only an import that came to its end can be undone."
    if run.counts.get("changed") or counts.get("changed"):
        return "It changed ratings that were there before, and their former values are not kept: it can't be undone."
    if not run.counts.get("events"):
        return "It stored no event. Users and items are changed back on their own pages, or by a file as it was before."
    if not row.is_whole:
        return "Its file is not kept any more, by which its events would be known."
    return ""


def take_out(data: DataSet, run: ImportRun, progress: Progress, *, actor: Actor) -> int:
    """Delete the events of a file that its import stored, and note that it isn't imported; return how many."""
    deleted = rows = 0
    undated_at = run.undated_at or runs.undated_date(data.format)
    packer = packer_of(data, rating_type(data.scale).rule, undated_at, made_types.rules(data.new_types()))
    for batch in batches(data, packer, BATCH_ROWS, {}):
        rows += batch.n_rows
        if batch.n_events:
            with transaction.atomic(), connection.cursor() as cursor:
                in_table(cursor, batch.packed)
                for table in TABLES:
                    cursor.execute(DELETE.format(table=table), [run.started_at, run.finished_at])
                    deleted += max(cursor.rowcount, 0)
                cursor.execute(DELETE_REVIEWS)
        progress(batch.bytes_read, data.total_bytes, rows)
    with transaction.atomic():
        audit.record(actor, "import.undo", "import", run.pk, after={"source": run.source, "deleted": deleted})
        run.delete()
    producers.stored_in_bulk()
    return deleted

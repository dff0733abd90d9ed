"""Bring data sets into the database: in batches, going on where they stopped, without harm when repeated."""

from interactions.importing.report import ImportReport
from interactions.importing.service import BATCH_ROWS, ImportStopped, check, load

__all__ = ["BATCH_ROWS", "ImportReport", "ImportStopped", "check", "load"]

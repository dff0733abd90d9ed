"""Write users, items and events row by row, in constant memory, so that `importing` reads them as they were.

A page of rows begins behind the last one of the page before, by the key of the table: ten million rows cost a page what
the first ones do. Whoever has lost the connection goes on behind the last row that arrived, by its own id.
"""

from interactions.exporting.kinds import KINDS, Kind, UnknownRow
from interactions.exporting.lines import FORMATS, lines

__all__ = ["FORMATS", "KINDS", "Kind", "UnknownRow", "lines"]

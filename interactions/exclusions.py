"""Say which events count: what models learn from, and every figure adds up.

Left out are events that are marked as a program's or of staff (`interactions.marking`), and those of users who opted
out. The tables keep them, and the admin shows them.
"""

COUNTS = """(
    {event}.mark = 0
    AND {event}.user_id NOT IN (SELECT id FROM catalog_enduser WHERE opted_out_at IS NOT NULL)
)"""
"""The condition for SQL; `{event}` stands for the events' table. An index holds the few users who are out."""

"""Say in SQL what an event says of its item by itself, as `engine.evidence.verdicts` has it for arrays."""

VERDICT = """
CASE
    WHEN kind.scale_min IS NULL THEN sign(kind.weight) * CASE WHEN kind.is_negative THEN -1 ELSE 1 END
    WHEN {event}.value >= coalesce(kind.relevant_at, kind.scale_min + 0.75 * (kind.scale_max - kind.scale_min)) THEN 1
    WHEN {event}.value < kind.scale_min + 0.25 * (kind.scale_max - kind.scale_min) THEN -1
    ELSE 0
END
"""
"""1 in favour, -1 against, 0 neither: of the event with this alias, and the interaction type with the alias kind."""

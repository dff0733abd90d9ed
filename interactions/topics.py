"""The topics of the event log, without KAFKA_TOPIC_PREFIX. Pure; docs/EVENTS.md says what each carries."""

USER_EVENTS, PRODUCT_VIEWS, PURCHASES, REVIEWS = "user-events", "product-views", "purchases", "reviews"
DEAD_LETTERS = "dead-letters"

BY_TYPE = {
    "view": PRODUCT_VIEWS,
    "click": PRODUCT_VIEWS,
    "impression": PRODUCT_VIEWS,
    "add_to_cart": PURCHASES,
    "purchase": PURCHASES,
    "rating": REVIEWS,
}
"""The topic of an event by the name of its type; of all other types, those that staff add included, USER_EVENTS."""


EVENTS = (USER_EVENTS, PRODUCT_VIEWS, PURCHASES, REVIEWS)
"""What `consume_events` reads and stores."""

TOPICS = (*EVENTS, DEAD_LETTERS)


def topic_of(type_name: str) -> str:
    """The topic of events of this type."""
    return BY_TYPE.get(type_name, USER_EVENTS)

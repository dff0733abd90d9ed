"""Name the topics of the event log, without KAFKA_TOPIC_PREFIX. Pure; docs/EVENTS.md says what each carries."""

USER_EVENTS, PRODUCT_VIEWS, PURCHASES, REVIEWS = "user-events", "product-views", "purchases", "reviews"
DEAD_LETTERS = "dead-letters"
REQUESTS, RESPONSES = "recommendation-requests", "recommendation-responses"
MODEL_UPDATES, MODEL_METRICS, SYSTEM_METRICS = "model-updates", "model-metrics", "system-metrics"
DATA_DRIFT = "data-drift"

BY_TYPE = {
    "view": PRODUCT_VIEWS,
    "click": PRODUCT_VIEWS,
    "impression": PRODUCT_VIEWS,
    "add_to_cart": PURCHASES,
    "purchase": PURCHASES,
    "return": PURCHASES,
    "cancellation": PURCHASES,
    "rating": REVIEWS,
}
"""The topic of an event by the name of its type; of all other types, those that staff add included, USER_EVENTS."""


EVENTS = (USER_EVENTS, PRODUCT_VIEWS, PURCHASES, REVIEWS)
"""What `consume_events` reads and stores."""

ANNOUNCEMENTS = (MODEL_UPDATES, MODEL_METRICS, SYSTEM_METRICS, DATA_DRIFT)
"""What is said to whoever wants to know."""

TOPICS = (*EVENTS, DEAD_LETTERS, REQUESTS, RESPONSES, *ANNOUNCEMENTS)


def topic_of(type_name: str) -> str:
    """Return the topic of events of this type."""
    return BY_TYPE.get(type_name, USER_EVENTS)

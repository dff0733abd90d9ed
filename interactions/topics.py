"""The topics of the event log: what each carries, by whom it is written and read. Pure."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Topic:
    """Its name comes after KAFKA_TOPIC_PREFIX; the key decides the partition, within which order holds."""

    name: str
    carries: str
    key: str = "user_id"


EVENTS = (
    Topic(USER_EVENTS, "likes, dislikes, shares and whatever type has no topic of its own"),
    Topic(PRODUCT_VIEWS, "views, clicks, impressions"),
    Topic(PURCHASES, "what goes into carts, and what is bought"),
    Topic(REVIEWS, "ratings"),
)
"""What `consume_events` reads and stores."""

TOPICS = (*EVENTS, Topic(DEAD_LETTERS, "what could not be stored, as it came, with the reason in its headers"))


def topic_of(type_name: str) -> str:
    """The topic of events of this type, without the prefix."""
    return BY_TYPE.get(type_name, USER_EVENTS)

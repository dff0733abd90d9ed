"""Read topics that hold no events: requests, and what is announced."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException

from interactions import kafka

logger = logging.getLogger(__name__)
BATCH = 100
WAIT_SECS = 0.05


class TopicReader:
    """Reads as one member of a group, and commits what was handled: who dies before that handles it again."""

    def __init__(self, group: str, topics: Sequence[str], from_beginning: bool = True) -> None:
        self._topics = [kafka.full_name(topic) for topic in topics]
        self._client = Consumer(
            kafka.client_settings(
                **{
                    "group.id": group,
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest" if from_beginning else "latest",
                    "partition.assignment.strategy": "cooperative-sticky",
                    "queued.max.messages.kbytes": 4_096,
                    "session.timeout.ms": 10_000,
                }
            )
        )

    def run(self, handle: Callable[[Sequence[Any]], None], stop: Callable[[], bool]) -> int:
        """Hand messages on until it is asked to stop; return how many they were."""
        self._client.subscribe(self._topics)
        handled = 0
        try:
            while not stop():
                messages = [one for one in self._client.consume(BATCH, WAIT_SECS) if not self._is_fault(one)]
                if messages:
                    handle(messages)
                    handled += len(messages)
                    self._commit()
        finally:
            self._client.close()
        return handled

    def _is_fault(self, message: Any) -> bool:
        fault = message.error()
        if fault is not None and fault.code() != KafkaError._PARTITION_EOF:
            logger.warning("Kafka: %s", fault.str())
        return fault is not None

    def _commit(self) -> None:
        try:
            self._client.commit(asynchronous=False)
        except KafkaException as fault:
            logger.warning("What was handled could not be committed, and comes again: %s.", kafka.said(fault))

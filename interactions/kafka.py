"""Make Kafka's clients as the settings want them, and what is needed once for each process."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from django.conf import settings

from recsite.platform import tracing
from recsite.platform.exceptions import Unavailable
from recsite.platform.humanize import pluralize
from recsite.platform.tracing import PARENT, Kind

logger = logging.getLogger(__name__)
logger_of_clients = logging.getLogger("kafka.client")

SECURITY = {
    "security.protocol": "KAFKA_SECURITY_PROTOCOL",
    "sasl.mechanism": "KAFKA_SASL_MECHANISM",
    "sasl.username": "KAFKA_SASL_USERNAME",
    "sasl.password": "KAFKA_SASL_PASSWORD",
    "ssl.ca.location": "KAFKA_SSL_CA_LOCATION",
    "ssl.certificate.location": "KAFKA_SSL_CERTIFICATE_LOCATION",
    "ssl.key.location": "KAFKA_SSL_KEY_LOCATION",
    "ssl.key.password": "KAFKA_SSL_KEY_PASSWORD",
}
"""librdkafka's names of what the settings say of TLS and SASL."""

ADMIN_SECS = 15.0
REQUEST_ID, LONGEST_REQUEST_ID = "request_id", 128
"""The header that carries the id of the request by which a message came about."""


class BrokerDown(Unavailable):
    """Says that Kafka can't be reached, or refuses."""


@dataclass(frozen=True, slots=True)
class Message:
    """Holds what goes to a topic (named without the prefix)."""

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def request_headers(request_id: str = "") -> dict[str, str]:
    """Return the header of this request id; without one, that of the request or task that is being worked on."""
    found = request_id or str(structlog.contextvars.get_contextvars().get("request_id") or "")
    return {REQUEST_ID: found} if found else {}


def request_id_of(message: Any) -> str:
    """Return the request id that a message carries; empty where it has none that a log can hold."""
    raw = dict(message.headers() or ()).get(REQUEST_ID) or b""
    text = raw.decode("utf-8", "replace")[:LONGEST_REQUEST_ID]
    return text if text.isprintable() else ""


def traces_of(messages: Iterable[Any]) -> list[str]:
    """Return the traces that messages belong to; none where nobody asks."""
    if not tracing.current().is_on:
        return []
    found = (dict(message.headers() or ()).get(PARENT) for message in messages)
    return [raw.decode("ascii", "replace") for raw in found if raw]


def client_settings(**own: Any) -> dict[str, Any]:
    """Return what every client needs: where the brokers are, and how to be let in."""
    security = {name: getattr(settings, setting) for name, setting in SECURITY.items()}
    return {
        "bootstrap.servers": settings.KAFKA_BOOTSTRAP_SERVERS,
        "client.id": "recsite",
        "logger": logger_of_clients,
        "log.connection.close": False,
        "reconnect.backoff.max.ms": 2_000,
        **{name: value for name, value in security.items() if value},
        **own,
    }


def full_name(topic: str) -> str:
    return f"{settings.KAFKA_TOPIC_PREFIX}{topic}"


def deliver(messages: Sequence[Message]) -> list[Message]:
    """Wait until the brokers have all messages, at most KAFKA_DELIVERY_TIMEOUT_SECS; return those they don't have.

    All share one wait. A message that counts as undelivered may have arrived all the same: whoever reads takes what
    comes twice once.
    """
    return _producer().deliver(messages)


def send(message: Message) -> None:
    """Hand a message over without waiting, for what nobody was promised."""
    _producer().send(message)


def create_topics(topics: Sequence[str], apply: bool) -> list[str]:
    """Return the plan, a line for each topic, and carry it out where `apply`. Running it again changes nothing.

    Raises BrokerDown.
    """
    admin = AdminClient(client_settings())
    try:
        there = admin.list_topics(timeout=ADMIN_SECS).topics
        lines, new = [], []
        for topic in topics:
            name = full_name(topic)
            if name in there:
                partitions = len(there[name].partitions)
                lines.append(f"{name}: is there, {partitions} partitions; {_grown(partitions)}.")
            else:
                lines.append(f"{name}: {'made' if apply else 'would be made'}, with {_plan()}.")
                new.append(
                    NewTopic(
                        name,
                        num_partitions=settings.KAFKA_PARTITIONS,
                        replication_factor=settings.KAFKA_REPLICATION_FACTOR,
                        config={"retention.ms": str(settings.KAFKA_RETENTION_HOURS * 3_600_000)},
                    )
                )
        if apply and new:
            _make(admin, new)
    except KafkaException as fault:
        raise BrokerDown(
            f"Kafka at {settings.KAFKA_BOOTSTRAP_SERVERS} doesn't do that: {said(fault)}. "
            "Is the address right, and the password, if it asks for one?"
        ) from fault
    return lines


def _make(admin: AdminClient, new: Sequence[NewTopic]) -> None:
    """Make topics, and wait until all brokers know them. Somebody else may make them at the same moment."""
    for made in admin.create_topics(list(new), operation_timeout=ADMIN_SECS).values():
        try:
            made.result()
        except KafkaException as fault:
            if fault.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    deadline = time.monotonic() + ADMIN_SECS
    while {topic.topic for topic in new} - set(admin.list_topics(timeout=ADMIN_SECS).topics):
        if time.monotonic() > deadline:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the topics don't show up"))
        time.sleep(0.1)


def said(fault: KafkaException) -> str:
    """Return librdkafka's words, without its code."""
    error = fault.args[0] if fault.args else fault
    return str(error.str() if hasattr(error, "str") else error).rstrip(".")


def _plan() -> str:
    copies = settings.KAFKA_REPLICATION_FACTOR
    hours = pluralize(settings.KAFKA_RETENTION_HOURS, "hour")
    kept = f"kept {'once' if copies == 1 else f'{copies} times'}, for {hours}"
    return f"{pluralize(settings.KAFKA_PARTITIONS, 'partition')}, {kept}"


def _grown(partitions: int) -> str:
    """Say that partitions stay: another number would send a user's events to another one, out of order."""
    if partitions == settings.KAFKA_PARTITIONS:
        return "left as it is"
    return f"left as it is, though KAFKA_PARTITIONS is {settings.KAFKA_PARTITIONS}"


class _Delivering:
    """Holds an idempotent producer, and a thread that hears of its deliveries."""

    def __init__(self) -> None:
        self.settings, self._is_open = client_settings(), True
        timeout = int(settings.KAFKA_DELIVERY_TIMEOUT_SECS * 1000)
        self._client = Producer(
            {
                **self.settings,
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "lz4",
                "linger.ms": 0.5,
                "delivery.timeout.ms": timeout,
                "socket.timeout.ms": max(timeout, 1_000),
            }
        )
        threading.Thread(target=self._listen, daemon=True, name="kafka-deliveries").start()

    def deliver(self, messages: Sequence[Message]) -> list[Message]:
        wait = _Wait(len(messages))
        with tracing.current().step("send to Kafka", Kind.PRODUCER) as step:
            step.tell(messaging__system="kafka", messaging__batch__message_count=len(messages))
            for number, message in enumerate(messages):
                self._produce(message, wait.heard(number))
            # The client gives up by itself; a moment more lets it say so.
            wait.done.wait(settings.KAFKA_DELIVERY_TIMEOUT_SECS + 1)
        return [message for number, message in enumerate(messages) if number not in wait.delivered]

    def send(self, message: Message) -> None:
        self._produce(message, _log_fault)

    def close(self) -> None:
        self._is_open = False

    def _produce(self, message: Message, heard: Callable[[Any, Any], None]) -> None:
        try:
            self._client.produce(
                full_name(message.topic),
                key=message.key,
                value=message.value,
                headers=[*message.headers.items(), *tracing.current().carried().items()] or None,
                on_delivery=heard,
            )
        except (BufferError, KafkaException) as fault:
            heard(fault, None)

    def _listen(self) -> None:
        while self._is_open:
            self._client.poll(0.1)


class _Wait:
    """Waits for the delivery of some messages."""

    def __init__(self, number: int) -> None:
        self.delivered: set[int] = set()
        self.done = threading.Event()
        self._lock, self._left = threading.Lock(), number
        if not number:
            self.done.set()

    def heard(self, number: int) -> Callable[[Any, Any], None]:
        def hear(fault: Any, _: Any) -> None:
            with self._lock:
                if fault is None:
                    self.delivered.add(number)
                self._left -= 1
                if not self._left:
                    self.done.set()

        return hear


def _log_fault(fault: Any, _: Any) -> None:
    if fault is not None:
        logger.warning("A message did not reach Kafka: %s", fault)


class _Held:
    """Holds what is made at the first use, so after the fork."""

    def __init__(self) -> None:
        self.producer: _Delivering | None = None
        self.lock = threading.Lock()


_held = _Held()


def _producer() -> _Delivering:
    held = _held.producer
    if held is None or held.settings != client_settings():
        with _held.lock:
            if _held.producer is None or _held.producer.settings != client_settings():
                if _held.producer is not None:
                    _held.producer.close()
                _held.producer = _Delivering()
            held = _held.producer
    return held


def forget() -> None:
    """Forget the producer, as if the process had just started: for children, and for tests."""
    if _held.producer is not None:
        _held.producer.close()
    _held.producer, _held.lock = None, threading.Lock()


os.register_at_fork(after_in_child=forget)


def pause(seconds: float, stop: Callable[[], bool]) -> None:
    """Wait, but not beyond the moment in which a stop is asked for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not stop():
        time.sleep(0.05)

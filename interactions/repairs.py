"""Mend many dead letters by one repair: suggest it, show what would be stored, and replay them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from catalog import erasure, near_ids
from interactions import replay, types
from interactions.letter_kinds import UNKNOWN_ITEM, UNKNOWN_TYPE, WRONG_FIELD, Group
from interactions.letters import OBJECT
from interactions.models import DeadLetter
from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.humanize import pluralize

FIELDS = ("item_id", "type", "value", "occurred_at", "context", "review")
"""What one repair may set, or leave out, in many letters. Whose event it is may differ in each."""

OTHER_WORDS = {
    "buy": "purchase",
    "bought": "purchase",
    "order": "purchase",
    "ordered": "purchase",
    "open": "view",
    "opened": "view",
    "pageview": "view",
    "watch": "view",
    "seen": "view",
    "basket": "add_to_cart",
    "cart": "add_to_cart",
    "favourite": "like",
    "favorite": "like",
    "star": "rating",
    "rate": "rating",
}
"""Words that other shops have for the types that are there from the start."""

CHUNK = 500
Report = Callable[[int, int], None]
"""Called with how many letters are done, and how many could not be stored."""


def _silent(done: int, left: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Repair:
    """Say which field of each letter gets which value; an empty one leaves the field out."""

    field: str
    value: str

    def apply(self, payload: Any) -> Any:
        """Return what a letter holds once it is mended; what is no object stays as it is."""
        if not self.field or not isinstance(payload, Mapping):
            return payload
        rest = {name: value for name, value in payload.items() if name != self.field}
        return rest | {self.field: self._typed()} if self.value else rest

    def _typed(self) -> str | float:
        """Return the value as events have it: of `value` the number, where it is one."""
        if self.field != "value":
            return self.value
        try:
            return float(self.value)
        except ValueError:
            return self.value


AS_THEY_ARE = Repair("", "")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Hold a repair to begin with, why, and the values that are near."""

    repair: Repair
    sentence: str
    choices: Sequence[tuple[str, str]] = ()
    """Values with what they mean, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Say what would become of a letter."""

    letter: DeadLetter
    payload: Any
    obstacle: str
    """Why it could not be stored; empty where it could."""


@dataclass(frozen=True)
class Mended:
    """Count what became of a group."""

    stored: int = 0
    erased: int = 0
    left: int = 0
    first_reason: str = ""

    def __str__(self) -> str:
        said = f"{pluralize(self.stored, 'letter')} mended and stored."
        if self.erased:
            said += f" {self.erased:,} of erased users are deleted."
        if self.left:
            still = f"{pluralize(self.left, 'letter')} can't be stored so and {'stays' if self.left == 1 else 'stay'}"
            said += f" {still} as before, the first because: {self.first_reason}"
        return said if self.stored or self.erased or self.left else "No letter of this kind waits any more."


def field_of(group: Group) -> str:
    """Return the field that a repair of a group sets; nothing where each letter has to be mended by itself."""
    fields = {UNKNOWN_ITEM: "item_id", UNKNOWN_TYPE: "type", WRONG_FIELD: group.named}
    found = fields.get(group.kind, "")
    return found if found in FIELDS else ""


def suggest(group: Group, reason: str) -> Suggestion:
    """Return the likeliest repair of a group; `reason` is that of one of its letters."""
    field = field_of(group)
    if group.kind == UNKNOWN_ITEM:
        return _item(group.named)
    if group.kind == UNKNOWN_TYPE:
        return _type(group.named)
    if not field:
        return Suggestion(AS_THEY_ARE, "Mend each letter by itself, or remove the cause and replay them as they are.")
    if "leave it out" in reason.lower():
        return Suggestion(Repair(field, ""), f"Without {field} they can be stored.")
    return Suggestion(Repair(field, ""), f"Give the {field} that all of them get; empty, they go without it.")


def foresee(letters: Sequence[DeadLetter], repair: Repair) -> list[Foreseen]:
    """Say of each letter what a replay would store, or why it could not."""
    payloads = [repair.apply(letter.payload) for letter in letters]
    found = zip(letters, payloads, replay.foresee(payloads), strict=True)
    return [Foreseen(letter, payload, obstacle) for letter, payload, obstacle in found]


def replay_group(group: Group, repair: Repair, *, actor: Actor, report: Report = _silent) -> Mended:
    """Mend and store the letters of a group. Those that can't be stored so stay exactly as they were."""
    total = stored = erased = left = 0
    first_reason = ""
    for letter in _each(group):
        reason = replay.attempt(letter, repair.apply(letter.payload))
        if not reason or reason == erasure.SENTENCE:
            # At once: a replay that is broken off leaves no letter of an event that is stored.
            DeadLetter.objects.filter(pk=letter.pk).delete()
            stored, erased = stored + (not reason), erased + bool(reason)
        else:
            left, first_reason = left + 1, first_reason or reason
        total += 1
        report(total, left)
    if total:
        told = {"stored": stored, "left": left} | ({repair.field: repair.value} if repair.field else {})
        audit.record(actor, "dead_letter.replay_all", OBJECT, " ".join(group), after=told)
    return Mended(stored, erased, left, first_reason)


def _each(group: Group) -> Iterator[DeadLetter]:
    """Yield the letters that a group has now, the oldest first; those that come meanwhile wait for the next replay."""
    last = DeadLetter.objects.of(group).order_by("-pk").values_list("pk", flat=True).first() or 0
    after = 0
    while chunk := list(DeadLetter.objects.of(group).filter(pk__gt=after, pk__lte=last).order_by("pk")[:CHUNK]):
        yield from chunk
        after = chunk[-1].pk


def _item(item_id: str) -> Suggestion:
    near = near_ids.near(item_id)
    choices = [(item.item_id, item.title) for item in near]
    if near and near[0].item_id == item_id:
        known = "The item is known by now: they can be stored as they are."
        return Suggestion(Repair("item_id", item_id), known, choices)
    if near:
        return Suggestion(Repair("item_id", near[0].item_id), f"The nearest item is “{near[0].title}”.", choices)
    none = "No item has an id like it: add the item, or import it, and replay them as they are."
    return Suggestion(Repair("item_id", item_id), none)


def _type(name: str) -> Suggestion:
    known = sorted(types.by_name())
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    meant = OTHER_WORDS.get(plain, plain)
    near = [meant] if meant in known else get_close_matches(meant, known, 3, 0.6)
    choices = [(one, "") for one in [*near, *(one for one in known if one not in near)]]
    if near:
        return Suggestion(Repair("type", near[0]), f"The nearest known type is {near[0]}.", choices)
    return Suggestion(Repair("type", name), "No known type is near: choose one, or make a type of this name.", choices)

"""A visitor of the storefront, without JavaScript unless a test asks for it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.test import Client

from catalog.models import Item
from interactions.models import Interaction

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

HTMX = {"HX-Request": "true"}


class Visitor:
    """A browser with its cookies."""

    def __init__(self, user_id: str = "", **options: Any) -> None:
        self.client = Client(**options)
        if user_id:
            self.post("/people/be", {"user_id": user_id})

    def get(self, path: str, **headers: str) -> "Response":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=named)

    def post(self, path: str, fields: Mapping[str, str] | None = None, htmx: bool = False) -> "Response":
        return self.client.post(path, fields or {}, headers=HTMX if htmx else {})

    def open(self, item: Item, query: str = "", **headers: str) -> "Response":
        return self.get(f"/items/{item.item_id}{query}", **headers)

    def react(self, item: Item, kind: str, value: float | None = None, htmx: bool = False) -> "Response":
        given = {} if value is None else {"value": str(value)}
        return self.post(f"/react/{item.item_id}", {"type": kind, **given}, htmx)

    @property
    def user_id(self) -> str:
        """Whom this browser is, or nothing."""
        return self.client.session.get("person", "")

    def shelves(self) -> dict[str, list[str]]:
        """The titles on every shelf of the home page, by the shelf's key, in the order of the page."""
        shown = self.get("/").context["shelves"]
        return {shelf.key: [card.title for card in shelf.cards] for shelf in shown}


def text(response: "Response") -> str:
    """The page's HTML."""
    return response.content.decode()


def titles(items: list[Item]) -> list[str]:
    return [item.title for item in items]


def stored(user_id: str) -> list[tuple[str, str, float | None]]:
    """What the database says that a person did: item, type and value, in order."""
    events = Interaction.objects.filter(user__user_id=user_id).order_by("id")
    return list(events.values_list("item__item_id", "type__name", "value"))

"""Say how many items are hidden, so that nobody wonders where they are."""

from catalog.models import Item


def hidden_items() -> str:
    """Return a sentence on the items that no list has, and how to show them; empty where there are none."""
    hidden = Item.objects.filter(is_available=False).count()
    if not hidden:
        return ""
    return (
        f"Items hidden from all lists: {hidden:,} of {Item.objects.count():,}. To show them, select them in "
        "the admin (Items) and choose 'Show in lists again'."
    )

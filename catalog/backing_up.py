"""Tell backups what they have to know of erased users, who stay erased when an older one is restored."""

from hashlib import blake2b
from typing import Any

from catalog import erasure, erasure_journal, store
from catalog.models import Erasure
from recsite.platform.backup.contributors import Contributor
from recsite.platform.humanize import pluralize


class Erasures(Contributor):
    """Keep tombstones beside the backups, and apply those that came after the one that is restored."""

    name = "erasures"

    def before_create(self) -> None:
        erasure_journal.write_all()

    def facts(self) -> dict[str, Any]:
        return {"key": _fingerprint()}

    def complaint(self, facts: dict[str, Any]) -> str:
        if facts.get("key") in (None, _fingerprint()):
            return ""
        return (
            "ERASURE_KEY is another one than when this backup was made: erased users could come back. "
            "Set it to the one of then."
        )

    def after_restore(self) -> str:
        """Add what was erased since, take out what was lifted since, and erase those whom the backup brought back."""
        erased, lifted = erasure_journal.known()
        Erasure.objects.filter(digest__in=lifted).delete()
        Erasure.objects.bulk_create([Erasure(digest=one) for one in sorted(erased)], ignore_conflicts=True)
        again = store.erase_again()
        return f"Erasures: {len(erased):,} known beside the backups, {pluralize(again, 'user')} erased again."


def _fingerprint() -> str:
    """Tell one ERASURE_KEY from another without saying anything of it."""
    return blake2b(erasure.digest("recsite"), digest_size=8).hexdigest()

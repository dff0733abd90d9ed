"""Take ids of users out of the admin's own log: it says what was done, by whom and when, but not to whom."""

from collections.abc import Collection

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType

from catalog.models import EndUser


def anonymize(pks: Collection[int], words: str) -> None:
    """Put `words` in the place of the ids of users whose rows are about to go."""
    about = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(EndUser))
    about.filter(object_id__in=list(map(str, pks))).update(object_repr=words)

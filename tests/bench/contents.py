"""Tell what the database of a run holds already, so that a section can be measured alone."""

import json
import sys

import django

if __name__ == "__main__":
    django.setup()
    from catalog.models import Item
    from interactions.models import Interaction
    from recommender.models import Release

    found = {
        "events": Interaction.objects.exists(),
        "releases": Release.objects.exists(),
        "items": Item.objects.count(),
    }
    sys.stdout.write(json.dumps(found) + "\n")

from importlib import import_module

from django.db import migrations

earlier = import_module("catalog.migrations.0005_stored_ids_in_one_form")


class Migration(migrations.Migration):
    """Bring stored ids into their form again: it refuses format characters since."""

    dependencies = [("catalog", "0007_change_log")]

    operations = [migrations.RunPython(earlier.bring_into_one_form, migrations.RunPython.noop)]

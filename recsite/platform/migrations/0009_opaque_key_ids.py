from uuid import uuid4

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def replace_ids(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give every key an opaque id, and its lines in the history of the admin as well: the old one holds the hash."""
    ApiKey, LogEntry = apps.get_model("platform", "ApiKey"), apps.get_model("admin", "LogEntry")
    for old in ApiKey.objects.filter(id__contains=".").values_list("id", flat=True):
        new = uuid4().hex
        ApiKey.objects.filter(id=old).update(id=new)
        LogEntry.objects.filter(content_type__app_label="platform", content_type__model="apikey", object_id=old).update(
            object_id=new
        )


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0008_schedule"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    # The former ids are not needed back: the code of before finds keys by their prefix.
    operations = [migrations.RunPython(replace_ids, migrations.RunPython.noop)]

from typing import Any

from django.apps.registry import Apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone
from django.utils.module_loading import import_string

AT_ONCE = 2_000


def take_over(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Bring the sessions that go on into the new table: nobody is signed out, and no visitor is forgotten."""
    rows: Any = apps.get_model("sessions", "Session").objects.filter(expire_date__gt=timezone.now())
    model: Any = apps.get_model("platform", "Session")
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    made = []
    for row in rows.iterator(chunk_size=AT_ONCE):
        account = str(store.decode(row.session_data).get(SESSION_KEY, ""))
        fields = {"session_key": row.session_key, "session_data": row.session_data, "expire_date": row.expire_date}
        made.append(model(**fields, account_id=int(account) if account.isdecimal() else None))
        if len(made) >= AT_ONCE:
            model.objects.bulk_create(made, ignore_conflicts=True)
            made = []
    model.objects.bulk_create(made, ignore_conflicts=True)
    # Nothing reads the old table any more, so whoever is erased would stay there.
    apps.get_model("sessions", "Session").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("platform", "0022_telling"), ("sessions", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                (
                    "account_id",
                    models.BigIntegerField(db_index=True, help_text="None for whoever is not signed in.", null=True),
                ),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions", "abstract": False},
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop, elidable=True),
    ]

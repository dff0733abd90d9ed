"""Answers that hold secrets or users can be withheld; of those from before nobody knows whom they name."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

WITHHOLD = """
UPDATE platform_idempotentrequest SET withheld = 'shown_once', headers = '{}', body = ''
WHERE position('"secret"'::bytea IN body) > 0 OR position('"user_id"'::bytea IN body) > 0
"""


class Migration(migrations.Migration):
    dependencies = [("platform", "0018_roles_and_undo")]

    operations = [
        migrations.AddField(
            model_name="idempotentrequest",
            name="users",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=16),
                help_text="Keyed hashes of the users whom the answer names.",
                null=True,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="idempotentrequest",
            name="withheld",
            field=models.CharField(
                blank=True,
                choices=[("erased", "Erased"), ("shown_once", "Shown Once")],
                default="",
                help_text="Why no answer is kept.",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="idempotentrequest",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("users__isnull", False)), fields=["users"], name="idempotent_request_users"
            ),
        ),
        migrations.RunSQL(WITHHOLD, migrations.RunSQL.noop),
    ]

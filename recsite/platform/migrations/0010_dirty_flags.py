import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Rename a field in Django alone: the column keeps its name, so code of before and after can run side by side."""

    dependencies = [("platform", "0009_opaque_key_ids")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("epoch", "pledges", "dirty_flags"),
                migrations.AlterField(
                    "epoch",
                    "dirty_flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        db_column="pledges",
                        default=list,
                        help_text="Processes whose unsent cache invalidations must be replayed if they crash.",
                        size=None,
                    ),
                ),
            ]
        )
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    """Renames fields; their columns keep their names, so that processes of the version before go on working."""

    dependencies = [("platform", "0006_job_attempts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("feedcursor", "horizon", "safe_upto"),
                migrations.RenameField("feedcursor", "made_anew_at", "rebuilt_at"),
                migrations.AlterField(
                    "feedcursor",
                    "safe_upto",
                    models.BigIntegerField(
                        db_column="horizon",
                        default=0,
                        help_text="Rows up to this id can be read once they are settled.",
                    ),
                ),
                migrations.AlterField(
                    "feedcursor",
                    "rebuilt_at",
                    models.DateTimeField(
                        db_column="made_anew_at",
                        help_text="When the reader last made its figures from all rows, if it does.",
                        null=True,
                    ),
                ),
            ]
        )
    ]

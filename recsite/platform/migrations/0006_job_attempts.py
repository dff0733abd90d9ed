from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("platform", "0005_feed_cursor_words")]

    operations = [
        migrations.AddField(
            "job",
            "attempts",
            models.PositiveSmallIntegerField(default=0, help_text="Starts, those included whose worker was killed."),
        ),
        migrations.AddField(
            "job",
            "task_id",
            models.CharField(
                help_text="The Celery task that made this job: delivered again, it finds it.",
                max_length=255,
                null=True,
                unique=True,
            ),
        ),
        migrations.AlterField(
            "job",
            "state",
            models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("running", "Running"),
                    ("succeeded", "Succeeded"),
                    ("skipped", "Skipped"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                db_index=True,
                default="queued",
                max_length=10,
            ),
        ),
    ]

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0003_epoch_pledges"),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedCursor",
            fields=[
                ("name", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("position", models.BigIntegerField(default=0, help_text="Rows up to this id are read.")),
                (
                    "horizon",
                    models.BigIntegerField(
                        default=0, help_text="Rows up to this id can be read once they are settled."
                    ),
                ),
                (
                    "writers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        default=list,
                        help_text="Transactions that must end first.",
                        size=None,
                    ),
                ),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "made_anew_at",
                    models.DateTimeField(
                        null=True, help_text="When the reader last made its figures from all rows, if it does."
                    ),
                ),
            ],
            options={
                "verbose_name": "reader of a feed",
                "verbose_name_plural": "readers of feeds",
                "ordering": ["name"],
            },
        ),
    ]

"""Rename in the admin: a label alone, nothing in the database."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0004_feed_cursor"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="feedcursor",
            options={"ordering": ["name"], "verbose_name": "feed cursor"},
        ),
    ]

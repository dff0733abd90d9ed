"""Rename in the admin: labels and help texts alone, nothing in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("interactions", "0010_amounts_and_returns"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="outboxmessage",
            options={
                "ordering": ["pk"],
                "verbose_name": "message for Kafka",
                "verbose_name_plural": "messages for Kafka",
            },
        ),
        migrations.AlterField(
            model_name="deadletter",
            name="payload",
            field=models.JSONField(help_text="The event as it came. Mend it here, then press Save and replay."),
        ),
        migrations.AlterField(
            model_name="interactiontype",
            name="is_conversion",
            field=models.BooleanField(
                default=False,
                help_text="Lists are judged by how often it follows them.",
                verbose_name="is a conversion",
            ),
        ),
        migrations.AlterField(
            model_name="interactiontype",
            name="marks_seen",
            field=models.BooleanField(
                default=True,
                help_text="After it, the item is not recommended to that user again.",
                verbose_name="hides the item from lists",
            ),
        ),
        migrations.AlterField(
            model_name="interactiontype",
            name="needs_item",
            field=models.BooleanField(
                default=True,
                help_text="A login, or a change of a profile, is about none.",
                verbose_name="is about an item",
            ),
        ),
    ]

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def purchases_convert(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("interactions", "InteractionType").objects.filter(name="purchase").update(is_conversion=True)


class Migration(migrations.Migration):
    dependencies = [("interactions", "0005_kafka")]

    operations = [
        migrations.AddField(
            model_name="interactiontype",
            name="is_conversion",
            field=models.BooleanField(
                default=False,
                help_text="What the shop is for: lists are judged by how often it follows them.",
                verbose_name="is a conversion",
            ),
        ),
        migrations.RunPython(purchases_convert, migrations.RunPython.noop),
    ]

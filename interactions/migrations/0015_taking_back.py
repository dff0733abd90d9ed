from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def add_type(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Add what takes an act back. A type of that name that staff made stays as they made it."""
    types = apps.get_model("interactions", "InteractionType").objects
    types.get_or_create(name="undo", defaults={"weight": 0, "marks_seen": False})


class Migration(migrations.Migration):
    dependencies = [("interactions", "0014_marks")]

    operations = [
        migrations.AlterField(
            model_name="interaction",
            name="mark",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (0, "counts"),
                    (1, "crawler"),
                    (2, "flagged as a bot"),
                    (3, "staff"),
                    (4, "faster than a person"),
                    (5, "taken back"),
                ],
                db_default=0,
                default=0,
                help_text="Why models and figures leave it out.",
                verbose_name="left out as",
            ),
        ),
        migrations.RunPython(add_type, migrations.RunPython.noop),
    ]

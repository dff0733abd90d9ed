from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

RETURNS = ("return", "cancellation")


def add_types(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Add what takes a purchase back. A type of that name that staff made stays as they made it."""
    types = apps.get_model("interactions", "InteractionType").objects
    for name in RETURNS:
        types.get_or_create(name=name, defaults={"weight": 5, "is_negative": True, "marks_seen": True})


class Migration(migrations.Migration):
    dependencies = [("interactions", "0009_events_of_people")]

    operations = [
        migrations.AddField(
            model_name="interactiontype",
            name="amount_min",
            field=models.FloatField(default=0.0, help_text="A smaller value is refused.", verbose_name="least amount"),
        ),
        migrations.AddField(
            model_name="interactiontype",
            name="amount_max",
            field=models.FloatField(
                default=1000000000.0, help_text="A larger value is refused.", verbose_name="largest amount"
            ),
        ),
        migrations.AddConstraint(
            model_name="interactiontype",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_min__lte", models.F("amount_max"))),
                name="type_amounts_ordered",
                violation_error_message="The least amount is larger than the largest.",
            ),
        ),
        migrations.RunPython(add_types, migrations.RunPython.noop),
    ]

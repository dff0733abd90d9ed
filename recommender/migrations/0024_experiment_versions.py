"""Number the versions of drafts of experiments, and bind experiments to the placement that has their name now."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def bind(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    placements = apps.get_model("recommender", "Placement").objects.filter(name=OuterRef("placement"))
    experiments = apps.get_model("recommender", "Experiment").objects
    experiments.update(placement_number=Subquery(placements.values("pk")[:1]))


class Migration(migrations.Migration):
    dependencies = [
        ("recommender", "0023_estimates"),
    ]

    operations = [
        migrations.AddField(
            model_name="experiment",
            name="placement_number",
            field=models.BigIntegerField(
                editable=False,
                help_text="Its row: a placement that is made anew under the name is another one.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="experiment",
            name="version",
            field=models.PositiveIntegerField(
                default=0, editable=False, help_text="Rises with each change of the draft."
            ),
        ),
        migrations.AddField(
            model_name="experiment",
            name="changed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="experiment",
            name="changed_by",
            field=models.CharField(blank=True, default="", editable=False, max_length=150),
        ),
        migrations.RunPython(bind, migrations.RunPython.noop),
    ]

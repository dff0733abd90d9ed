from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAMES = {
    "Make the coming months' partitions": "Maintain partitions",
    "Take in what is new": "Incremental update",
    "Add up what people do": "Roll up behaviour",
    "Announce the system's figures": "Publish system metrics",
    "Look for drift": "Check drift",
    "Forget rare pairs of items": "Prune rare co-visits",
    "Add up what was shown and clicked": "Roll up impressions",
    "Clear up after interrupted jobs": "Fail dead jobs",
}
TASKS = {
    "recommender.tasks.take_in": "recommender.tasks.incremental_update",
    "recommender.tasks.look_for_drift": "recommender.tasks.check_drift",
    "recommender.tasks.forget_the_rare": "recommender.tasks.prune_covisits",
    "recommender.tasks.add_up": "recommender.tasks.roll_up_impressions",
    "recommender.tasks.reap": "recommender.tasks.fail_dead_jobs",
}


def rename(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Rename the rows that staff see; whatever they have set in them stays."""
    rows = apps.get_model("django_celery_beat", "PeriodicTask").objects.all()
    for old, new in NAMES.items():
        if rows.filter(name=new).exists():
            rows.filter(name=old).delete()
        rows.filter(name=old).update(name=new)
    for old, new in TASKS.items():
        rows.filter(task=old).update(task=new)


class Migration(migrations.Migration):
    dependencies = [("platform", "0007_feed_cursor_fields"), ("django_celery_beat", "0018_improve_crontab_helptext")]

    operations = [
        migrations.CreateModel(
            name="ScheduleDefault",
            fields=[
                ("name", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("fields", models.JSONField(default=dict)),
            ],
        ),
        migrations.RunPython(rename, migrations.RunPython.noop),
    ]

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Beat keeps what was once on its schedule; workers would be sent tasks that they don't know any more.
GONE = ("recommender.tasks.count_exposures", "recommender.tasks.embed", "interactions.tasks.keep_partitions")


def forget(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(task__in=GONE).delete()


class Migration(migrations.Migration):
    dependencies = [("recommender", "0007_drift"), ("django_celery_beat", "0018_improve_crontab_helptext")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]

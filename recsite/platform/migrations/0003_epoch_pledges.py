import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("platform", "0002_epoch")]

    operations = [
        migrations.AddField(
            model_name="epoch",
            name="pledges",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                default=list,
                help_text="Processes with news that will count as a change should they die.",
                size=None,
            ),
        ),
        migrations.AlterField(model_name="epoch", name="value", field=models.BigIntegerField(default=0)),
    ]

import django.contrib.postgres.fields
from django.db import migrations, models

# Without a default it takes no time, in whatever number of months.
ADD = """
ALTER TABLE recommender_servedlist ADD COLUMN propensities double precision[], ADD COLUMN drawn_ranks smallint[],
    ADD COLUMN drawn_of smallint, ADD COLUMN temperature double precision
"""
DROP = """
ALTER TABLE recommender_servedlist DROP COLUMN propensities, DROP COLUMN drawn_ranks, DROP COLUMN drawn_of,
    DROP COLUMN temperature
"""
COLUMNS = {
    "propensities": django.contrib.postgres.fields.ArrayField(
        models.FloatField(), help_text="Where the order was drawn: how probable each item was at its rank.", null=True
    ),
    "drawn_ranks": django.contrib.postgres.fields.ArrayField(
        models.SmallIntegerField(),
        help_text="The rank of each among the drawn items before; 0 for what kept its position.",
        null=True,
    ),
    "drawn_of": models.SmallIntegerField(help_text="The number of items whose order was drawn.", null=True),
    "temperature": models.FloatField(help_text="The temperature of the draw.", null=True),
}


class Migration(migrations.Migration):
    dependencies = [("recommender", "0017_experiments")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(ADD, DROP)],
            state_operations=[
                migrations.AddField(model_name="listimpression", name=name, field=field)
                for name, field in COLUMNS.items()
            ],
        )
    ]

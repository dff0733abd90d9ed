"""The table of series: figures by the minute, the hour and the day, in partitions by month."""

import django.contrib.postgres.fields
from django.db import migrations, models

TABLE = """
CREATE TABLE platform_seriespoint (
    kind varchar(20) NOT NULL,
    grain integer NOT NULL,
    at timestamptz NOT NULL,
    labels varchar(100)[] NOT NULL,
    count bigint NOT NULL,
    errors bigint NOT NULL,
    hits bigint NOT NULL,
    total double precision NOT NULL,
    highest double precision NOT NULL,
    buckets bigint[] NOT NULL,
    CONSTRAINT series_point_once PRIMARY KEY (kind, grain, at, labels)
) PARTITION BY RANGE (at);

CREATE TABLE platform_seriespoint_default PARTITION OF platform_seriespoint DEFAULT;

DO $$
DECLARE
    month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
BEGIN
    FOR ahead IN 0..3 LOOP
        EXECUTE format(
            'CREATE TABLE platform_seriespoint_y%sm%s PARTITION OF platform_seriespoint '
            'FOR VALUES FROM (%L) TO (%L)',
            to_char(month, 'YYYY'), to_char(month, 'MM'),
            to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
            to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00'
        );
        month := month + interval '1 month';
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("platform", "0019_answers_that_are_not_kept")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(TABLE, "DROP TABLE platform_seriespoint")],
            state_operations=[
                migrations.CreateModel(
                    name="SeriesPoint",
                    fields=[
                        ("kind", models.CharField(max_length=20)),
                        ("grain", models.IntegerField(help_text="The row's length in seconds.")),
                        (
                            "at",
                            models.DateTimeField(help_text="Its beginning.", primary_key=True, serialize=False),
                        ),
                        (
                            "labels",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=100), default=list, size=None
                            ),
                        ),
                        (
                            "count",
                            models.BigIntegerField(default=0, help_text="Of a level, how often it was looked at."),
                        ),
                        ("errors", models.BigIntegerField(default=0)),
                        ("hits", models.BigIntegerField(default=0, help_text="Answers from cached candidates.")),
                        (
                            "total",
                            models.FloatField(default=0.0, help_text="The sum of the seconds, or of a level's values."),
                        ),
                        (
                            "highest",
                            models.FloatField(
                                default=0.0, help_text="The longest duration, or a level's highest value."
                            ),
                        ),
                        (
                            "buckets",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(),
                                default=list,
                                help_text="Durations: see `recsite.platform.histogram`.",
                                size=None,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("kind", "grain", "at", "labels"), name="series_point_once")
                        ],
                    },
                ),
            ],
        ),
    ]

from django.db import migrations, models

# Months that are kept detached come back one day, and must have the column then.
ADD = r"""
ALTER TABLE interactions_interaction ADD COLUMN mark smallint NOT NULL DEFAULT 0;
DO $$
DECLARE
    detached text;
BEGIN
    FOR detached IN
        SELECT relname FROM pg_class
        WHERE relkind = 'r' AND NOT relispartition AND pg_table_is_visible(oid)
            AND relname ~ '^interactions_interaction_y\d{4}m\d{2}$'
    LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN IF NOT EXISTS mark smallint NOT NULL DEFAULT 0', detached);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("interactions", "0013_outbox_request_id")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(ADD, "ALTER TABLE interactions_interaction DROP COLUMN mark"),
            ],
            state_operations=[
                migrations.AddField(
                    model_name="interaction",
                    name="mark",
                    field=models.PositiveSmallIntegerField(
                        choices=[
                            (0, "counts"),
                            (1, "crawler"),
                            (2, "flagged as a bot"),
                            (3, "staff"),
                            (4, "faster than a person"),
                        ],
                        db_default=0,
                        default=0,
                        help_text="Why models and figures leave it out.",
                        verbose_name="left out as",
                    ),
                ),
            ],
        ),
    ]

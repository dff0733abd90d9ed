"""Number items by the transaction that wrote them last, and note which are deleted, so that copies read what changed.

By triggers, so that nobody who writes can forget it. ALWAYS: also where rows arrive by replication.
"""

import django.db.models.functions.datetime
from django.db import migrations, models

TRIGGERS = """
CREATE FUNCTION catalog_number_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
CREATE TRIGGER catalog_item_numbered BEFORE INSERT OR UPDATE ON catalog_item
    FOR EACH ROW EXECUTE FUNCTION catalog_number_item();
ALTER TABLE catalog_item ENABLE ALWAYS TRIGGER catalog_item_numbered;

CREATE FUNCTION catalog_note_deleted_items() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO catalog_deleteditem (item_pk, changed_in) SELECT id, pg_current_xact_id()::text::bigint FROM gone;
    RETURN NULL;
END $$;
CREATE TRIGGER catalog_item_deleted AFTER DELETE ON catalog_item
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION catalog_note_deleted_items();
ALTER TABLE catalog_item ENABLE ALWAYS TRIGGER catalog_item_deleted;
"""
NO_TRIGGERS = """
DROP TRIGGER catalog_item_deleted ON catalog_item;
DROP FUNCTION catalog_note_deleted_items();
DROP TRIGGER catalog_item_numbered ON catalog_item;
DROP FUNCTION catalog_number_item();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0006_erasures")]

    operations = [
        migrations.AddField(
            model_name="item",
            name="changed_in",
            field=models.BigIntegerField(db_default=0, db_index=True, editable=False),
        ),
        migrations.CreateModel(
            name="DeletedItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item_pk", models.BigIntegerField()),
                (
                    "changed_in",
                    models.BigIntegerField(db_index=True, help_text="The transaction that deleted the item."),
                ),
                ("deleted_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]

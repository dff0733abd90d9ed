"""Keep what the search reads of each item in a table of its own, by triggers, so that nobody who writes can forget it.

A table of its own, since filling it must not count as a change of each item. Functions of ours alone: a server may
have neither unaccent nor pg_trgm.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

FUNCTIONS = r"""
CREATE OR REPLACE FUNCTION catalog_words(given text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_to_array(nullif(btrim(regexp_replace(
        translate(
            replace(replace(replace(
                lower(regexp_replace(normalize(given, NFKD), '[\u0300-\u036f''\u2019]', '', 'g')),
                U&'\00df', 'ss'), U&'\00e6', 'ae'), U&'\0153', 'oe'),
            U&'\00f8\0142\0111\0131', 'oldi'),
        '[\s\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+', ' ', 'g'
    )), ''), ' ')
$$;
CREATE OR REPLACE FUNCTION catalog_trigrams(words text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(substr(padded, place, 3)), '{}')
    FROM unnest(words) AS word, concat(' ', left(word, 30), ' ') AS padded,
        generate_series(1, length(padded) - 2) AS place
$$;
-- The parser of full text takes words of plain letters whole; others, which it may take apart, are written one by one.
CREATE OR REPLACE FUNCTION catalog_vector(words text[], weight "char") RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(
        CASE WHEN joined ~ '^[a-z ]*$' THEN to_tsvector('pg_catalog.simple', joined) ELSE (
            SELECT coalesce(string_agg('''' || left(word, 60) || ''':' || least(place, 16383), ' '), '')::tsvector
            FROM unnest(words) WITH ORDINALITY AS found (word, place)
        ) END, weight
    ) FROM array_to_string(words, ' ') AS joined
$$;
CREATE OR REPLACE FUNCTION catalog_note_words(pks bigint[]) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH split AS MATERIALIZED (
        SELECT item.id, coalesce(catalog_words(item.title), '{}') AS title,
            coalesce(catalog_words(CASE WHEN jsonb_typeof(item.features -> 'creator') IN ('string', 'array')
                THEN item.features ->> 'creator' END), '{}') AS creator,
            coalesce(catalog_words(array_to_string(item.categories || item.tags, ' ')), '{}') AS labels,
            coalesce(catalog_words(left(item.description, 10000)), '{}') AS description
        FROM catalog_item AS item WHERE item.id = ANY(pks)
    ), named AS MATERIALIZED (
        SELECT *, title || creator || labels AS words FROM split
    )
    INSERT INTO catalog_itemsearch AS kept (item_id, words, trigrams, document)
    SELECT id, words, catalog_trigrams(words), catalog_vector(title, 'A') || catalog_vector(creator, 'B')
        || catalog_vector(labels, 'C') || catalog_vector(description, 'D')
    FROM named ORDER BY id
    ON CONFLICT (item_id) DO UPDATE
        SET words = EXCLUDED.words, trigrams = EXCLUDED.trigrams, document = EXCLUDED.document
$$;
"""
TABLE = """
CREATE TABLE IF NOT EXISTS catalog_itemsearch (
    item_id bigint PRIMARY KEY REFERENCES catalog_item (id) ON DELETE CASCADE,
    words text[] NOT NULL,
    trigrams text[] NOT NULL,
    document tsvector NOT NULL
);
"""
TRIGGERS = """
CREATE OR REPLACE FUNCTION catalog_note_new_words() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM catalog_note_words(ARRAY(SELECT id FROM fresh));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION catalog_note_changed_words() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM catalog_note_words(ARRAY(
        SELECT fresh.id FROM fresh JOIN stale USING (id)
        WHERE (fresh.title, fresh.description, fresh.categories, fresh.tags, fresh.features -> 'creator')
            IS DISTINCT FROM (stale.title, stale.description, stale.categories, stale.tags, stale.features -> 'creator')
    ));
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER catalog_item_words_new AFTER INSERT ON catalog_item
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION catalog_note_new_words();
CREATE OR REPLACE TRIGGER catalog_item_words_changed AFTER UPDATE ON catalog_item
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION catalog_note_changed_words();
ALTER TABLE catalog_item ENABLE ALWAYS TRIGGER catalog_item_words_new;
ALTER TABLE catalog_item ENABLE ALWAYS TRIGGER catalog_item_words_changed;
"""
INDEXES = """
CREATE INDEX IF NOT EXISTS item_search_document ON catalog_itemsearch USING gin (document);
CREATE INDEX IF NOT EXISTS item_search_trigrams ON catalog_itemsearch USING gin (trigrams);
ANALYZE catalog_itemsearch;
"""
NONE = """
DROP TRIGGER catalog_item_words_changed ON catalog_item;
DROP TRIGGER catalog_item_words_new ON catalog_item;
DROP FUNCTION catalog_note_changed_words();
DROP FUNCTION catalog_note_new_words();
DROP FUNCTION catalog_note_words(bigint[]);
DROP TABLE catalog_itemsearch;
DROP FUNCTION catalog_vector(text[], "char");
DROP FUNCTION catalog_trigrams(text[]);
DROP FUNCTION catalog_words(text);
"""
BATCH = 20_000


def fill(apps, schema_editor):
    """Fill the table in parts, each a transaction of its own: items can be written meanwhile."""
    with schema_editor.connection.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(
                "SELECT array(SELECT id FROM catalog_item WHERE id > %s ORDER BY id LIMIT %s)", [last, BATCH]
            )
            pks = cursor.fetchone()[0]
            if not pks:
                return
            cursor.execute("SELECT catalog_note_words(%s)", [pks])
            last = pks[-1]


WORDS = django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)
STATE = [
    migrations.CreateModel(
        name="ItemSearch",
        fields=[
            (
                "item",
                models.OneToOneField(
                    on_delete=django.db.models.deletion.DO_NOTHING,
                    primary_key=True,
                    related_name="search",
                    serialize=False,
                    to="catalog.item",
                ),
            ),
            ("words", WORDS),
            ("trigrams", WORDS.clone()),
            ("document", django.contrib.postgres.search.SearchVectorField()),
        ],
        options={
            "db_table": "catalog_itemsearch",
            "indexes": [
                django.contrib.postgres.indexes.GinIndex(fields=["document"], name="item_search_document"),
                django.contrib.postgres.indexes.GinIndex(fields=["trigrams"], name="item_search_trigrams"),
            ],
        },
    )
]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("catalog", "0009_opting_out_and_merging")]

    operations = [
        migrations.RunSQL([TABLE, FUNCTIONS, TRIGGERS], NONE, state_operations=STATE),
        migrations.RunPython(fill, migrations.RunPython.noop),
        # After the rows: an index that is made at once takes a fraction of the time.
        migrations.RunSQL(INDEXES, migrations.RunSQL.noop),
    ]

"""Empty the tables of users, items and events, and print how many events there were."""

import json
import sys

import django

TABLES = "interactions_interaction, interactions_personevent, interactions_review, catalog_mergeduser"

if __name__ == "__main__":
    django.setup()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM interactions_interaction")
        (rows,) = cursor.fetchone()
        cursor.execute(f"TRUNCATE {TABLES}, catalog_itemembedding, catalog_enduser, catalog_item CASCADE")
        cursor.execute("DELETE FROM interactions_importrun")
    sys.stdout.write(json.dumps({"rows": rows}) + "\n")

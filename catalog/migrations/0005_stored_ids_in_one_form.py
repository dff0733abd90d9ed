import re

from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from catalog.ids import BLANKS, CONTROLS, FORMATS, JOINERS, InvalidId, clean_id

SUSPECTS = r"""
SELECT id, {column} FROM {table}
WHERE {column} ~ '[{controls}{formats}]|(^|[\u0001-\u007f{blanks}{joiners}])[{joiners}]|^[{blanks}]|[{blanks}]$' {or_not_normal}
ORDER BY id
"""


def bring_into_one_form(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Rename ids that no door would take any more: with blanks around them, control or format characters, or not
    in NFC.

    No row is lost: where the right id is taken, as by the same user from a file, the row's number is put behind it.
    """
    for model, column in (("EndUser", "user_id"), ("Item", "item_id")):
        rows = apps.get_model("catalog", model).objects
        for pk, stored in suspects(f"catalog_{model.lower()}", column):
            new = one_form(stored, pk)
            if rows.filter(**{column: new}).exclude(pk=pk).exists():
                new = f"{new[:200]} ({pk})"
            if new != stored:
                rows.filter(pk=pk).update(**{column: new})


def suspects(table: str, column: str) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_encoding")
        is_unicode = cursor.fetchone()[0] == "UTF8"
        # PostgreSQL has no NUL in a text, and refuses the escape for it.
        controls = CONTROLS.replace(r"\u0000", r"\u0001")
        cursor.execute(
            SUSPECTS.format(
                table=table,
                column=column,
                controls=controls,
                formats=FORMATS,
                joiners=JOINERS,
                blanks=BLANKS,
                or_not_normal=f"OR {column} IS NOT NFC NORMALIZED" if is_unicode else "",
            )
        )
        return list(cursor.fetchall())


def one_form(stored: str, pk: int) -> str:
    try:
        seen = re.sub(f"[{FORMATS}]", "", re.sub(f"[{CONTROLS}]+", " ", stored))
        return clean_id(re.sub(rf"(?<![^\u0000-\u007f{BLANKS}{JOINERS}])[{JOINERS}]+", "", seen))
    except InvalidId:
        return f"id-{pk}"


class Migration(migrations.Migration):
    dependencies = [("catalog", "0004_one_form_of_ids")]

    operations = [migrations.RunPython(bring_into_one_form, migrations.RunPython.noop)]

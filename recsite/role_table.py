"""Write the tables of docs/ROLES.md, from those that the groups are made of and requests are checked by."""

from recsite.permissions import ADMIN_ACTIONS, ADMIN_PAGES
from recsite.roles import ADMINISTRATOR, GRANTS, ROLES, SECRETS
from recsite.undo_table import UNDO


def grants() -> str:
    """Return a table in Markdown: who may do what."""
    seen = "See every page and every row that holds no secret; read by the API"
    rows = [(seen, ROLES), *((grant.what, (*grant.roles, ADMINISTRATOR)) for grant in GRANTS)]
    lines = (f"| {what} | {' | '.join('x' if role in roles else '' for role in ROLES)} |" for what, roles in rows)
    return "\n".join([f"| | {' | '.join(ROLES)} |", "|---|:-:|:-:|:-:|:-:|", *lines])


def permissions() -> str:
    """Return a table in Markdown: the permissions behind each line of the first one."""
    rows = [("Kept from who only sees", sorted(SECRETS)), *((grant.what, grant.permissions) for grant in GRANTS)]
    lines = (f"| {what} | {', '.join(f'`{name}`' for name in names)} |" for what, names in rows)
    return "\n".join(["| | permissions |", "|---|---|", *lines])


def doors() -> str:
    """Return a table in Markdown: what pages and buttons of the admin need."""
    pages = [(f"the page `{name}`", permission) for name, permission in ADMIN_PAGES.items()]
    buttons = [
        (f"`{name}` on `{model}`", permission)
        for model, actions in ADMIN_ACTIONS.items()
        for name, permission in actions.items()
    ]
    undoing = [(f"*Undo* of `{verb}`", how.permission) for verb, how in UNDO.items()]
    lines = (f"| {what} | `{permission}` |" for what, permission in [*pages, *buttons, *undoing])
    return "\n".join(["| page or button | permission |", "|---|---|", *lines])

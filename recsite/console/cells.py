"""Give the cells of lists one class, which `lists.css` draws, in place of the 26 that the theme writes into each.

These were half of the page of a long list: 450 letters for every cell. The theme has no setting for it.
"""

from unfold.templatetags import unfold_list

CELL, CHECKBOX = "rs-cell", "action-checkbox"


def shorten() -> None:
    """Replace the theme's classes, for all lists of this process."""
    unfold_list.ROW_CLASSES[:] = [CELL]
    unfold_list.CHECKBOX_CLASSES[:] = [CHECKBOX, CELL]

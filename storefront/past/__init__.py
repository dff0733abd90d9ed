"""Make a past for the demo to look at: weeks of lists shown and clicked, releases, experiments and changes by staff.

Everything goes through the product's own functions as of the moments when it would have happened, and its roll-ups add
it up. The live release stays the live one for whoever visits meanwhile.
"""

"""Tell people and other systems of alerts: once when one begins, and once when it ends.

A scheduled task follows the alerts (`episodes`), puts a message for each who wants to know (`messages`), and sends what
is due (`sending`). What can't be sent waits.
"""

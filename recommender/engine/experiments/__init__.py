"""Compare variants that live traffic sees: assignment, intervals that may be looked at daily, and verdicts in words."""

"""Tell other systems what happened: endpoints of theirs get signed messages, as Standard Webhooks has them."""

"""Bring the product's own demo catalogue: facts about real works, and covers drawn from them. No Django here."""

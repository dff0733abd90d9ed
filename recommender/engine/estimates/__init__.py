"""Estimate what a candidate's lists would achieve from lists that were shown at random, before anybody sees its own."""

"""Readers of file formats: each turns files into one stream of rows. No Django here."""

"""Reporting: the summary of a round and what the board reads."""

"""The highlights of a negotiation: what is suggested by rule, and what the county has taken, written and left out."""

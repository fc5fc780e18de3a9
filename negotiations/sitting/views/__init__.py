"""Views of the sitting: what a round has held, agenda, attendance, workshops."""

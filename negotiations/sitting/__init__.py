"""The sitting: agenda, attendance and what happens on the day."""

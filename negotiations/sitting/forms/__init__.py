"""Forms of the sitting: agenda, attendance, workshop, and the moves of a negotiation."""

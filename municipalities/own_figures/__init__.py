"""A county's own figures, which no national source has: brought in from a spreadsheet."""

"""What the figures say: areas, indicators and their values. Imports none of our other apps."""

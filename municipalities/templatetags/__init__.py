"""Template tags of the floor: dates, numbers, states."""

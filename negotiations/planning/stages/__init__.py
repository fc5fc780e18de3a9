"""The stages of a round's year: usual ones to start from, how each stands, how they are kept, the board's approval."""

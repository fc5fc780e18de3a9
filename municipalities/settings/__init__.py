"""What a county sets for itself: its words, look, minutes, retention times and priorities; and what a user does."""

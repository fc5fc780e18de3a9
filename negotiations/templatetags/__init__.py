"""Template tags of the floor: times and legal bases of negotiations."""

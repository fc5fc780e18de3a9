"""Planning a round: slots, groups, the time and the parties of its negotiations."""

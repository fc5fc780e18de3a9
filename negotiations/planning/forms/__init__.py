"""Forms of planning: rounds, groups, negotiations."""

"""Views of planning: rounds, groups, negotiations."""

"""Views of the floor: doors, places and documents."""

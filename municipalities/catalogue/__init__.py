"""The indicators that a county can use, its own ones among them, and the sets that it shows them in."""

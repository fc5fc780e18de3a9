"""Pages of the municipality cards."""

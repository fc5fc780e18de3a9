"""Following up: whether the duty to negotiate has been met, and what was agreed."""

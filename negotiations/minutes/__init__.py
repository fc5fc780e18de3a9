"""The minutes: composing, checking and publishing them."""

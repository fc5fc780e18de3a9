"""Tests of the municipality cards."""

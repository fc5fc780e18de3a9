"""Negotiations and stages of a round in people's own calendars: files to download, and addresses to subscribe to."""

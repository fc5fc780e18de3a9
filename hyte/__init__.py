"""The porch: settings, addresses, Celery and the servers of the demo. No rules; no app imports it."""

from hyte.celery import app as celery_app

__all__ = ["celery_app"]

"""Celery, configured from Django's settings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hyte.settings")
# Django's checks look through all addresses, and so would load every page into each worker: a third of its memory.
# `migrate` makes them, before any worker starts.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("hyte")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

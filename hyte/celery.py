"""Celery, configured from Django's settings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hyte.settings")

app = Celery("hyte")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

"""The settings of workers that give up the dead sooner: a fifth of the real times, all by the same code.

A worker is believed dead 6 s after its last sign of life, not 30 s, and the reaper looks every 3 s, not every 15 s.
"""

from datetime import timedelta

from tests.municipalities.worker_settings import *  # noqa: F403

CELERY_BEAT_SCHEDULE = {
    "reap-documents": {"task": "municipalities.tasks.reap_documents", "schedule": 3.0, "options": {"expires": 3}}
}
# For municipalities.documents.lifecycle.
TIMES = {
    "LEASE": timedelta(seconds=6),
    "BEAT": 2.0,
    "MESSAGE_TRUSTED": timedelta(seconds=6),
    "NUDGE_EVERY": timedelta(seconds=12),
}

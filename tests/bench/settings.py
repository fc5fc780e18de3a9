"""The settings of what is measured: the project's, with two empty pages more and a queue of its own."""

import os
from typing import Any

from hyte import settings
from hyte.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
# The Redis given may serve others too: their workers shall not find our messages, nor ours theirs.
CELERY_TASK_DEFAULT_QUEUE = os.environ.get("BENCH_QUEUE", "bench")
# Asking for what is no page is part of finding the pages.
_logging: dict[str, Any] = settings.LOGGING
LOGGING = {**_logging, "loggers": {**_logging["loggers"], "django.request": {"level": "ERROR"}}}

"""The settings of a worker process in the tests: the project's, and the sample kind of document."""

from hyte import settings
from hyte.settings import *  # noqa: F403

# As tests.municipalities.sample has it, which cannot be imported before the settings.
TEMPLATES = [
    {
        **settings.TEMPLATES[0],
        "DIRS": [settings.BASE_DIR / folder for folder in ("templates", "tests/municipalities/templates")],
    }
]
CELERY_IMPORTS = ["tests.municipalities.sample_registered"]

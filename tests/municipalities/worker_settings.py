"""The settings of a worker process in the tests: the project's, and the sample kind of document."""

from hyte.settings import *  # noqa: F403
from hyte.settings import BASE_DIR, TEMPLATES

# As tests.municipalities.sample has it, which cannot be imported before the settings.
TEMPLATES = [{**TEMPLATES[0], "DIRS": [*TEMPLATES[0]["DIRS"], BASE_DIR / "tests" / "municipalities" / "templates"]}]  # type: ignore[dict-item]
CELERY_IMPORTS = ["tests.municipalities.sample_registered"]

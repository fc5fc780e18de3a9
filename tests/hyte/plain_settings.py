"""The settings of a web server in the tests: static files by their own names, since nothing is collected for them."""

from hyte import settings
from hyte.settings import *  # noqa: F403

STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

"""The web server's entry."""

import logging
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from hyte.logs import WithoutSecrets

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hyte.settings")

application = get_wsgi_application()

# The web server's own logs tell every address that is asked for, by handlers that Django does not set up.
for name in ("gunicorn.access", "gunicorn.error"):
    logging.getLogger(name).addFilter(WithoutSecrets())

# A form module first imported inside a request would keep that request's county in its querysets for ever;
# resolving the addresses now imports all of them outside any county.
get_resolver().url_patterns  # noqa: B018

"""The app of the negotiations."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NegotiationsConfig(AppConfig):
    """Rounds, negotiations, minutes and summaries."""

    name = "negotiations"
    verbose_name = _("Negotiations")

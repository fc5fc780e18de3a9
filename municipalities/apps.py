"""The app of the counties, municipalities, people and documents."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MunicipalitiesConfig(AppConfig):
    """Counties, municipalities, people and documents."""

    name = "municipalities"
    verbose_name = _("Counties and municipalities")

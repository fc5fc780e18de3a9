"""The app of the figures."""

from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    """Areas, indicators and their values."""

    name = "indicators"

"""The porch as an app, for its commands; and Django's admin with our own site in it."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class HyteConfig(AppConfig):
    """Has no models: makes Django find the commands `backup` and `restore`."""

    name = "hyte"


class AdministrationConfig(AdminConfig):
    """Makes `hyte.administration` the site that every app registers its models with."""

    default_site = "hyte.administration.Administration"

"""Django's admin with our own site in it."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """Makes `hyte.administration` the site that every app registers its models with."""

    default_site = "hyte.administration.Administration"

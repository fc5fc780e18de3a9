"""The admin: for administrators of the installation, who see all counties at once."""

from __future__ import annotations

from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.translation import gettext_lazy as _
from django_scopes import scopes_disabled


class Administration(admin.AdminSite):
    """The admin outside every county's scope, behind the one sign-in of the site."""

    site_header = site_title = _("Administration")
    index_title = _("Administration of the installation")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the site's sign-in: what guards it, such as the limit of attempts, has no second door."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Wrap a view so that it and its page are made with all counties in sight."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def unscoped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with scopes_disabled():
                response = inner(request, *args, **kwargs)
                # The page reads the database only when it is rendered, which would be too late outside.
                return response.render() if isinstance(response, SimpleTemplateResponse) else response

        return unscoped

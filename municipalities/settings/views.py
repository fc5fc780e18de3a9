"""The county's settings and priorities, its logo, and a user's own profile."""

from __future__ import annotations

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities.access import Access, CountyRequest
from municipalities.models import County, CountyLogo, Priority, User
from municipalities.moves import NotAllowedNow
from municipalities.settings.changing import change_settings, remove_priority, save_priority
from municipalities.settings.forms import CountySettingsForm, PriorityForm, ProfileForm
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back


def can_set(access: Access) -> bool:
    """Change the county's settings and priorities: the coordinator."""
    return access.is_coordinator


@require_http_methods(["GET", "HEAD", "POST"])
def county_settings(request: CountyRequest, county: str) -> HttpResponse:
    """Show and change what the county has set; its priorities beside."""
    request.access.require(can_set(request.access))

    def save(form: CountySettingsForm) -> County:
        return change_settings(
            form.save(commit=False),
            fields=form.changed_names,
            logo=form.cleaned_data["logo"],
            remove_logo=form.cleaned_data.get("remove_logo", False),
            by=request.user,
        )

    today = timezone.localdate()
    priorities = list(Priority.objects.order_by("-ends_on", "starts_on", "position", "name"))
    return edit(
        request,
        CountySettingsForm,
        row=request.county,
        save=save,
        title=_("Settings of the county"),
        back=reverse("county_settings", args=[county]),
        done=_("The settings were saved."),
        template="municipalities/settings.html",
        context={
            "current": [priority for priority in priorities if priority.ends_on >= today],
            "past": [priority for priority in priorities if priority.ends_on < today],
        },
    )


@require_safe
def county_logo(request: CountyRequest, county: str) -> HttpResponse:
    """Give the county's logo; its address changes with the picture."""
    logo = CountyLogo.objects.filter(county=request.county).first()
    if logo is None:
        raise Http404
    response = HttpResponse(bytes(logo.content), content_type=logo.media_type)
    response["Cache-Control"] = "private, max-age=604800"
    return response


def _priority(request: CountyRequest, county: str, row: Priority | None) -> HttpResponse:
    request.access.require(can_set(request.access))
    back = reverse("county_settings", args=[county])
    return edit(
        request,
        PriorityForm,
        row=row,
        save=lambda form: save_priority(form.save(commit=False), by=request.user),
        title=_("Edit the priority") if row else _("New priority"),
        back=back + "#painopisteet",
        done=_("The priority was saved."),
        context={"crumbs": [(back, _("Settings"))]},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def priority_new(request: CountyRequest, county: str) -> HttpResponse:
    """Add a priority."""
    return _priority(request, county, None)


@require_http_methods(["GET", "HEAD", "POST"])
def priority_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Edit a priority."""
    return _priority(request, county, get_object_or_404(Priority, pk=pk))


@require_POST
def priority_remove(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remove a priority that nothing refers to."""
    row = get_object_or_404(Priority, pk=pk)
    request.access.require(can_set(request.access))
    back = reverse("county_settings", args=[county]) + "#painopisteet"
    with leading_back(back):
        try:
            remove_priority(row, by=request.user)
        except ProtectedError as used:
            raise NotAllowedNow(
                _("“%(name)s” is in use in %(count)s places and cannot be removed. Give it a last day instead.")
                % {"name": row.name, "count": len(used.protected_objects)}
            ) from used
    messages.success(request, _("The priority was removed."))
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change what the user has set for themselves, and lead to the safety of signing in."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required has seen to it
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    status = 200
    if request.method == "POST":
        if form.is_valid():
            with transaction.atomic():
                saved: User = form.save()
            with translation.override(saved.language):
                messages.success(request, _("Your profile was saved."))
            answer = redirect("profile")
            # The choice made with the language switch gives way to the one that was saved.
            answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
            return answer
        status = 422
    context: dict[str, Any] = {"form": form, "is_mfa_enabled": is_mfa_enabled(user), "submit": _("Save")}
    return render(request, "account/profile.html", context, status=status)

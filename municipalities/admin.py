"""Counties, places, people and documents in the admin. States are moved on the pages, and only looked at here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest

from municipalities.models import (
    CouncilTerm,
    County,
    Document,
    Download,
    Event,
    Membership,
    Municipality,
    MunicipalityGroup,
    Organisation,
    Person,
    PersonContact,
    Priority,
    User,
)


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that are only looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds these by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody changes these by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Nobody deletes these by hand."""
        return False


class MembershipInline(admin.TabularInline):
    """What a user may do, and where."""

    model = Membership
    fk_name = "user"
    autocomplete_fields = ("municipality", "organisation", "given_by")
    extra = 0


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Users. A new one sets a password by the link of "forgotten password"."""

    list_display = ("email", "name", "is_active", "date_joined", "last_login")
    list_filter = ("is_active", "memberships__role")
    search_fields = ("email", "name")
    fields = ("email", "name", "language", "is_active", "date_joined", "last_login")
    readonly_fields = ("date_joined", "last_login")
    inlines = (MembershipInline,)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Save the user; a new one has no password that could be used."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Users are never deleted: events point at them. They are closed instead."""
        return False


@admin.register(County)
class CountyAdmin(admin.ModelAdmin):
    """Counties and their settings."""

    list_display = ("area", "slug", "colour", "negotiation_word", "minutes_form")
    list_select_related = ("area",)
    autocomplete_fields = ("area",)
    search_fields = ("area__name_fi", "slug")


@admin.register(Municipality)
class MunicipalityAdmin(admin.ModelAdmin):
    """Municipalities of today."""

    list_display = ("area", "county", "language_status", "population")
    list_filter = ("county", "language_status")
    list_select_related = ("area", "county__area")
    autocomplete_fields = ("area",)
    search_fields = ("area__name_fi", "area__code")


@admin.register(MunicipalityGroup)
class MunicipalityGroupAdmin(admin.ModelAdmin):
    """Groups that negotiate together in a year."""

    list_display = ("name", "year", "county", "position")
    list_filter = ("county", "year")
    list_select_related = ("county__area",)
    autocomplete_fields = ("municipalities",)


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    """Organisations that counties negotiate with."""

    list_display = ("name", "sector", "county")
    list_filter = ("county", "sector")
    list_select_related = ("county__area",)
    search_fields = ("name",)


class PersonContactInline(admin.StackedInline):
    """How to reach a person, until a day."""

    model = PersonContact
    exclude = ("county",)
    extra = 0


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    """People who take part."""

    list_display = ("name", "role", "sector", "county")
    list_filter = ("county", "sector")
    list_select_related = ("county__area",)
    search_fields = ("name",)
    autocomplete_fields = ("user", "municipality", "organisation")
    inlines = (PersonContactInline,)

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: Any, change: bool) -> None:
        """Save the contact details in the county of the person."""
        for contact in formset.save(commit=False):
            contact.county_id = form.instance.county_id
            contact.save()
        for contact in formset.deleted_objects:
            contact.delete()
        formset.save_m2m()


@admin.register(CouncilTerm)
class CouncilTermAdmin(admin.ModelAdmin):
    """Terms of the councils."""

    list_display = ("body", "starts_on", "ends_on")


@admin.register(Priority)
class PriorityAdmin(admin.ModelAdmin):
    """Priorities of the counties' welfare work."""

    list_display = ("name", "county", "starts_on", "ends_on")
    list_filter = ("county",)
    list_select_related = ("county__area",)


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    """Documents and how far they are."""

    list_display = ("title", "kind", "variant", "state", "progress", "attempts", "queued_at", "ready_at", "county")
    list_filter = ("state", "kind", "county")
    list_select_related = ("county__area",)
    search_fields = ("title",)
    exclude = ("context",)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The log of what happened: the database refuses to change it."""

    list_display = ("at", "verb", "subject", "subject_id", "user", "county")
    list_filter = ("verb", "county")
    list_select_related = ("user", "county__area")


@admin.register(Download)
class DownloadAdmin(ReadOnlyAdmin):
    """Who took which document."""

    list_display = ("at", "document", "user", "county")
    list_filter = ("county",)
    list_select_related = ("document", "user", "county__area")

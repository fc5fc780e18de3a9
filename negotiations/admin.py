"""Rounds, negotiations, minutes and summaries in the admin. States are moved on the pages, and only looked at here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest

from negotiations.models import (
    AgendaItem,
    Attendance,
    CoreGroup,
    FeedbackNote,
    Measure,
    Minutes,
    MinutesAttachment,
    MinutesCheck,
    Negotiation,
    Observation,
    Part,
    Party,
    Round,
    RoundStage,
    Slot,
    StatedFigure,
    Summary,
    SummaryHandling,
    SummaryNote,
    ThemeColumn,
    WorkshopTheme,
)


class OfOneCounty(admin.ModelAdmin):
    """Rows whose parts belong to the same county: what is added under a row takes its county."""

    list_filter: ClassVar[Any] = ("county",)
    list_select_related: ClassVar[Any] = ("county__area",)
    formfield_overrides: ClassVar[Any] = {models.URLField: {"assume_scheme": "https"}}

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: Any, change: bool) -> None:
        """Save the rows below in the county of the row above."""
        for row in formset.save(commit=False):
            row.county_id = form.instance.county_id
            row.save()
        for row in formset.deleted_objects:
            row.delete()
        formset.save_m2m()

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """Show what only moves may change; and a row does not change its county."""
        moved = tuple(field.name for field in self.model._meta.fields if not field.editable)
        return (*moved, "county") if obj else moved

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        """What has been negotiated, minuted and decided stays."""
        return False


class ClosedWithMinutes(OfOneCounty):
    """Rows that minutes tell: looked at only, once the minutes have been sent for checking."""

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        """What checkers read is what stays, here too."""
        return super().has_change_permission(request, obj) and (obj is None or not self.is_closed(obj))

    def is_closed(self, obj: Any) -> bool:
        """Whether some minutes that may tell the row are no draft any more."""
        row: Any = obj.part if isinstance(obj, AgendaItem) else obj
        negotiation = row.pk if isinstance(row, Negotiation) else row.negotiation_id
        return Minutes.objects.filter(negotiation=negotiation).exclude(state=Minutes.State.DRAFT).exists()


class Under(admin.TabularInline):
    """Rows below another."""

    exclude: ClassVar[Any] = ("county",)
    extra = 0
    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """Show what only moves may change."""
        return tuple(field.name for field in self.model._meta.fields if not field.editable)


def under(below: type[models.Model], *autocomplete: str, **options: Any) -> type[Under]:
    """Return the inline of a model."""
    return type(f"{below.__name__}Inline", (Under,), {"model": below, "autocomplete_fields": autocomplete, **options})


@admin.register(Round)
class RoundAdmin(OfOneCounty):
    """Rounds, with their stages and stated figures."""

    list_display = ("name", "year", "county", "form", "starts_on", "ends_on")
    search_fields = ("name",)
    inlines = (under(RoundStage), under(StatedFigure), under(FeedbackNote))

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        """Show the decision on the timetable too: it is recorded on the round's page, which keeps a log of it."""
        return (*super().get_readonly_fields(request, obj), "approved_on", "approved_by", "approved_section")


@admin.register(Slot)
class SlotAdmin(OfOneCounty):
    """Times in which negotiations can be held."""

    list_display = ("starts_at", "ends_at", "round", "county")
    list_select_related = ("round", "county__area")
    search_fields = ("round__name",)
    autocomplete_fields = ("round",)


@admin.register(CoreGroup)
class CoreGroupAdmin(OfOneCounty):
    """People who attended several negotiations."""

    list_display = ("name", "round", "sector", "size", "county")
    list_select_related = ("round", "county__area")
    autocomplete_fields = ("round", "negotiations")


@admin.register(Negotiation)
class NegotiationAdmin(ClosedWithMinutes):
    """Negotiations, with their parties, parts and attendances."""

    list_display = ("title", "round", "state", "earliest", "starts_at", "county")
    list_filter = ("county", "state", "round")
    list_select_related = ("round", "county__area")
    search_fields = ("title",)
    autocomplete_fields = ("round", "slot")
    inlines = (
        under(Party, "municipality", "organisation"),
        under(Part),
        under(Attendance, "person", "municipality"),
    )


@admin.register(Part)
class PartAdmin(ClosedWithMinutes):
    """The share of a sitting that discharges one duty, with its agenda."""

    list_display = ("negotiation", "position", "legal_basis", "dealt_with", "county")
    list_filter = ("county", "legal_basis")
    list_select_related = ("negotiation", "county__area")
    search_fields = ("negotiation__title",)
    autocomplete_fields = ("negotiation",)
    inlines = (under(AgendaItem),)


@admin.register(AgendaItem)
class AgendaItemAdmin(ClosedWithMinutes):
    """Matters of the agenda and what the minutes say of them."""

    list_display = ("title", "position", "part", "county")
    list_select_related = ("part", "county__area")
    search_fields = ("title",)
    autocomplete_fields = ("part",)


@admin.register(Measure)
class MeasureAdmin(ClosedWithMinutes):
    """Measures that were agreed."""

    list_display = ("text", "responsible", "due_on", "negotiation", "round", "county")
    list_select_related = ("negotiation", "round", "county__area")
    search_fields = ("text", "responsible")
    autocomplete_fields = ("round", "negotiation", "agenda_item", "municipality", "organisation")


@admin.register(WorkshopTheme)
class WorkshopThemeAdmin(OfOneCounty):
    """Themes of the workshops."""

    list_display = ("name", "round", "position", "county")
    list_select_related = ("round", "county__area")
    autocomplete_fields = ("round",)
    inlines = (under(ThemeColumn),)


@admin.register(ThemeColumn)
class ThemeColumnAdmin(OfOneCounty):
    """Columns of a theme, with the observations."""

    list_display = ("title", "theme", "position", "county")
    list_select_related = ("theme", "county__area")
    inlines = (under(Observation, "negotiation"),)


@admin.register(Minutes)
class MinutesAdmin(ClosedWithMinutes):
    """Minutes, with their checkers and attachments."""

    list_display = ("negotiation", "part", "state", "check_by", "published_on", "county")
    list_filter = ("county", "state")
    list_select_related = ("negotiation", "part", "county__area")
    autocomplete_fields = ("negotiation", "part")
    inlines = (under(MinutesCheck), under(MinutesAttachment))


@admin.register(Summary)
class SummaryAdmin(OfOneCounty):
    """Summaries, with their paragraphs."""

    list_display = ("round", "state", "published_on", "county")
    list_filter = ("county", "state")
    list_select_related = ("round", "county__area")
    autocomplete_fields = ("round",)
    inlines = (
        under(SummaryNote),
        # Entered by the moves of the summary, never by hand.
        under(
            SummaryHandling,
            readonly_fields=("act", "body", "on", "section"),
            has_add_permission=lambda self, request, obj=None: False,
            has_change_permission=lambda self, request, obj=None: False,
            has_delete_permission=lambda self, request, obj=None: False,
        ),
    )

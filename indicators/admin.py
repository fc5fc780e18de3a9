"""Areas, indicators and sets in the admin. Figures come by imports and are only looked at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from indicators.models import Area, ImportPart, ImportRun, Indicator, IndicatorSet, IndicatorSetItem


@admin.register(Area)
class AreaAdmin(admin.ModelAdmin):
    """Areas: the home of codes and names."""

    list_display = ("name_fi", "kind", "code", "valid_from", "valid_to", "merged_into")
    list_filter = ("kind",)
    list_select_related = ("merged_into",)
    search_fields = ("name_fi", "name_sv", "code")
    autocomplete_fields = ("parent", "merged_into")

    def has_delete_permission(self, request: HttpRequest, obj: Area | None = None) -> bool:
        """Areas are never deleted: figures point at them without a database constraint."""
        return False


@admin.register(Indicator)
class IndicatorAdmin(admin.ModelAdmin):
    """Indicators, their polarity, and what is told of them. Imports bring a national one's texts up to date."""

    list_display = ("name_fi", "theme", "unit", "polarity", "sotkanet_id", "statfin_code", "owner", "read_on")
    list_filter = (("owner", admin.EmptyFieldListFilter), "theme", "unit", "polarity", "survey")
    list_select_related = ("owner",)
    search_fields = ("name_fi", "name_sv", "name_en", "sotkanet_id", "statfin_code")
    autocomplete_fields = ("owner",)
    readonly_fields = ("read_on", "read_from", "read_to")
    fieldsets = (
        (None, {"fields": ("name_fi", "name_sv", "name_en", "theme", "owner")}),
        (_("Figures"), {"fields": ("unit", "decimals", "polarity", "survey")}),
        (
            _("Source"),
            {"fields": ("producer", "sotkanet_id", "statfin_code", ("read_on", "read_from", "read_to"))},
        ),
        (_("What it tells"), {"fields": ("description_fi", "description_sv", "description_en")}),
        (_("How to read it"), {"fields": ("interpretation_fi", "interpretation_sv", "interpretation_en")}),
        (_("Its limits"), {"fields": ("limits_fi", "limits_sv", "limits_en")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Indicator | None = None) -> bool:
        """Indicators are never deleted: figures point at them without a database constraint."""
        return False


class IndicatorSetItemInline(admin.TabularInline):
    """The indicators of a set, in order."""

    model = IndicatorSetItem
    autocomplete_fields = ("indicator",)
    extra = 0


@admin.register(IndicatorSet)
class IndicatorSetAdmin(admin.ModelAdmin):
    """Versioned sets of indicators."""

    list_display = ("name", "version", "owner")
    list_filter = (("owner", admin.EmptyFieldListFilter),)
    list_select_related = ("owner",)
    search_fields = ("name", "version", "basis")
    autocomplete_fields = ("owner",)
    fields = ("name", "version", "owner", "basis")
    inlines = (IndicatorSetItemInline,)


class ImportPartInline(admin.TabularInline):
    """How each indicator of an import went. Only looked at, as the import is."""

    model = ImportPart
    extra = 0
    can_delete = False
    raw_id_fields = ("indicator",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportPart]:
        """Return the parts with their indicators, which name them."""
        parts: QuerySet[ImportPart] = super().get_queryset(request)
        return parts.select_related("indicator")


@admin.register(ImportRun)
class ImportRunAdmin(admin.ModelAdmin):
    """Where figures came from."""

    list_display = (
        *("label", "source", "state", "retrieved_on", "licence", "rows_read"),
        *("rows_added", "rows_changed", "rows_unchanged", "rows_rejected"),
    )
    list_filter = ("source", "state")
    inlines = (ImportPartInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Imports are made by commands."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ImportRun | None = None) -> bool:
        """What an import did is not changed afterwards."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ImportRun | None = None) -> bool:
        """Figures point at their import."""
        return False

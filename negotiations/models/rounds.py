"""A round of negotiations: its form, slots, stages, and what its source says of it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from indicators.models import IndicatorSet
from municipalities.models import CouncilTerm, County, Sector
from municipalities.searching import SWEDISH, vector


class LegalBasis(models.TextChoices):
    """The duty that a part of a negotiation discharges."""

    COOPERATION = "611/2021-14", _("Section 14 (Act 611/2021)")
    WELFARE = "612/2021-6-7", _("Sections 6-7 (Act 612/2021)")

    @property
    def sections(self) -> str:
        """The sections alone, for a label: "14 §" or "6-7 §"."""
        return "14 §" if self == LegalBasis.COOPERATION else "6–7 §"


class Round(models.Model):
    """The negotiations of a year on one or both legal bases, planned and reported together."""

    class Form(models.TextChoices):
        MUNICIPALITIES = "municipalities", _("each municipality on its own")
        GROUPS = "groups", _("in municipality groups")
        REGION = "region", _("region-wide")
        THEMES = "themes", _("by theme")

    county = models.ForeignKey(County, models.PROTECT, related_name="rounds", verbose_name=_("county"))
    name = models.CharField(_("name"), max_length=200)
    year = models.PositiveSmallIntegerField(_("year"))
    form = models.CharField(_("form"), max_length=20, choices=Form)
    legal_bases = ArrayField(
        models.CharField(max_length=20, choices=LegalBasis),
        verbose_name=_("legal bases"),
    )
    language = models.CharField(_("language"), max_length=2, default="fi")
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    term = models.ForeignKey(
        CouncilTerm,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("council term"),
    )
    indicator_set = models.ForeignKey(
        IndicatorSet,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("indicators shown"),
    )
    # A rule of planning/slots.py as data: weeks, weekdays, times and exceptions.
    slot_rule = models.JSONField(_("rule of the slots"), null=True, blank=True)
    # The decision by which a body, most often the county's board, approved timetable, representation and form.
    approved_on = models.DateField(_("approved on"), null=True, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=120, blank=True)
    approved_section = models.CharField(_("section of the decision"), max_length=40, blank=True)
    # Set where all that is known is a plan: whether its negotiations were held is then not known here.
    plan_as_of = models.DateField(_("known only as planned on"), null=True, blank=True)
    description = models.TextField(_("description"), blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("round")
        verbose_name_plural = _("rounds")
        ordering = ("-year", "name")
        constraints = (
            models.UniqueConstraint(fields=["county", "year", "name"], name="round_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="round_dates"),
            models.CheckConstraint(condition=Q(legal_bases__len__gte=1), name="round_has_legal_basis"),
            models.CheckConstraint(
                condition=Q(approved_on=None, approved_by="", approved_section="")
                | Q(approved_on__isnull=False) & ~Q(approved_by=""),
                name="round_approval_whole",
            ),
        )
        indexes = (
            GinIndex(vector("name", "description"), name="round_words", condition=~Q(language="sv")),
            GinIndex(vector("name", "description", stemmed=SWEDISH), name="round_words_sv", condition=Q(language="sv")),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def bases(self) -> list[LegalBasis]:
        """The legal bases as choices, in the order of the law."""
        return [basis for basis in LegalBasis if basis.value in self.legal_bases]


class Slot(models.Model):
    """A time in which one negotiation of the round can be held."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    round = models.ForeignKey(Round, models.CASCADE, related_name="slots", verbose_name=_("round"))
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ("starts_at",)
        constraints = (
            models.UniqueConstraint(fields=["round", "starts_at"], name="slot_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_times"),
        )

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"


class RoundStage(models.Model):
    """A stage of the round's process and the body that carries it, known to the day or only to months.

    Known to months, its days are the first and the last of whole months. What is late follows from the days.
    """

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    round = models.ForeignKey(Round, models.CASCADE, related_name="stages", verbose_name=_("round"))
    position = models.PositiveSmallIntegerField(_("position"))
    name = models.CharField(_("stage"), max_length=200)
    body = models.CharField(_("body"), max_length=200, blank=True)
    earliest = models.DateField(_("earliest day"), null=True, blank=True)
    latest = models.DateField(_("latest day"), null=True, blank=True)
    description = models.TextField(_("description"), blank=True)
    done_on = models.DateField(_("done on"), null=True, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["round", "position"], name="round_stage_position"),
            models.CheckConstraint(
                condition=Q(earliest=None, latest=None)
                | Q(earliest__isnull=False, latest__isnull=False, latest__gte=F("earliest")),
                name="round_stage_dates",
            ),
        )

    def __str__(self) -> str:
        return self.name


class StatedFigure(models.Model):
    """A total that the source states. Kept beside the computed one, so that a discrepancy shows."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    round = models.ForeignKey(Round, models.CASCADE, related_name="stated_figures", verbose_name=_("round"))
    sectors = ArrayField(
        models.CharField(max_length=30, choices=Sector),
        verbose_name=_("attendances of the sectors"),
    )
    value = models.PositiveIntegerField(_("stated value"))
    source = models.CharField(_("source"), max_length=300)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("stated figure")
        verbose_name_plural = _("stated figures")
        constraints = (models.UniqueConstraint(fields=["round", "sectors"], name="stated_figure_once"),)

    def __str__(self) -> str:
        return f"{'+'.join(self.sectors)}: {self.value}"


class CoreGroup(models.Model):
    """A group of the same people who attended several negotiations of the round and are counted in each.

    Lets attendances be told from persons where the source gives head counts only; no persons are made up.
    """

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    round = models.ForeignKey(Round, models.CASCADE, related_name="core_groups", verbose_name=_("round"))
    name = models.CharField(_("name"), max_length=120)
    sector = models.CharField(_("sector"), max_length=30, choices=Sector)
    size = models.PositiveSmallIntegerField(_("persons"))
    approximate = models.BooleanField(_("the size is approximate"), default=False)
    negotiations: models.ManyToManyField[models.Model, models.Model] = models.ManyToManyField(
        "negotiations.Negotiation",
        related_name="core_groups",
        verbose_name=_("attended"),
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("core group")
        verbose_name_plural = _("core groups")
        constraints = (
            models.UniqueConstraint(fields=["round", "name"], name="core_group_once"),
            models.CheckConstraint(condition=Q(size__gte=1), name="core_group_size"),
        )

    def __str__(self) -> str:
        return self.name

"""The summary of a round, which the regional board notes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from municipalities.models import County, Document
from negotiations.models.rounds import Round


class Summary(models.Model):
    """The summary of a round: written as a draft, frozen, put on the board's agenda, noted.

    Publishing is an act of its own, with a date of its own.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        READY = "ready", _("ready")
        ON_AGENDA = "on_agenda", _("on the agenda")
        NOTED = "noted", _("noted")

    county = models.ForeignKey(County, models.PROTECT, related_name="summaries", verbose_name=_("county"))
    round = models.OneToOneField(Round, models.PROTECT, related_name="summary", verbose_name=_("round"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    case_number = models.CharField(_("case number"), max_length=60, blank=True)
    frozen_at = models.DateTimeField(_("frozen"), null=True, blank=True, editable=False)
    published_on = models.DateField(_("published"), null=True, blank=True, editable=False)
    document = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="summaries",
        verbose_name=_("document"),
        editable=False,
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("summary")
        verbose_name_plural = _("summaries")
        ordering = ("-round__year",)
        constraints = (
            models.CheckConstraint(
                condition=Q(state="draft", frozen_at=None, published_on=None)
                | (~Q(state="draft") & Q(frozen_at__isnull=False, document__isnull=False)),
                name="summary_frozen_has_document",
            ),
        )

    def __str__(self) -> str:
        return str(self.round)


class SummaryNote(models.Model):
    """A paragraph of the summary, under one of its headings."""

    class Section(models.TextChoices):
        AGREED = "agreed", _("What was agreed")
        HELD = "held", _("How the round was held")
        # The four words of 612/2021, 7 § 4 mom: goals, measures, cooperation and monitoring.
        GOALS = "goals", _("Goals")
        MEASURES = "measures", _("Measures")
        COOPERATION = "cooperation", _("Cooperation")
        MONITORING = "monitoring", _("Monitoring")
        CARDS = "cards", _("Municipality cards as a shared knowledge base")
        IMPACT = "impact", _("Negotiations as part of collective impact")
        NEXT_STEPS = "next_steps", _("Next steps")
        BOARD = "board", _("What is asked of the board")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    summary = models.ForeignKey(Summary, models.CASCADE, related_name="notes", verbose_name=_("summary"))
    section = models.CharField(_("section"), max_length=20, choices=Section)
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.TextField(_("text"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("note of the summary")
        verbose_name_plural = _("notes of the summary")
        ordering = ("section", "position")
        constraints = (
            models.UniqueConstraint(fields=["summary", "section", "position"], name="summary_note_position"),
        )

    def __str__(self) -> str:
        return self.text


class SummaryHandling(models.Model):
    """Where and when the summary was put on an agenda or noted: body, date and section of its minutes."""

    class Act(models.TextChoices):
        ON_AGENDA = "on_agenda", _("put on the agenda")
        NOTED = "noted", _("noted")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    summary = models.ForeignKey(Summary, models.CASCADE, related_name="handlings", verbose_name=_("summary"))
    act = models.CharField(_("act"), max_length=10, choices=Act)
    body = models.CharField(_("body"), max_length=120)
    on = models.DateField(_("date"))
    section = models.CharField(_("section (§)"), max_length=20, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("handling")
        verbose_name_plural = _("handlings")
        ordering = ("on", "id")
        constraints = (
            models.UniqueConstraint(fields=["summary", "act", "body", "on"], name="summary_handling_once"),
            models.CheckConstraint(
                condition=Q(act="on_agenda") | ~Q(section=""),
                name="summary_noted_has_section",
            ),
        )

    def __str__(self) -> str:
        return f"{self.body} {self.on}"

"""What was agreed, and what was said afterwards."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from indicators.models import Indicator
from municipalities.models import County, Municipality, Organisation, Priority, Sector
from municipalities.searching import SWEDISH, vector
from negotiations.models.rounds import Round
from negotiations.models.sittings import AgendaItem, Negotiation


class Measure(models.Model):
    """A measure agreed in a negotiation, or for the whole round, with the party that answers for it.

    What the county itself promised counts as much as what the municipalities did.
    """

    county = models.ForeignKey(County, models.PROTECT, related_name="measures", verbose_name=_("county"))
    round = models.ForeignKey(
        Round,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="measures",
        verbose_name=_("round"),
    )
    negotiation = models.ForeignKey(
        Negotiation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="measures",
        verbose_name=_("negotiation"),
    )
    agenda_item = models.ForeignKey(
        AgendaItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="measures",
        verbose_name=_("agenda item"),
    )
    priority = models.ForeignKey(
        Priority,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="measures",
        verbose_name=_("priority"),
    )
    # By which it is followed.
    indicator = models.ForeignKey(
        Indicator,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("monitoring indicator"),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text = models.TextField(_("measure"))
    responsible_sector = models.CharField(_("responsible sector"), max_length=30, choices=Sector)
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="measures",
        verbose_name=_("municipality"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="measures",
        verbose_name=_("organisation"),
    )
    responsible = models.CharField(
        _("responsible"),
        max_length=200,
        help_text=_("unit or role, not a person's name"),
    )
    due_on = models.DateField(_("deadline"), null=True, blank=True)
    due_text = models.CharField(_("deadline in words"), max_length=80, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        ordering = ("position", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(round__isnull=False) | Q(negotiation__isnull=False),
                name="measure_has_origin",
            ),
            models.CheckConstraint(
                condition=Q(municipality=None) | Q(organisation=None),
                name="measure_one_responsible",
            ),
        )
        indexes = (
            GinIndex(vector("text", "responsible"), name="measure_words"),
            GinIndex(vector("text", "responsible", stemmed=SWEDISH), name="measure_words_sv"),
        )

    def __str__(self) -> str:
        return self.text


class MeasureStatus(models.Model):
    """What has become of a measure, as it was told on a day: in a negotiation, or otherwise. The latest one holds."""

    class State(models.TextChoices):
        UNDERWAY = "underway", _("underway")
        DONE = "done", _("done")
        NOT_BEGUN = "not_begun", _("not begun")
        DROPPED = "dropped", _("given up")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    measure = models.ForeignKey(Measure, models.CASCADE, related_name="statuses", verbose_name=_("measure"))
    negotiation = models.ForeignKey(
        Negotiation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="measure_statuses",
        verbose_name=_("negotiation"),
    )
    state = models.CharField(_("what has become of it"), max_length=12, choices=State)
    note = models.TextField(_("what happened"), blank=True)
    told_on = models.DateField(_("told"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("status of a measure")
        verbose_name_plural = _("statuses of measures")
        ordering = ("told_on", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["measure", "negotiation"],
                condition=Q(negotiation__isnull=False),
                name="measure_status_once_a_negotiation",
            ),
        )
        indexes = (models.Index(fields=["measure", "-told_on", "-id"], name="measure_status_latest"),)

    def __str__(self) -> str:
        return self.get_state_display()


class FeedbackNote(models.Model):
    """Something said of the round afterwards, in a debrief or in an answer to a request for feedback."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    round = models.ForeignKey(Round, models.CASCADE, related_name="feedback", verbose_name=_("round"))
    given_on = models.DateField(_("given"))
    occasion = models.CharField(_("occasion"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.TextField(_("feedback"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        ordering = ("given_on", "position")
        constraints = (models.UniqueConstraint(fields=["round", "given_on", "position"], name="feedback_position"),)

    def __str__(self) -> str:
        return self.text

"""A workshop going on: its code, its groups, and the notes they post from their phones."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from municipalities.models import County, Priority
from negotiations.models.agreements import Measure
from negotiations.models.sittings import Negotiation, Observation, ThemeColumn


class Workshop(models.Model):
    """The workshop of a negotiation. While it is open, groups join it by its code, without an account.

    The code is on the wall for all in the room to read, so it is kept as it is; it opens nothing but the posting of
    notes, and is gone when the workshop is closed.
    """

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    negotiation = models.OneToOneField(
        Negotiation, models.CASCADE, related_name="workshop", verbose_name=_("negotiation")
    )
    code = models.CharField(_("code"), max_length=8, null=True, blank=True, unique=True)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    # When something other than a note was last changed: what the boards have seen is compared with it.
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("workshop")
        verbose_name_plural = _("workshops")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(closed_at=None, code__isnull=False) | Q(closed_at__gte=F("opened_at"), code=None),
                name="workshop_code_while_open",
            ),
        )

    def __str__(self) -> str:
        return str(self.negotiation_id)

    @property
    def is_open(self) -> bool:
        """Whether groups can join and post notes."""
        return self.closed_at is None


class WorkshopGroup(models.Model):
    """A group at work: a table in the room, or a breakout room."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="groups", verbose_name=_("workshop"))
    position = models.PositiveSmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=120)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("group of a workshop")
        verbose_name_plural = _("groups of workshops")
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["workshop", "position"], name="workshop_group_number"),)

    def __str__(self) -> str:
        return self.name


class NoteHeading(models.Model):
    """A heading under which notes of a column are grouped."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="headings", verbose_name=_("workshop"))
    column = models.ForeignKey(ThemeColumn, models.CASCADE, related_name="+", verbose_name=_("column"))
    position = models.PositiveSmallIntegerField(_("position"))
    title = models.CharField(_("heading"), max_length=120)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("heading of notes")
        verbose_name_plural = _("headings of notes")
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.title


class WorkshopNote(models.Model):
    """A note of a group. Which group is kept; who wrote it is known to nobody."""

    class Hidden(models.TextChoices):
        NO = "", _("shown")
        BY_GROUP = "group", _("taken back by the group")
        BY_COUNTY = "county", _("hidden by the county")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    workshop = models.ForeignKey(Workshop, models.CASCADE, related_name="notes", verbose_name=_("workshop"))
    group = models.ForeignKey(
        WorkshopGroup, models.SET_NULL, null=True, blank=True, related_name="notes", verbose_name=_("group")
    )
    column = models.ForeignKey(ThemeColumn, models.PROTECT, related_name="notes", verbose_name=_("column"))
    heading = models.ForeignKey(
        NoteHeading, models.SET_NULL, null=True, blank=True, related_name="notes", verbose_name=_("heading")
    )
    # Made by the phone: a note that is sent again, as its answer was lost, is not had twice.
    key = models.UUIDField(_("key"))
    text = models.CharField(_("note"), max_length=500)
    hidden = models.CharField(_("hidden"), max_length=10, choices=Hidden, blank=True, default=Hidden.NO)
    priority = models.ForeignKey(
        Priority, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("priority")
    )
    # A key finding: the finding that was made of the note, told in minutes and summary.
    observation = models.OneToOneField(
        Observation, models.SET_NULL, null=True, blank=True, related_name="note", verbose_name=_("finding")
    )
    measure = models.ForeignKey(
        Measure, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("measure")
    )
    posted_at = models.DateTimeField(_("posted"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("note of a workshop")
        verbose_name_plural = _("notes of workshops")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["workshop", "key"], name="workshop_note_once"),
            models.CheckConstraint(condition=~Q(text=""), name="workshop_note_has_text"),
        )
        indexes = (models.Index(fields=["workshop", "changed_at"], name="workshop_note_changed"),)

    def __str__(self) -> str:
        return self.text

"""The minutes of a negotiation, their checkers and attachments."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from municipalities.models import County, Document
from negotiations.models.sittings import Negotiation, Part, Party


class Minutes(models.Model):
    """Minutes of a whole negotiation, or of one part where the county keeps a document for each duty.

    Public once checked and signed or otherwise confirmed (621/1999, 6 §).
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        PUBLISHED = "published", _("published")

    county = models.ForeignKey(County, models.PROTECT, related_name="minutes", verbose_name=_("county"))
    negotiation = models.ForeignKey(
        Negotiation,
        models.PROTECT,
        related_name="minutes",
        verbose_name=_("negotiation"),
    )
    part = models.ForeignKey(
        Part,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="minutes",
        verbose_name=_("part"),
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    check_by = models.DateField(_("to be checked by"), null=True, blank=True)
    published_on = models.DateField(_("published"), null=True, blank=True, editable=False)
    document = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="minutes",
        verbose_name=_("document"),
        editable=False,
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("minutes")
        verbose_name_plural = _("minutes")
        ordering = ("negotiation", "part")
        constraints = (
            models.UniqueConstraint(
                fields=["negotiation", "part"],
                name="minutes_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(state="published", published_on__isnull=False)
                | (~Q(state="published") & Q(published_on=None)),
                name="minutes_published_has_date",
            ),
        )

    def __str__(self) -> str:
        return f"{self.negotiation} {self.part or ''}".strip()


class MinutesCheck(models.Model):
    """A checker and their mark."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("waiting")
        APPROVED = "approved", _("approved")
        # Where the county has set so, saying nothing until the date means checked.
        SILENT = "silent", _("no remarks by the date")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    minutes = models.ForeignKey(Minutes, models.CASCADE, related_name="checks", verbose_name=_("minutes"))
    party = models.ForeignKey(Party, models.PROTECT, related_name="checks", verbose_name=_("party"))
    name = models.CharField(_("checker"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=150, blank=True)
    outcome = models.CharField(
        _("outcome"),
        max_length=10,
        choices=Outcome,
        default=Outcome.WAITING,
        editable=False,
    )
    marked_on = models.DateField(_("marked"), null=True, blank=True, editable=False)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("mark of checking")
        verbose_name_plural = _("marks of checking")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["minutes", "party"], name="minutes_check_once"),
            models.CheckConstraint(
                condition=Q(outcome="waiting", marked_on=None) | (~Q(outcome="waiting") & Q(marked_on__isnull=False)),
                name="minutes_check_mark_has_date",
            ),
        )

    def __str__(self) -> str:
        return f"{self.party}: {self.get_outcome_display()}"


class MinutesAttachment(models.Model):
    """What the minutes name as attached."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    minutes = models.ForeignKey(Minutes, models.CASCADE, related_name="attachments", verbose_name=_("minutes"))
    position = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=300)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["minutes", "position"], name="attachment_number"),)

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"

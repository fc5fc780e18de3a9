"""What the parties get before a negotiation: the highlights of its municipalities' cards, and what was sent of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from municipalities.models import CardVersion, County, Document, Priority, User
from negotiations.models.sittings import Negotiation


class Highlight(models.Model):
    """A highlight (nosto) of a negotiation: what its municipalities' cards and figures say of a priority."""

    class Kind(models.TextChoices):
        GAP = "gap", _("gap to the county")
        WORSENING = "worsening", _("worsening")
        STRENGTH = "strength", _("strength")
        PROPOSAL = "proposal", _("a municipality's proposal")
        OWN = "own", _("written by the county")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    negotiation = models.ForeignKey(
        Negotiation, models.PROTECT, related_name="highlights", verbose_name=_("negotiation")
    )
    priority = models.ForeignKey(
        Priority, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("priority")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.OWN)
    text = models.TextField(_("highlight"), max_length=1000)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    # Of the suggestion that it was taken from; empty for one that somebody wrote.
    suggestion = models.CharField(_("suggestion"), max_length=80, blank=True)
    # The figures that it rests on, as they were when it was taken.
    figures = models.JSONField(_("figures"), default=list, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("highlight")
        verbose_name_plural = _("highlights")
        ordering = ("position", "id")
        constraints = (
            models.CheckConstraint(condition=~Q(text=""), name="highlight_has_text"),
            models.UniqueConstraint(
                fields=["negotiation", "suggestion"], condition=~Q(suggestion=""), name="highlight_taken_once"
            ),
        )

    def __str__(self) -> str:
        return self.text


class DismissedSuggestion(models.Model):
    """A suggestion that the county does not want for a negotiation: it is not made again, until it is called back."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    negotiation = models.ForeignKey(
        Negotiation, models.PROTECT, related_name="dismissed_suggestions", verbose_name=_("negotiation")
    )
    suggestion = models.CharField(_("suggestion"), max_length=80)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("dismissed suggestion")
        verbose_name_plural = _("dismissed suggestions")
        constraints = (models.UniqueConstraint(fields=["negotiation", "suggestion"], name="suggestion_dismissed_once"),)

    def __str__(self) -> str:
        return self.suggestion


class PreRead(models.Model):
    """The material of a negotiation as it was sent to its parties: frozen, with the cards it rests on."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    negotiation = models.ForeignKey(
        Negotiation, models.PROTECT, related_name="pre_reads", verbose_name=_("negotiation")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    document = models.ForeignKey(Document, models.PROTECT, related_name="+", verbose_name=_("document"))
    sent_at = models.DateTimeField(_("sent"), default=timezone.now)
    sent_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("sent by")
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("material sent before a negotiation")
        verbose_name_plural = _("material sent before negotiations")
        ordering = ("negotiation", "number")
        constraints = (models.UniqueConstraint(fields=["negotiation", "number"], name="pre_read_once"),)

    def __str__(self) -> str:
        return f"{self.negotiation} ({self.number})"


class PreReadCard(models.Model):
    """A card, in the version that went with the material of a negotiation."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    pre_read = models.ForeignKey(PreRead, models.CASCADE, related_name="cards", verbose_name=_("material"))
    version = models.ForeignKey(CardVersion, models.PROTECT, related_name="+", verbose_name=_("version"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("card that went with material")
        verbose_name_plural = _("cards that went with material")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["pre_read", "version"], name="pre_read_card_once"),)

    def __str__(self) -> str:
        return str(self.version)

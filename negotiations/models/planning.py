"""What planning a round keeps: wishes for the time of a negotiation, when the parties can come, secret calendars."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from municipalities.models import County, Municipality, Organisation, User
from negotiations.models.rounds import Round, Slot
from negotiations.models.sittings import Negotiation


class PlacementWish(models.Model):
    """When a negotiation should be, as its parties have wished: between two days, on some weekdays. Not a promise."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    negotiation = models.OneToOneField(Negotiation, models.CASCADE, related_name="wish", verbose_name=_("negotiation"))
    earliest = models.DateField(_("not before"), null=True, blank=True)
    latest = models.DateField(_("not after"), null=True, blank=True)
    # ISO weekdays, Monday is 1; empty: any.
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("weekdays"), default=list, blank=True)
    note = models.CharField(_("wish in words"), max_length=300, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("wish for the time")
        verbose_name_plural = _("wishes for the time")
        constraints = (
            models.CheckConstraint(
                condition=Q(earliest=None) | Q(latest=None) | Q(latest__gte=F("earliest")), name="placement_wish_days"
            ),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7]), name="placement_wish_weekdays"
            ),
        )

    def __str__(self) -> str:
        return self.note or str(self.negotiation_id)


class AvailabilityInquiry(models.Model):
    """The parties of a round asked which of its slots suit them, to be answered by a day."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    round = models.OneToOneField(Round, models.CASCADE, related_name="inquiry", verbose_name=_("round"))
    # The last day on which an answer by link is taken.
    answer_by = models.DateField(_("to be answered by"))
    message = models.TextField(_("message"), blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("inquiry of suitable times")
        verbose_name_plural = _("inquiries of suitable times")

    def __str__(self) -> str:
        return str(self.round)


class AvailabilityRequest(models.Model):
    """One party asked: a municipality, an organisation, or the county's own core group (neither). Answered by a link.

    The token is in the letter alone; here is its SHA-256. The e-mail address goes when its time comes.
    """

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    inquiry = models.ForeignKey(AvailabilityInquiry, models.CASCADE, related_name="requests", verbose_name=_("inquiry"))
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("municipality")
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("organisation")
    )
    # Whom the letter is addressed to: a role, or a name and a role.
    name = models.CharField(_("who is asked"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    delete_after = models.DateField(_("to be deleted after"))
    token_hash = models.CharField(_("SHA-256 of the token"), max_length=64, null=True, blank=True, unique=True)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    # The coordinator who entered an answer that came by phone or otherwise; none for one by the link.
    entered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("entered by")
    )
    note = models.TextField(_("note"), blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("request for suitable times")
        verbose_name_plural = _("requests for suitable times")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["inquiry", "municipality", "organisation"],
                name="availability_request_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(municipality=None) | Q(organisation=None), name="availability_request_of_one"
            ),
        )

    def __str__(self) -> str:
        return str(self.municipality or self.organisation or self.county)


class AvailabilityAnswer(models.Model):
    """Whether a slot suits a party that was asked. A slot without an answer is one of which nothing is known."""

    class Suits(models.TextChoices):
        YES = "yes", _("suits")
        IF_NEED_BE = "if_need_be", _("if need be")
        NO = "no", _("does not suit")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    request = models.ForeignKey(AvailabilityRequest, models.CASCADE, related_name="answers", verbose_name=_("request"))
    slot = models.ForeignKey(Slot, models.CASCADE, related_name="answers", verbose_name=_("slot"))
    suits = models.CharField(_("suits"), max_length=10, choices=Suits)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("answer on a time")
        verbose_name_plural = _("answers on times")
        constraints = (models.UniqueConstraint(fields=["request", "slot"], name="availability_answer_once"),)

    def __str__(self) -> str:
        return self.get_suits_display()


class CalendarFeed(models.Model):
    """A secret address from which a calendar is subscribed to: of a user, of a municipality, or of the county.

    The token is shown once, where the address is made; here is its SHA-256. Revoked, it opens nothing.
    """

    class Kind(models.TextChoices):
        # What the user who made it may see at the time it is asked for.
        OWN = "own", _("my negotiations")
        MUNICIPALITY = "municipality", _("negotiations of a municipality")
        COUNTY = "county", _("negotiations of the county")
        # A round's stages beside its negotiations: the timetable of the year.
        ROUND = "round", _("timetable of a round")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    # Whose right to see decides what is in it: their access is judged anew each time.
    user = models.ForeignKey(User, models.PROTECT, related_name="calendar_feeds", verbose_name=_("made by"))
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("municipality")
    )
    round = models.ForeignKey(
        Round, models.CASCADE, null=True, blank=True, related_name="calendar_feeds", verbose_name=_("round")
    )
    token_hash = models.CharField(_("SHA-256 of the token"), max_length=64, unique=True)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    read_at = models.DateTimeField(_("last read"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("calendar address")
        verbose_name_plural = _("calendar addresses")
        ordering = ("-made_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(kind="municipality", municipality__isnull=False, round=None)
                | Q(kind="round", municipality=None, round__isnull=False)
                | Q(kind__in=["own", "county"], municipality=None, round=None),
                name="calendar_feed_of_one",
            ),
        )

    def __str__(self) -> str:
        return self.get_kind_display()

"""A negotiation: its time, parties, parts, agenda, attendance and workshop."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from indicators.models import Indicator
from municipalities.models import (
    County,
    Municipality,
    MunicipalityGroup,
    Organisation,
    Person,
    Priority,
    Sector,
)
from municipalities.searching import SWEDISH, name_vector, vector
from negotiations.models.rounds import LegalBasis, Round, Slot


class Negotiation(models.Model):
    """One sitting. Its time is known to the minute, to the day, or only to a span of months."""

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        CONVENED = "convened", _("convened")
        HELD = "held", _("held")
        CANCELLED = "cancelled", _("cancelled")

    class Precision(models.TextChoices):
        MINUTE = "minute", _("to the minute")
        DAY = "day", _("to the day")
        MONTH = "month", _("to the month")

    class Topic(models.TextChoices):
        NONE = "", _("none")
        THEME = "theme", _("theme")
        SERVICE = "service", _("service")

    class Mode(models.TextChoices):
        UNKNOWN = "", _("not known")
        REMOTE = "remote", _("remotely")
        ON_SITE = "on_site", _("on site")
        HYBRID = "hybrid", _("on site and remotely")

    county = models.ForeignKey(County, models.PROTECT, related_name="negotiations", verbose_name=_("county"))
    round = models.ForeignKey(
        Round,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="negotiations",
        verbose_name=_("round"),
    )
    group = models.ForeignKey(
        MunicipalityGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="negotiations",
        verbose_name=_("municipality group"),
    )
    slot = models.OneToOneField(
        Slot,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="negotiation",
        verbose_name=_("slot"),
    )
    # What a negotiation is about instead of a group: an age group or another theme, or a service.
    topic_kind = models.CharField(_("kind of topic"), max_length=10, choices=Topic, blank=True, default=Topic.NONE)
    topic = models.CharField(_("topic"), max_length=120, blank=True)
    # By which calendars know it, whatever is changed in it.
    calendar_uid = models.UUIDField(_("UID in calendars"), db_default=RandomUUID(), unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    purpose = models.TextField(_("purpose"), blank=True)
    language = models.CharField(_("language"), max_length=2, default="fi")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PLANNED, editable=False)
    state_reason = models.TextField(_("reason"), blank=True, editable=False)

    precision = models.CharField(_("time known"), max_length=10, choices=Precision)
    earliest = models.DateField(_("earliest day"))
    latest = models.DateField(_("latest day"))
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, blank=True, default=Mode.UNKNOWN)
    place = models.CharField(_("place"), max_length=200, blank=True)
    link = models.URLField(_("meeting link"), blank=True)

    case_number = models.CharField(_("case number"), max_length=60, blank=True)
    convener = models.CharField(_("convener"), max_length=200, blank=True)
    chair = models.CharField(_("chair"), max_length=200, blank=True)
    secretary = models.CharField(_("secretary"), max_length=200, blank=True)
    # During the sitting: the item that is being dealt with, and since when.
    item_at_hand = models.ForeignKey(
        "negotiations.AgendaItem",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("item at hand"),
        editable=False,
    )
    at_hand_since = models.DateTimeField(_("at hand since"), null=True, blank=True, editable=False)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("negotiation")
        verbose_name_plural = _("negotiations")
        ordering = ("earliest", "starts_at", "id")
        constraints = (
            models.CheckConstraint(condition=Q(latest__gte=F("earliest")), name="negotiation_days"),
            models.CheckConstraint(
                condition=Q(
                    precision="minute",
                    starts_at__isnull=False,
                    ends_at__isnull=False,
                    ends_at__gt=F("starts_at"),
                    earliest=F("latest"),
                )
                | Q(precision="day", starts_at=None, ends_at=None)
                | Q(precision="month", starts_at=None, ends_at=None),
                name="negotiation_time_as_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(state_reason=""),
                name="negotiation_cancelled_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(topic_kind="", topic="") | ~Q(topic_kind="") & ~Q(topic="") & Q(group=None),
                name="negotiation_topic_instead_of_group",
            ),
        )
        indexes = (
            models.Index(fields=["county", "earliest"], name="negotiation_by_date"),
            GinIndex(vector("title", "purpose"), name="negotiation_words", condition=~Q(language="sv")),
            GinIndex(
                vector("title", "purpose", stemmed=SWEDISH), name="negotiation_words_sv", condition=Q(language="sv")
            ),
        )

    def __str__(self) -> str:
        return self.title


class Postponement(models.Model):
    """A negotiation put off: when it was to be, and why. The time it has now is the negotiation's own."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    negotiation = models.ForeignKey(
        Negotiation,
        models.CASCADE,
        related_name="postponements",
        verbose_name=_("negotiation"),
    )
    reason = models.TextField(_("reason"))
    precision = models.CharField(_("time known"), max_length=10, choices=Negotiation.Precision)
    earliest = models.DateField(_("earliest day"))
    latest = models.DateField(_("latest day"))
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("postponement")
        verbose_name_plural = _("postponements")
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=~Q(reason=""), name="postponement_has_reason"),)

    def __str__(self) -> str:
        return self.reason


class Cancellation(models.Model):
    """Why a negotiation was called off: kept, and told in its log, also when the cancelling has been taken back."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    negotiation = models.ForeignKey(
        Negotiation,
        models.CASCADE,
        related_name="cancellations",
        verbose_name=_("negotiation"),
    )
    reason = models.TextField(_("reason"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("cancellation")
        verbose_name_plural = _("cancellations")
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=~Q(reason=""), name="cancellation_has_reason"),)

    def __str__(self) -> str:
        return self.reason


class Party(models.Model):
    """Who negotiates: a municipality, an organisation, or the county itself."""

    class Participation(models.TextChoices):
        INVITED = "invited", _("invited")
        TOOK_PART = "took_part", _("took part")
        # Invited and did not come: has not taken part in the negotiation that 612/2021 § 6 obliges it to.
        STAYED_AWAY = "stayed_away", _("stayed away")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    negotiation = models.ForeignKey(
        Negotiation,
        models.CASCADE,
        related_name="parties",
        verbose_name=_("negotiation"),
    )
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="parties",
        verbose_name=_("municipality"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="parties",
        verbose_name=_("organisation"),
    )
    participation = models.CharField(
        _("participation"),
        max_length=12,
        choices=Participation,
        default=Participation.INVITED,
        editable=False,
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["negotiation", "municipality", "organisation"],
                name="party_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(municipality=None) | Q(organisation=None),
                name="party_is_one",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_county(self) -> bool:
        """Whether this party is the county itself."""
        return self.municipality_id is None and self.organisation_id is None

    @property
    def name(self) -> str:
        """The party's name."""
        return str(self.municipality or self.organisation or self.county)

    @property
    def sector(self) -> str:
        """The sector the party speaks for."""
        if self.municipality_id:
            return Sector.MUNICIPALITY
        return self.organisation.sector if self.organisation else Sector.COUNTY


class Part(models.Model):
    """The share of a sitting that discharges one duty: opened, dealt with and closed on its own.

    Keski-Suomi 2023 combined both duties in one sitting and kept them apart in meeting technique; each part counts
    for its own duty only, and only if it was dealt with.
    """

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    negotiation = models.ForeignKey(Negotiation, models.CASCADE, related_name="parts", verbose_name=_("negotiation"))
    position = models.PositiveSmallIntegerField(_("position"))
    legal_basis = models.CharField(_("legal basis"), max_length=20, choices=LegalBasis)
    dealt_with = models.BooleanField(_("dealt with"), default=False, editable=False)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    opening = models.TextField(_("opening"), blank=True)
    closing = models.TextField(_("closing"), blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("part")
        verbose_name_plural = _("parts")
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["negotiation", "legal_basis"], name="part_once"),
            models.UniqueConstraint(fields=["negotiation", "position"], name="part_position"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(opened_at__isnull=False, closed_at__gte=F("opened_at")),
                name="part_times",
            ),
        )

    def __str__(self) -> str:
        return self.basis.sections

    @property
    def basis(self) -> LegalBasis:
        """The legal basis as a choice."""
        return LegalBasis(self.legal_basis)


class AgendaItem(models.Model):
    """A matter on the agenda of a part and, afterwards, what the minutes say of it. Numbered 1 §, 2 §, … per part."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    part = models.ForeignKey(Part, models.CASCADE, related_name="items", verbose_name=_("part"))
    position = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("matter"), max_length=200)
    background = models.TextField(_("background"), blank=True)
    discussion = models.TextField(_("discussion"), blank=True)
    agreed = models.TextField(_("what was agreed"), blank=True)
    dissent = models.TextField(_("dissent"), blank=True)
    presenter = models.CharField(_("presenter"), max_length=150, blank=True)
    planned_minutes = models.PositiveSmallIntegerField(_("planned time, minutes"), null=True, blank=True)
    # How long it has been at hand, without the time since it last came to hand.
    used_seconds = models.PositiveIntegerField(_("used time, seconds"), default=0, editable=False)
    indicators: models.ManyToManyField[Indicator, models.Model] = models.ManyToManyField(
        Indicator, blank=True, related_name="+", verbose_name=_("indicators")
    )
    # Agreed earlier, and gone through under this item: what was promised, and what happened.
    measures_followed: models.ManyToManyField[models.Model, models.Model] = models.ManyToManyField(
        "negotiations.Measure", blank=True, related_name="followed_in", verbose_name=_("measures agreed earlier")
    )
    # Put off to the next negotiation; and the item of an earlier one that this one goes on with.
    is_deferred = models.BooleanField(_("deferred to the next negotiation"), default=False)
    deferred_from = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="deferred_to",
        verbose_name=_("deferred from"),
        editable=False,
    )
    # The ground in law for which the item is not public; empty: it is public.
    secrecy_ground = models.CharField(_("ground for secrecy"), max_length=200, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda items")
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["part", "position"], name="agenda_item_number"),
            models.CheckConstraint(condition=Q(position__gte=1), name="agenda_item_from_one"),
            models.CheckConstraint(
                condition=Q(planned_minutes=None) | Q(planned_minutes__gte=1, planned_minutes__lte=600),
                name="agenda_item_planned_time",
            ),
        )
        indexes = (
            GinIndex(vector("title", "discussion", "agreed"), name="agenda_item_words"),
            GinIndex(vector("title", "discussion", "agreed", stemmed=SWEDISH), name="agenda_item_words_sv"),
        )

    def __str__(self) -> str:
        return f"{self.position} § {self.title}"

    @property
    def is_public(self) -> bool:
        """Whether what is minuted of it can be shown to all once the minutes are public."""
        return not self.secrecy_ground


class Attendance(models.Model):
    """Who was there: a person, or a head count of a sector where only that is known.

    Name, role and organisation are copied into the row, so that a person's contact details can go.
    """

    class Status(models.TextChoices):
        INVITED = "invited", _("invited")
        PRESENT = "present", _("present")
        ABSENT = "absent", _("absent")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    negotiation = models.ForeignKey(
        Negotiation,
        models.CASCADE,
        related_name="attendances",
        verbose_name=_("negotiation"),
    )
    sector = models.CharField(_("sector"), max_length=30, choices=Sector)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PRESENT)
    person = models.ForeignKey(
        Person,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="attendances",
        verbose_name=_("person"),
    )
    is_head_count = models.BooleanField(_("a head count"), default=False)
    count = models.PositiveIntegerField(_("how many"), default=1)
    name = models.CharField(_("name"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=150, blank=True)
    organisation_name = models.CharField(_("organisation"), max_length=200, blank=True)
    municipality = models.ForeignKey(
        Municipality,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("municipality"),
    )
    is_remote = models.BooleanField(_("remotely"), default=False)
    # Came without having been invited.
    is_walk_in = models.BooleanField(_("came without an invitation"), default=False)
    substitutes = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="substituted_by",
        verbose_name=_("substitutes"),
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        ordering = ("sector", "organisation_name", "name", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(is_head_count=True, person=None, name="", status="present")
                | (Q(is_head_count=False, count=1) & (~Q(name="") | ~Q(role=""))),
                name="attendance_person_or_count",
            ),
            models.UniqueConstraint(
                fields=["negotiation", "person"],
                condition=Q(person__isnull=False),
                name="attendance_person_once",
            ),
            models.UniqueConstraint(
                fields=["negotiation", "sector"],
                condition=Q(is_head_count=True),
                name="attendance_head_count_once",
            ),
            models.CheckConstraint(
                condition=Q(is_remote=False) | Q(status="present"), name="attendance_remote_is_present"
            ),
            models.CheckConstraint(
                condition=Q(is_walk_in=False) | Q(is_head_count=False) & ~Q(status="invited"),
                name="attendance_walk_in_came",
            ),
            models.CheckConstraint(
                condition=Q(substitutes=None) | Q(is_head_count=False) & ~Q(substitutes=F("id")),
                name="attendance_substitutes_another",
            ),
        )
        indexes = (GinIndex(name_vector("name", "role", "organisation_name"), name="attendance_words"),)

    def __str__(self) -> str:
        return f"{self.get_sector_display()}: {self.count}" if self.is_head_count else (self.name or self.role)


class PartPresence(models.Model):
    """Somebody, or a head count, present when a part was opened, when it was closed, or both."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    part = models.ForeignKey(Part, models.CASCADE, related_name="presences", verbose_name=_("part"))
    attendance = models.ForeignKey(Attendance, models.CASCADE, related_name="presences", verbose_name=_("attendance"))
    at_opening = models.BooleanField(_("at the opening"), default=False)
    at_closing = models.BooleanField(_("at the closing"), default=False)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("presence in a part")
        verbose_name_plural = _("presences in parts")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["part", "attendance"], name="part_presence_once"),
            models.CheckConstraint(condition=Q(at_opening=True) | Q(at_closing=True), name="part_presence_some_time"),
        )

    def __str__(self) -> str:
        return str(self.attendance)


class WorkshopTheme(models.Model):
    """A theme of the workshops of a round, with columns of its own and a key message."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    round = models.ForeignKey(Round, models.CASCADE, related_name="themes", verbose_name=_("round"))
    position = models.PositiveSmallIntegerField(_("position"))
    name = models.CharField(_("theme"), max_length=120)
    key_message = models.TextField(_("key message"), blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("workshop theme")
        verbose_name_plural = _("workshop themes")
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["round", "position"], name="theme_position"),)

    def __str__(self) -> str:
        return self.name


class ThemeColumn(models.Model):
    """A column of a theme, such as "phenomena and goals": one to four a theme."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    theme = models.ForeignKey(WorkshopTheme, models.CASCADE, related_name="columns", verbose_name=_("theme"))
    position = models.PositiveSmallIntegerField(_("position"))
    title = models.CharField(_("column"), max_length=120)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("column")
        verbose_name_plural = _("columns")
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["theme", "position"], name="theme_column_position"),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=4),
                name="theme_column_one_to_four",
            ),
        )

    def __str__(self) -> str:
        return self.title


class Observation(models.Model):
    """What a workshop found; of one negotiation, or of the whole round where the source does not tell."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    column = models.ForeignKey(
        ThemeColumn,
        models.CASCADE,
        related_name="observations",
        verbose_name=_("column"),
    )
    negotiation = models.ForeignKey(
        Negotiation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="observations",
        verbose_name=_("negotiation"),
    )
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.TextField(_("observation"))
    # The group of the workshop that noted it; never who in the group.
    group_name = models.CharField(_("group"), max_length=120, blank=True)
    priority = models.ForeignKey(
        Priority,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="observations",
        verbose_name=_("priority"),
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("observation")
        verbose_name_plural = _("observations")
        ordering = ("position", "id")
        indexes = (
            GinIndex(vector("text"), name="observation_words"),
            GinIndex(vector("text", stemmed=SWEDISH), name="observation_words_sv"),
        )

    def __str__(self) -> str:
        return self.text

"""Municipality cards: one per municipality and year, filled in the municipality and sent to the county."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from indicators.models import Indicator, IndicatorSet
from municipalities.models.documents import Document
from municipalities.models.people import User
from municipalities.models.places import CardApproval, County, Municipality, Priority

# A year, a month or a day: much of what plans tell is known only to the month.
PARTIAL_DATE = r"^(\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?)?$"


class CardYear(models.Model):
    """The cards of a county in one year: which figures are on them, and whether they can still be changed."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        LOCKED = "locked", _("locked")

    county = models.ForeignKey(County, models.PROTECT, related_name="card_years", verbose_name=_("county"))
    year = models.PositiveSmallIntegerField(_("year"))
    indicator_set = models.ForeignKey(
        IndicatorSet, models.PROTECT, related_name="card_years", verbose_name=_("indicators on the cards")
    )
    due_on = models.DateField(_("to be sent by"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    # Why it was locked or opened again; when and by whom is in the log.
    state_reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("year of the municipality cards")
        verbose_name_plural = _("years of the municipality cards")
        ordering = ("-year",)
        constraints = (
            models.UniqueConstraint(fields=["county", "year"], name="card_year_once"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2100), name="card_year_range"),
        )

    def __str__(self) -> str:
        return gettext("Municipality cards %(year)s") % {"year": self.year}

    @property
    def is_locked(self) -> bool:
        """Whether its cards can no longer be changed."""
        return self.state == CardYear.State.LOCKED


class Card(models.Model):
    """The card of a municipality for a year: what is being written. What was sent is in its versions."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SENT = "sent", _("sent")
        RETURNED = "returned", _("returned")
        APPROVED = "approved", pgettext_lazy("municipality card", "approved")

    county = models.ForeignKey(County, models.PROTECT, related_name="cards", verbose_name=_("county"))
    card_year = models.ForeignKey(CardYear, models.PROTECT, related_name="cards", verbose_name=_("year"))
    municipality = models.ForeignKey(Municipality, models.PROTECT, related_name="cards", verbose_name=_("municipality"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    approval = models.CharField(
        _("who approves the card"), max_length=10, choices=CardApproval, default=CardApproval.NONE
    )
    # To whom the link is sent; the address goes with the other contact details of the card.
    approver_name = models.CharField(_("approver"), max_length=150, blank=True)
    approver_email = models.EmailField(_("approver's e-mail"), blank=True)
    return_note = models.TextField(_("what to mend"), max_length=2000, blank=True)
    # The sections that somebody has looked through without changing them ("no changes").
    looked_through = models.JSONField(_("sections looked through"), default=list)
    carried_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("carried forward from")
    )
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    edited_at = models.DateTimeField(_("last changed"), default=timezone.now)
    edited_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("last changed by")
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("municipality card")
        verbose_name_plural = _("municipality cards")
        ordering = ("card_year", "municipality")
        constraints = (
            models.UniqueConstraint(fields=["card_year", "municipality"], name="card_once"),
            models.CheckConstraint(condition=~Q(state="returned") | ~Q(return_note=""), name="card_returned_has_note"),
        )

    def __str__(self) -> str:
        return f"{self.municipality} {self.card_year.year}"


class CardEntry(models.Model):
    """A text of a card: the special features, a line of the SWOT, or a highlight that is proposed."""

    class Section(models.TextChoices):
        FEATURES = "features", _("special features")
        STRENGTH = "strength", _("strengths")
        WEAKNESS = "weakness", _("weaknesses")
        OPPORTUNITY = "opportunity", _("opportunities")
        THREAT = "threat", _("threats")
        PROPOSAL = "proposal", _("proposals for highlights")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    card = models.ForeignKey(Card, models.CASCADE, related_name="entries", verbose_name=_("card"))
    section = models.CharField(_("section"), max_length=20, choices=Section)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text = models.TextField(_("text"), max_length=8000, blank=True)
    priority = models.ForeignKey(
        Priority, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("priority")
    )
    # Of last year's card, and not changed since.
    is_carried = models.BooleanField(_("carried forward"), default=False)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("text of a card")
        verbose_name_plural = _("texts of cards")
        ordering = ("section", "position", "id")
        constraints = (
            models.UniqueConstraint(fields=["card"], condition=Q(section="features"), name="card_features_once"),
            models.CheckConstraint(
                condition=Q(priority=None) | Q(section="proposal"), name="card_priority_of_proposal"
            ),
        )

    def __str__(self) -> str:
        return self.text


class CardFigure(models.Model):
    """What a municipality says of one figure of its card; a reason leaves the figure out."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    card = models.ForeignKey(Card, models.CASCADE, related_name="figures", verbose_name=_("card"))
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+", verbose_name=_("indicator"))
    comment = models.TextField(_("comment"), max_length=2000, blank=True)
    left_out_reason = models.CharField(_("left out, reason"), max_length=300, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("word on a figure of a card")
        verbose_name_plural = _("words on figures of cards")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["card", "indicator"], name="card_figure_once"),)

    def __str__(self) -> str:
        return self.comment or self.left_out_reason


class CardPlan(models.Model):
    """A plan or report of the municipality. Its dates may be known only to the month or the year."""

    class Kind(models.TextChoices):
        WIDE = "wide", _("wide welfare report and plan")
        YEARLY = "yearly", _("yearly report")
        CHILDREN = "children", _("welfare plan of children and young people")
        STUDENTS = "students", _("study care plan")
        OLDER = "older", _("welfare plan of older people")
        DISABLED = "disabled", _("disability policy programme")
        VIOLENCE = "violence", _("plan against violence in close relations")
        SUBSTANCES = "substances", _("plan of preventive substance work")
        PARTICIPATION = "participation", _("participation programme")
        OTHER = "other", _("other plan")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    card = models.ForeignKey(Card, models.CASCADE, related_name="plans", verbose_name=_("card"))
    kind = models.CharField(_("kind of plan"), max_length=20, choices=Kind, default=Kind.OTHER)
    name = models.CharField(_("name and period"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    approved = models.CharField(_("approved"), max_length=10, blank=True)
    delivered = models.CharField(_("delivered to the county"), max_length=10, blank=True)
    address = models.URLField(_("address on the web"), max_length=500, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("plan or report on a card")
        verbose_name_plural = _("plans and reports on cards")
        ordering = ("position", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(approved__regex=PARTIAL_DATE, delivered__regex=PARTIAL_DATE), name="card_plan_dates"
            ),
        )

    def __str__(self) -> str:
        return self.name or str(self.get_kind_display())


class CardContact(models.Model):
    """Whom to ask in the municipality. How to reach them goes when its time comes; name and role stay."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    card = models.ForeignKey(Card, models.CASCADE, related_name="contacts", verbose_name=_("card"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    name = models.CharField(_("name"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    delete_after = models.DateField(_("to be deleted after"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("contact on a card")
        verbose_name_plural = _("contacts on cards")
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.name or self.role


class CardVersion(models.Model):
    """A card as it was sent: frozen. What the county reads, and what is compared with the last and last year's."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    card = models.ForeignKey(Card, models.PROTECT, related_name="versions", verbose_name=_("card"))
    number = models.PositiveSmallIntegerField(_("number"))
    content = models.JSONField(_("frozen content"))
    sha256 = models.CharField(_("SHA-256 of the content"), max_length=64)
    sent_at = models.DateTimeField(_("sent"), default=timezone.now)
    sent_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("sent by")
    )
    # Who was to approve it when it was sent; a later choice is of later versions.
    approval = models.CharField(
        _("who approves the card"), max_length=10, choices=CardApproval, default=CardApproval.NONE
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    returned_at = models.DateTimeField(_("returned"), null=True, blank=True)
    # As it is told on the card: a role, or a name and a role.
    approver = models.CharField(_("approver"), max_length=150, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("version of a card")
        verbose_name_plural = _("versions of cards")
        ordering = ("card", "number")
        constraints = (
            models.UniqueConstraint(fields=["card", "number"], name="card_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="card_version_number"),
        )

    def __str__(self) -> str:
        return f"{self.card} ({self.number})"


class CardLink(models.Model):
    """A personal link by which somebody without an account approves a version, or returns it.

    The token is in the letter alone; here is its SHA-256.
    """

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    version = models.ForeignKey(CardVersion, models.PROTECT, related_name="links", verbose_name=_("version"))
    asked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    token_hash = models.CharField(_("SHA-256 of the token"), max_length=64, null=True, blank=True, unique=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    expires_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("link to approve a card")
        verbose_name_plural = _("links to approve cards")
        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"{self.version}"


class CardBundle(models.Model):
    """All cards of a year, or of a round, asked for as papers in one go and had as one file."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    card_year = models.ForeignKey(CardYear, models.PROTECT, related_name="bundles", verbose_name=_("year"))
    title = models.CharField(_("title"), max_length=200)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    asked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("bundle of cards")
        verbose_name_plural = _("bundles of cards")
        ordering = ("-asked_at", "-id")

    def __str__(self) -> str:
        return self.title


class CardBundleItem(models.Model):
    """One card of a bundle, and the paper made of it."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    bundle = models.ForeignKey(CardBundle, models.CASCADE, related_name="items", verbose_name=_("bundle"))
    version = models.ForeignKey(CardVersion, models.PROTECT, related_name="+", verbose_name=_("version"))
    document = models.ForeignKey(Document, models.PROTECT, related_name="+", verbose_name=_("document"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("card of a bundle")
        verbose_name_plural = _("cards of a bundle")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["bundle", "version"], name="card_bundle_version_once"),)

    def __str__(self) -> str:
        return str(self.version)

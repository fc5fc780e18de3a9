"""Counties (the tenants), their municipalities, groups, council terms and priorities."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from indicators.models import Area, IndicatorSet

LANGUAGES = [("fi", _("Finnish")), ("sv", _("Swedish")), ("en", _("English"))]


class CardApproval(models.TextChoices):
    """Who approves a municipality card before it counts as final. In a small town that may be nobody."""

    NONE = "none", _("nobody: the card is final when it has been sent")
    SELF = "self", _("the one who fills it")
    LINK = "link", _("another person, by a link in an e-mail")


class County(models.Model):
    """A wellbeing services county: the tenant. Its name and codes live in its area."""

    class MinutesForm(models.TextChoices):
        ONE = "one", _("one document with two parts")
        TWO = "two", _("two documents, one per legal basis")

    class Checkers(models.TextChoices):
        """Who checks the minutes. Organisations have no checker."""

        MUNICIPALITIES = "municipalities", _("the municipalities that took part")
        PARTIES = "parties", _("the county and the municipalities that took part")

    class Numbering(models.TextChoices):
        """How the items of the minutes are numbered, in each part from one."""

        SECTION = "section", _("1 §, 2 §, 3 §")
        PLAIN = "plain", _("1., 2., 3.")

        def of(self, number: int) -> str:
            """Write the number of an item: "3 §" or "3."."""
            return f"{number}." if self == County.Numbering.PLAIN else f"{number}\N{NO-BREAK SPACE}§"

    area = models.OneToOneField(Area, models.PROTECT, related_name="county", verbose_name=_("area"))
    slug = models.SlugField(_("in the address"), unique=True)
    languages = models.JSONField(
        _("languages"),
        default=list,
        help_text=_("the languages the county writes in, the first one first"),
    )
    negotiation_word = models.CharField(
        _("word for the negotiations"),
        max_length=40,
        default="hyte-neuvottelu",
        help_text=_("hyte-neuvottelu or hytetu-neuvottelu"),
    )
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default="#0e5d8a",
        validators=[RegexValidator(r"^#[0-9a-f]{6}$", _("Give the colour as #rrggbb."))],
    )
    # Tells whether there is a logo, and its address from that of the one before it.
    logo_version = models.CharField(_("version of the logo"), max_length=16, blank=True, editable=False)
    short_name = models.CharField(
        _("short name"),
        max_length=40,
        blank=True,
        help_text=_("as in Hyvaks or Keusote"),
    )
    website = models.CharField(_("website"), max_length=100, blank=True)
    # None: the latest of its own, or a national one (see catalogue.set_shown).
    indicator_set = models.ForeignKey(
        IndicatorSet,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("indicators that are shown first"),
    )
    # The plan's starting point (lähtötaso), with which today's figures are compared.
    baseline_year = models.PositiveSmallIntegerField(
        _("baseline year of the figures"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1990), MaxValueValidator(2100)],
    )
    minutes_form = models.CharField(
        _("minutes of a combined negotiation"),
        max_length=5,
        choices=MinutesForm,
        default=MinutesForm.ONE,
    )
    # The county's own words, in its first language; empty where it uses the usual ones.
    minutes_name = models.CharField(_("name of the minutes"), max_length=60, blank=True)
    summary_name = models.CharField(_("name of the summary"), max_length=60, blank=True)
    item_numbering = models.CharField(
        _("numbering of the items"), max_length=10, choices=Numbering, default=Numbering.SECTION
    )
    minutes_checkers = models.CharField(
        _("who checks the minutes"), max_length=20, choices=Checkers, default=Checkers.MUNICIPALITIES
    )
    # "If no remarks come by the date, the minutes are deemed checked": the county may set so.
    silence_is_checking = models.BooleanField(_("silence until the date means checked"), default=False)
    check_days = models.PositiveSmallIntegerField(_("days given for checking"), default=14)
    # So many days before the date those who have not marked the minutes are reminded; nought: nobody is.
    remind_days = models.PositiveSmallIntegerField(_("days before the date when checkers are reminded"), default=3)
    # The minutes are public once signed, or otherwise confirmed where the county does without signatures.
    signs_minutes = models.BooleanField(_("the chair and the secretary sign the minutes"), default=True)
    # What a municipality begins with; each may choose otherwise on its card.
    card_approval = models.CharField(
        _("who approves the municipality cards"), max_length=10, choices=CardApproval, default=CardApproval.NONE
    )
    download_retention_days = models.PositiveIntegerField(_("days that the log of downloads is kept"), default=730)
    contact_retention_days = models.PositiveIntegerField(_("days that contact details are kept"), default=730)

    class Meta:
        verbose_name = _("wellbeing services county")
        verbose_name_plural = _("wellbeing services counties")
        ordering = ("area__order",)
        constraints = (models.CheckConstraint(condition=Q(colour__regex=r"^#[0-9a-f]{6}$"), name="county_colour"),)

    def __str__(self) -> str:
        return self.area.name

    @property
    def written_languages(self) -> list[str]:
        """The languages that the county writes in, the first one first; Finnish until it has said anything."""
        return self.languages or ["fi"]

    @property
    def first_language(self) -> str:
        """The language that the county writes its own words in."""
        return self.written_languages[0]

    def minutes_name_in(self, language: str) -> str:
        """Return what minutes are called: by the county's own word in its first language, else by the usual one."""
        return self._own(self.minutes_name, language) or _usual(_("Minutes of the negotiation"), language)

    def summary_name_in(self, language: str) -> str:
        """Return what the summary is called: by the county's own word in its first language, else by the usual one."""
        return self._own(self.summary_name, language) or _usual(_("Summary"), language)

    def _own(self, name: str, language: str) -> str:
        return name if language == self.first_language else ""


def _usual(name: Promise, language: str) -> str:
    with translation.override(language):
        return str(name)


class CountyLogo(models.Model):
    """A county's logo: a picture whose content has been looked at. Apart from the county, which every page reads."""

    county = models.OneToOneField(County, models.CASCADE, related_name="logo", verbose_name=_("county"))
    content = models.BinaryField(_("picture"))
    media_type = models.CharField(_("kind of picture"), max_length=20)
    width = models.PositiveSmallIntegerField(_("width, pixels"))
    height = models.PositiveSmallIntegerField(_("height, pixels"))

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")

    def __str__(self) -> str:
        return str(self.county)


class Municipality(models.Model):
    """A municipality of today. Without a county in Åland and in Helsinki, which organises its services itself."""

    class LanguageStatus(models.TextChoices):
        FINNISH = "fi", _("Finnish")
        SWEDISH = "sv", _("Swedish")
        BILINGUAL_FINNISH = "bilingual-fi-majority", _("bilingual, Finnish majority")
        BILINGUAL_SWEDISH = "bilingual-sv-majority", _("bilingual, Swedish majority")

    area = models.OneToOneField(Area, models.PROTECT, related_name="municipality", verbose_name=_("area"))
    county = models.ForeignKey(
        County,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="municipalities",
        verbose_name=_("county"),
    )
    language_status = models.CharField(_("languages"), max_length=30, choices=LanguageStatus)
    population = models.PositiveIntegerField(_("population"), help_text=_("at the end of 2025"))

    class Meta:
        verbose_name = _("municipality")
        verbose_name_plural = _("municipalities")
        ordering = ("area__order",)

    def __str__(self) -> str:
        return self.area.name


class MunicipalityGroup(models.Model):
    """Municipalities that negotiate together in a year."""

    county = models.ForeignKey(County, models.PROTECT, related_name="groups", verbose_name=_("county"))
    year = models.PositiveSmallIntegerField(_("year"))
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    municipalities: models.ManyToManyField[Municipality, models.Model] = models.ManyToManyField(
        Municipality, related_name="groups", verbose_name=_("municipalities")
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("municipality group")
        verbose_name_plural = _("municipality groups")
        ordering = ("year", "position", "name")
        constraints = (models.UniqueConstraint(fields=["county", "year", "name"], name="group_name_in_year"),)

    def __str__(self) -> str:
        return self.name


class CouncilTerm(models.Model):
    """A term of the councils; of the counties or of the municipalities (their first terms differ)."""

    class Body(models.TextChoices):
        COUNTY = "county", _("county council")
        MUNICIPALITY = "municipality", _("municipal council")

    body = models.CharField(_("council"), max_length=20, choices=Body)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))

    class Meta:
        verbose_name = _("council term")
        verbose_name_plural = _("council terms")
        ordering = ("body", "starts_on")
        constraints = (
            models.UniqueConstraint(fields=["body", "starts_on"], name="council_term_once"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="council_term_dates"),
        )

    def __str__(self) -> str:
        return f"{self.starts_on.year}-{self.ends_on.year}"


class Priority(models.Model):
    """A priority of the county's welfare work, with its own period and origin."""

    county = models.ForeignKey(County, models.PROTECT, related_name="priorities", verbose_name=_("county"))
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    origin = models.CharField(_("origin"), max_length=300, blank=True, help_text=_("who decided it and where"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("priority")
        verbose_name_plural = _("priorities")
        ordering = ("starts_on", "position")
        constraints = (
            models.UniqueConstraint(fields=["county", "name", "starts_on"], name="priority_once"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="priority_dates"),
        )

    def __str__(self) -> str:
        return self.name

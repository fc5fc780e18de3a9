"""Areas, indicators and their values."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Collate, Lower
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def alphabetical(field: str) -> models.Func:
    """Return the expression by which texts sort as Finns sort them (… z å ä ö), whatever the server's locale.

    The database has the locale C.UTF-8 and no ICU: letters sort by code point, and å ä ö are moved behind z.
    """
    return models.Func(Lower(Collate(field, "pg_c_utf8")), Value("åäö"), Value("{|}"), function="TRANSLATE")


def alphabetical_key(text: str) -> str:
    """Return the key by which Python sorts a text to the same place as the database does by `alphabetical`."""
    return text.lower().translate(str.maketrans("åäö", "{|}"))


def finnish_order(field: str) -> models.GeneratedField:
    """Return a stored column by which names sort as Finns sort them."""
    return models.GeneratedField(
        expression=alphabetical(field),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )


class LocalisedNames(models.Model):
    """Reference names in Finnish, Swedish and English; the only rows that have several languages."""

    name_fi = models.CharField(_("name in Finnish"), max_length=300)
    name_sv = models.CharField(_("name in Swedish"), max_length=300, blank=True)
    name_en = models.CharField(_("name in English"), max_length=300, blank=True)

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        """The name in the language in use, in Finnish where there is no other."""
        return self.name_in(get_language() or "fi")

    def name_in(self, language: str) -> str:
        """Return the name in a language ("fi", "sv", "en"), in Finnish where there is no other."""
        return getattr(self, f"name_{language[:2]}", "") or self.name_fi


class Area(LocalisedNames):
    """A statistical area: the one home of its code, names, dates and Sotkanet id."""

    class Kind(models.TextChoices):
        COUNTRY = "country", _("country")
        COUNTY = "county", _("wellbeing services county")
        CITY_ORGANISER = "city_organiser", _("city that organises its services itself")
        AUTONOMOUS = "autonomous", _("autonomous region")
        MUNICIPALITY = "municipality", _("municipality")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    code = models.CharField(
        _("code"),
        max_length=10,
        help_text=_("Statistics Finland's code; unique within a kind"),
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent"),
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True, help_text=_("the last day"))
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name=_("merged into"),
    )
    sotkanet_id = models.PositiveIntegerField(_("Sotkanet's region id"), null=True, blank=True)
    order = finnish_order("name_fi")

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ("order",)
        constraints = (
            models.UniqueConstraint(fields=["kind", "code"], name="area_code"),
            models.UniqueConstraint(fields=["sotkanet_id"], name="area_sotkanet_id"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(valid_to__isnull=False),
                name="area_merged_has_ended",
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="area_validity",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Indicator(LocalisedNames):
    """What is measured: unit, decimals, and which direction is better."""

    class Polarity(models.TextChoices):
        HIGHER = "higher", _("higher is better")
        LOWER = "lower", _("lower is better")
        NEUTRAL = "neutral", _("neither is better")

    class Survey(models.TextChoices):
        NONE = "", _("register")
        SCHOOL = "school", _("school health survey")
        ADULT = "adult", _("adult survey")

    class Unit(models.TextChoices):
        COUNT = "COUNT", _("number")
        PERCENT = "PERCENT", "%"
        PER_1000 = "PER_1000", _("per 1,000")
        PER_10000 = "PER_10000", _("per 10,000")
        PER_100000 = "PER_100000", _("per 100,000")
        RATIO = "RATIO", _("ratio")
        INDEX = "INDEX", _("index")
        SCORE = "SCORE_0_100", _("score 0-100")
        EURO = "EURO", "€"
        LITRE = "LITRE", _("litres")

    owner = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="own_indicators",
        verbose_name=_("owner"),
        help_text=_("the county whose own indicator this is; none for national ones"),
    )
    sotkanet_id = models.PositiveIntegerField(_("Sotkanet's id"), null=True, blank=True, unique=True)
    statfin_code = models.CharField(
        _("Statistics Finland's code"),
        max_length=60,
        blank=True,
        help_text=_("the table and what is picked from it, for example vaerak/11re:0-6"),
    )
    theme = models.CharField(_("theme"), max_length=100, help_text=_("in Finnish, as in the priorities"))
    unit = models.CharField(_("unit"), max_length=20, choices=Unit, default=Unit.PERCENT)
    decimals = models.PositiveSmallIntegerField(_("decimals"), default=1)
    polarity = models.CharField(_("polarity"), max_length=10, choices=Polarity, default=Polarity.NEUTRAL)
    survey = models.CharField(_("survey"), max_length=10, choices=Survey, blank=True, default=Survey.NONE)
    producer = models.CharField(_("producer"), max_length=200, blank=True)
    description_fi = models.TextField(_("what it tells, in Finnish"), blank=True)
    description_sv = models.TextField(_("what it tells, in Swedish"), blank=True)
    description_en = models.TextField(_("what it tells, in English"), blank=True)
    interpretation_fi = models.TextField(_("how to read it, in Finnish"), blank=True)
    interpretation_sv = models.TextField(_("how to read it, in Swedish"), blank=True)
    interpretation_en = models.TextField(_("how to read it, in English"), blank=True)
    limits_fi = models.TextField(_("its limits, in Finnish"), blank=True)
    limits_sv = models.TextField(_("its limits, in Swedish"), blank=True)
    limits_en = models.TextField(_("its limits, in English"), blank=True)
    # When Sotkanet was last asked for it, and for which years: what it then still had is of that day, though nothing
    # was written.
    read_on = models.DateField(_("last read"), null=True, blank=True, editable=False)
    read_from = models.PositiveSmallIntegerField(_("first year read"), null=True, blank=True, editable=False)
    read_to = models.PositiveSmallIntegerField(_("last year read"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        ordering = ("theme", "name_fi")
        constraints = (
            models.UniqueConstraint(
                fields=["statfin_code"], condition=~Q(statfin_code=""), name="indicator_statfin_code_once"
            ),
            # What a county brings itself is never mistaken for a national source's.
            models.CheckConstraint(
                condition=Q(owner=None) | Q(sotkanet_id=None, statfin_code=""), name="indicator_own_or_national"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def text_in(self, kind: str, language: str) -> str:
        """Return its "description", "interpretation" or "limits" in a language, in Finnish where there is no other."""
        return getattr(self, f"{kind}_{language[:2]}", "") or str(getattr(self, f"{kind}_fi"))


class IndicatorSet(models.Model):
    """A versioned list of indicators: what a county shows beside a round, or THL's proposed minimum list."""

    owner = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="indicator_sets",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=200)
    version = models.CharField(_("version"), max_length=40)
    basis = models.TextField(
        _("what it rests on"), blank=True, help_text=_("the document or decision that the list comes from")
    )
    indicators: models.ManyToManyField[Indicator, IndicatorSetItem] = models.ManyToManyField(
        Indicator, through="IndicatorSetItem", verbose_name=_("indicators")
    )

    class Meta:
        verbose_name = _("indicator set")
        verbose_name_plural = _("indicator sets")
        constraints = (
            models.UniqueConstraint(
                fields=["owner", "name", "version"],
                name="indicator_set_version",
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.version})"

    def in_order(self) -> list[Indicator]:
        """Return its indicators in their order. One query."""
        return list(Indicator.objects.filter(set_items__indicator_set=self).order_by("set_items__position"))


class IndicatorSetItem(models.Model):
    """An indicator's place in a set."""

    indicator_set = models.ForeignKey(IndicatorSet, models.CASCADE, related_name="items")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="set_items")
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["indicator_set", "indicator"], name="indicator_once_in_set"),
            models.UniqueConstraint(fields=["indicator_set", "position"], name="indicator_set_position"),
        )

    def __str__(self) -> str:
        return f"{self.position}. {self.indicator}"


class ImportRun(models.Model):
    """One reading of figures from a source: where they came from, when, under which licence, how many.

    A figure points at the run that brought it as it is. Stores no user: who started it is told by its event.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        # Some of it could not be read or written: its parts tell what, and it can be taken up again.
        INCOMPLETE = "incomplete", _("incomplete")

    class Source(models.TextChoices):
        SOTKANET = "sotkanet", "Sotkanet"
        STATFIN = "statfin", _("Statistics Finland")
        SPREADSHEET = "spreadsheet", _("Spreadsheet")
        # Figures made up by a rule, for demonstration. Everything that shows one must say so.
        EXAMPLE = "example", _("Example data")

    owner = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="import_runs",
        verbose_name=_("owner"),
        help_text=_("the county that brought the figures; none for national ones"),
    )
    source = models.CharField(_("source"), max_length=20, choices=Source)
    label = models.CharField(_("label"), max_length=100)
    retrieved_on = models.DateField(_("retrieved on"), help_text=_("the day the figures were taken from the source"))
    licence = models.CharField(_("licence"), max_length=100, blank=True)
    citation = models.TextField(_("citation"), blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    rows_added = models.PositiveIntegerField(_("rows added"), default=0)
    rows_changed = models.PositiveIntegerField(_("rows changed"), default=0)
    rows_unchanged = models.PositiveIntegerField(_("rows unchanged"), default=0)
    rows_rejected = models.PositiveIntegerField(_("rows rejected"), default=0)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-started_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(source="spreadsheet", owner__isnull=False) | (~Q(source="spreadsheet") & Q(owner=None)),
                name="import_owner_of_spreadsheets",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_source_display()}: {self.label}"


class ImportPart(models.Model):
    """An indicator's share of an import: one that fails leaves the others alone, and is taken up again by itself."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="parts", verbose_name=_("import"))
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="import_parts", verbose_name=_("indicator"))
    # The years asked for, both included.
    first_year = models.PositiveSmallIntegerField(_("first year"))
    last_year = models.PositiveSmallIntegerField(_("last year"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    reason = models.TextField(_("reason of the failure"), blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    rows_added = models.PositiveIntegerField(_("rows added"), default=0)
    rows_changed = models.PositiveIntegerField(_("rows changed"), default=0)
    rows_unchanged = models.PositiveIntegerField(_("rows unchanged"), default=0)
    rows_rejected = models.PositiveIntegerField(_("rows rejected"), default=0)

    class Meta:
        verbose_name = _("part of an import")
        verbose_name_plural = _("parts of imports")
        constraints = (
            models.UniqueConstraint(fields=["run", "indicator"], name="import_part_once"),
            models.CheckConstraint(condition=Q(last_year__gte=F("first_year")), name="import_part_years"),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(reason=""), name="import_part_failed_has_reason"),
        )

    def __str__(self) -> str:
        return f"{self.indicator}: {self.get_state_display()}"


class Rejection(models.Model):
    """Rows of an import that were left out, and why: nothing is lost in silence."""

    class Reason(models.TextChoices):
        REGION = "region", _("a region that the source does not list, or that is not known here")
        VALUE = "value", _("a row that cannot be read")

    part = models.ForeignKey(ImportPart, models.CASCADE, related_name="rejections", verbose_name=_("part"))
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    # What was rejected: the source's id of the region, or the row as it came.
    what = models.CharField(_("what"), max_length=200)
    rows = models.PositiveIntegerField(_("rows"))

    class Meta:
        verbose_name = _("rejection")
        verbose_name_plural = _("rejections")
        ordering = ("part", "reason", "what")
        constraints = (models.UniqueConstraint(fields=["part", "reason", "what"], name="rejection_once"),)

    def __str__(self) -> str:
        return f"{self.what} ({self.rows})"


class IndicatorValue(models.Model):
    """One figure: indicator, area, year and gender.

    The foreign keys have no database constraint: areas and indicators are never deleted, the import proves them by
    its join, and a constraint makes a bulk upsert five times slower.
    """

    class Gender(models.TextChoices):
        TOTAL = "total", _("total")
        MALE = "male", _("men")
        FEMALE = "female", _("women")

    class Status(models.TextChoices):
        OK = "ok", _("figure")
        MISSING = "missing", _("missing")
        SUPPRESSED = "suppressed", _("suppressed: too few cases")

    indicator = models.ForeignKey(
        Indicator,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="values",
    )
    area = models.ForeignKey(
        Area,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="indicator_values",
    )
    run = models.ForeignKey(
        ImportRun,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="values",
    )
    year = models.PositiveSmallIntegerField(_("year"))
    gender = models.CharField(_("gender"), max_length=6, choices=Gender, default=Gender.TOTAL)
    value = models.FloatField(_("value"), null=True)
    absolute = models.FloatField(_("absolute value"), null=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OK)

    class Meta:
        verbose_name = _("value")
        verbose_name_plural = _("values")
        constraints = (
            # Its index also answers "this indicator for these areas, latest year".
            models.UniqueConstraint(
                fields=["indicator", "area", "gender", "year"],
                name="indicator_value_once",
            ),
            models.CheckConstraint(
                condition=Q(status="ok", value__isnull=False) | (~Q(status="ok") & Q(value=None)),
                name="indicator_value_or_status",
            ),
        )
        indexes = (models.Index(fields=["area", "indicator", "year"], name="indicator_value_by_area"),)

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.area_id} {self.year}: {self.value}"


class FormerValue(models.Model):
    """A figure as it was before its source revised it: what somebody may have seen, cited or decided upon."""

    indicator = models.ForeignKey(
        Indicator, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="former_values"
    )
    area = models.ForeignKey(Area, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="former_values")
    year = models.PositiveSmallIntegerField(_("year"))
    gender = models.CharField(_("gender"), max_length=6, choices=IndicatorValue.Gender)
    value = models.FloatField(_("value"), null=True)
    absolute = models.FloatField(_("absolute value"), null=True)
    status = models.CharField(_("status"), max_length=10, choices=IndicatorValue.Status)
    # The import that had brought it, and the one that brought another in its place: their dates tell from when to when.
    run = models.ForeignKey(ImportRun, models.PROTECT, related_name="former_values")
    replaced_by = models.ForeignKey(ImportRun, models.PROTECT, related_name="replaced_values")

    class Meta:
        verbose_name = _("former value")
        verbose_name_plural = _("former values")
        ordering = ("-id",)
        indexes = (models.Index(fields=["indicator", "area", "gender", "year"], name="former_value_of"),)

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.area_id} {self.year}: {self.value}"

"""The minutes of a negotiation, their checkers and attachments."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from municipalities.models import County, Document, User
from negotiations.models.agenda import AttachedFile
from negotiations.models.sittings import AgendaItem, Negotiation, Part, Party


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
    # Checked minutes never change: what is wrong in them is corrected by a document of its own, which names them.
    corrects = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("corrects"),
        editable=False,
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("minutes")
        verbose_name_plural = _("minutes")
        ordering = ("negotiation", "part", "id")
        constraints = (
            models.UniqueConstraint(
                fields=["negotiation", "part"],
                condition=Q(corrects=None),
                name="minutes_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(corrects=None) | ~Q(corrects=F("id")), name="minutes_correct_others"),
            models.CheckConstraint(
                condition=Q(state="published", published_on__isnull=False)
                | (~Q(state="published") & Q(published_on=None)),
                name="minutes_published_has_date",
            ),
        )

    def __str__(self) -> str:
        return f"{self.negotiation} {self.part or ''}".strip()


class MinutesVersion(models.Model):
    """The minutes as they were sent to be checked, and each change after that. Frozen: a version never changes.

    Marks are of one version. They stay when a later one mends a typo, and are void when one changes a matter.
    """

    class Kind(models.TextChoices):
        SENT = "sent", _("sent for checking")
        TYPO = "typo", _("a typo mended")
        MATTER = "matter", _("a matter changed")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    minutes = models.ForeignKey(Minutes, models.CASCADE, related_name="versions", verbose_name=_("minutes"))
    number = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    # What is printed, without the state of the minutes and the marks (minutes.versions).
    content = models.JSONField(_("content"))
    sha256 = models.CharField(_("SHA-256 of the content"), max_length=64)
    reason = models.TextField(_("what was changed and why"), blank=True)
    made_at = models.DateTimeField(_("made"), default=timezone.now)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("version of minutes")
        verbose_name_plural = _("versions of minutes")
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=["minutes", "number"], name="minutes_version_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="minutes_version_from_one"),
        )

    def __str__(self) -> str:
        return f"{self.minutes_id}/{self.number}"


class MinutesCheck(models.Model):
    """A checker and their mark, which is of one version."""

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
    version = models.ForeignKey(
        MinutesVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="marks",
        verbose_name=_("version marked"),
        editable=False,
    )
    # Where the personal link is sent; goes when its time comes.
    email = models.EmailField(_("e-mail"), blank=True)
    delete_after = models.DateField(_("e-mail to be deleted after"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True, editable=False)

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
            models.CheckConstraint(
                condition=Q(email="") | Q(delete_after__isnull=False), name="minutes_check_email_goes"
            ),
        )

    def __str__(self) -> str:
        return f"{self.party}: {self.get_outcome_display()}"


class CheckerReplacement(models.Model):
    """A checker replaced by another of the same party, and why."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    check_row = models.ForeignKey(
        MinutesCheck, models.CASCADE, related_name="replacements", verbose_name=_("mark of checking")
    )
    name = models.CharField(_("former checker"), max_length=150, blank=True)
    role = models.CharField(_("former role"), max_length=150, blank=True)
    reason = models.TextField(_("reason"))
    replaced_at = models.DateTimeField(_("replaced"), default=timezone.now)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("replacement of a checker")
        verbose_name_plural = _("replacements of checkers")
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=~Q(reason=""), name="checker_replacement_has_reason"),)

    def __str__(self) -> str:
        return self.reason


class MinutesSignature(models.Model):
    """The chair or the secretary who signs the minutes; not signed until it has a day."""

    class Role(models.TextChoices):
        CHAIR = "chair", _("chair")
        SECRETARY = "secretary", _("secretary")

    class Way(models.TextChoices):
        NOT_YET = "", _("not signed")
        LINK = "link", _("by a personal link")
        # Signed in by oneself, in the application.
        HERE = "here", _("in the application")
        PAPER = "paper", _("on paper")
        ELSEWHERE = "elsewhere", _("in another system")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    minutes = models.ForeignKey(Minutes, models.CASCADE, related_name="signatures", verbose_name=_("minutes"))
    role = models.CharField(_("role"), max_length=10, choices=Role)
    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    delete_after = models.DateField(_("e-mail to be deleted after"), null=True, blank=True)
    way = models.CharField(_("how it was signed"), max_length=10, choices=Way, blank=True, default=Way.NOT_YET)
    signed_on = models.DateField(_("signed"), null=True, blank=True, editable=False)
    version = models.ForeignKey(
        MinutesVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="signatures",
        verbose_name=_("version signed"),
        editable=False,
    )

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ("role",)
        constraints = (
            models.UniqueConstraint(fields=["minutes", "role"], name="minutes_signature_once"),
            models.CheckConstraint(
                condition=Q(way="", signed_on=None, version=None) | ~Q(way="") & Q(signed_on__isnull=False),
                name="minutes_signature_has_day",
            ),
            models.CheckConstraint(
                condition=Q(email="") | Q(delete_after__isnull=False), name="minutes_signature_email_goes"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.name}"


class MinutesLink(models.Model):
    """A personal link to check or to sign minutes without an account: the token is in the letter, its SHA-256 here."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    check_row = models.ForeignKey(
        MinutesCheck,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="links",
        verbose_name=_("mark of checking"),
    )
    signature = models.ForeignKey(
        MinutesSignature, models.CASCADE, null=True, blank=True, related_name="links", verbose_name=_("signature")
    )
    is_reminder = models.BooleanField(_("a reminder"), default=False)
    token_hash = models.CharField(_("SHA-256 of the token"), max_length=64, null=True, blank=True, unique=True)
    asked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("link to minutes")
        verbose_name_plural = _("links to minutes")
        ordering = ("-asked_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=Q(check_row__isnull=False, signature=None) | Q(check_row=None, signature__isnull=False),
                name="minutes_link_of_one",
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)


class MinutesRemark(models.Model):
    """What a checker says of a version: a comment, or other words proposed for one text of it."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")

    class Field(models.TextChoices):
        WHOLE = "", _("the whole")
        BACKGROUND = "background", _("background")
        DISCUSSION = "discussion", _("discussion")
        AGREED = "agreed", _("what was agreed")
        DISSENT = "dissent", _("dissent")
        OPENING = "opening", _("opening")
        CLOSING = "closing", _("closing")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    version = models.ForeignKey(MinutesVersion, models.CASCADE, related_name="remarks", verbose_name=_("version"))
    check_row = models.ForeignKey(
        MinutesCheck, models.CASCADE, related_name="remarks", verbose_name=_("mark of checking")
    )
    # Of an item, of a part, or of the whole where it is of neither.
    item = models.ForeignKey(
        AgendaItem, models.CASCADE, null=True, blank=True, related_name="remarks", verbose_name=_("agenda item")
    )
    part = models.ForeignKey(
        Part, models.CASCADE, null=True, blank=True, related_name="remarks", verbose_name=_("part")
    )
    field = models.CharField(_("text"), max_length=12, choices=Field, blank=True, default=Field.WHOLE)
    text = models.TextField(_("comment"), blank=True)
    # The words proposed instead of those in the version; none: a comment only.
    proposed = models.TextField(_("proposed wording"), null=True, blank=True)  # noqa: DJ001  an empty proposal: remove
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN, editable=False)
    reason = models.TextField(_("reason"), blank=True)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True, editable=False)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("remark on minutes")
        verbose_name_plural = _("remarks on minutes")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(condition=Q(item=None) | Q(part=None), name="minutes_remark_of_one"),
            models.CheckConstraint(
                condition=~Q(text="") | Q(proposed__isnull=False), name="minutes_remark_says_something"
            ),
            models.CheckConstraint(
                condition=Q(proposed=None) | ~Q(field="") & (Q(item__isnull=False) | Q(part__isnull=False)),
                name="minutes_remark_proposes_for_a_text",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None)
                | Q(state="accepted", decided_at__isnull=False)
                | Q(state="rejected", decided_at__isnull=False) & ~Q(reason=""),
                name="minutes_remark_decided",
            ),
        )

    def __str__(self) -> str:
        return self.text or str(self.proposed)


class CorrectionEntry(models.Model):
    """One correction in a document that corrects checked minutes: what was read there, and what is to be read."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    minutes = models.ForeignKey(
        Minutes, models.CASCADE, related_name="entries", verbose_name=_("the correcting document")
    )
    position = models.PositiveSmallIntegerField(_("number"))
    # Where in the minutes: "3 § Nuorten palvelut, sovittu".
    place = models.CharField(_("place"), max_length=300)
    was = models.TextField(_("was"), blank=True)
    now = models.TextField(_("is to be"), blank=True)
    reason = models.TextField(_("reason"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["minutes", "position"], name="correction_entry_number"),
            models.CheckConstraint(condition=~Q(was=F("now")), name="correction_entry_changes"),
            models.CheckConstraint(condition=~Q(reason=""), name="correction_entry_has_reason"),
        )

    def __str__(self) -> str:
        return self.place


class MinutesPaper(models.Model):
    """A document made of minutes beside the whole: the public variant, an excerpt, or the list of attachments."""

    class Kind(models.TextChoices):
        PUBLIC = "public", _("public variant")
        EXCERPT = "excerpt", _("excerpt")
        ATTACHMENTS = "attachments", _("list of attachments")

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    minutes = models.ForeignKey(Minutes, models.CASCADE, related_name="papers", verbose_name=_("minutes"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    item = models.ForeignKey(
        AgendaItem, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("agenda item")
    )
    document = models.ForeignKey(Document, models.PROTECT, related_name="minutes_papers", verbose_name=_("document"))

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("paper made of minutes")
        verbose_name_plural = _("papers made of minutes")
        ordering = ("kind", "item")
        constraints = (
            models.UniqueConstraint(
                fields=["minutes", "kind", "item"], name="minutes_paper_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(kind="excerpt", item__isnull=False) | ~Q(kind="excerpt") & Q(item=None),
                name="minutes_paper_excerpt_of_item",
            ),
        )

    def __str__(self) -> str:
        return self.get_kind_display()


class MinutesAttachment(models.Model):
    """What the minutes name as attached, and the file where there is one."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    minutes = models.ForeignKey(Minutes, models.CASCADE, related_name="attachments", verbose_name=_("minutes"))
    position = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=300)
    # The item that it belongs to; none: to the whole.
    item = models.ForeignKey(
        AgendaItem, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("agenda item")
    )
    file = models.ForeignKey(
        AttachedFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    # The ground in law for which the attachment is not public; empty: it is public.
    secrecy_ground = models.CharField(_("ground for secrecy"), max_length=200, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["minutes", "position"], name="attachment_number"),)

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"

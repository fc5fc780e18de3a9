"""What an agenda is begun from, and the files attached to it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from municipalities.models import County
from municipalities.models.places import LANGUAGES
from negotiations.models.rounds import LegalBasis
from negotiations.models.sittings import AgendaItem


class AgendaTemplate(models.Model):
    """A county's own agenda for the negotiations of a legal basis, in a language: neither law fixes the agenda."""

    county = models.ForeignKey(County, models.PROTECT, related_name="agenda_templates", verbose_name=_("county"))
    legal_basis = models.CharField(_("legal basis"), max_length=20, choices=LegalBasis)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES, default="fi")
    name = models.CharField(_("name"), max_length=120)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("agenda template")
        verbose_name_plural = _("agenda templates")
        ordering = ("legal_basis", "language", "name")
        constraints = (
            models.UniqueConstraint(
                fields=["county", "legal_basis", "language", "name"], name="agenda_template_name_once"
            ),
        )

    def __str__(self) -> str:
        return self.name


class AgendaTemplateItem(models.Model):
    """A matter of a template."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    template = models.ForeignKey(AgendaTemplate, models.CASCADE, related_name="items", verbose_name=_("template"))
    position = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("matter"), max_length=200)
    background = models.TextField(_("background"), blank=True)
    presenter = models.CharField(_("presenter"), max_length=150, blank=True)
    planned_minutes = models.PositiveSmallIntegerField(_("planned time, minutes"), null=True, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("item of an agenda template")
        verbose_name_plural = _("items of agenda templates")
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["template", "position"], name="agenda_template_item_number"),
            models.CheckConstraint(
                condition=Q(planned_minutes=None) | Q(planned_minutes__gte=1, planned_minutes__lte=600),
                name="agenda_template_planned_time",
            ),
        )

    def __str__(self) -> str:
        return self.title


class AttachedFile(models.Model):
    """A file that was attached, as it was: its content has been looked at, and it never changes."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    name = models.CharField(_("file name"), max_length=200)
    media_type = models.CharField(_("kind of file"), max_length=100)
    size = models.PositiveIntegerField(_("size, bytes"))
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    content = models.BinaryField(_("content"))
    added_at = models.DateTimeField(_("added"), default=timezone.now)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("attached file")
        verbose_name_plural = _("attached files")
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=Q(size__gte=1), name="attached_file_has_content"),)

    def __str__(self) -> str:
        return self.name


class AgendaAttachment(models.Model):
    """What is attached to an item of an agenda: a title, and the file where there is one."""

    county = models.ForeignKey(County, models.PROTECT, related_name="+", verbose_name=_("county"))
    item = models.ForeignKey(AgendaItem, models.CASCADE, related_name="attachments", verbose_name=_("agenda item"))
    position = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=300)
    file = models.ForeignKey(
        AttachedFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    # The ground in law for which the attachment is not public; empty: it is public.
    secrecy_ground = models.CharField(_("ground for secrecy"), max_length=200, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("attachment of an agenda item")
        verbose_name_plural = _("attachments of agenda items")
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["item", "position"], name="agenda_attachment_number"),)

    def __str__(self) -> str:
        return self.title

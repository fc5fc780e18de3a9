"""Rendered documents and who took them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from municipalities.models.places import County
from municipalities.searching import SWEDISH, vector


class Document(models.Model):
    """A PDF made from a frozen context. Knows nothing of what it is about: its owner points here.

    Content-addressed: the same content is one row and one file, and is never rendered twice.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RENDERING = "rendering", _("rendering")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    county = models.ForeignKey(County, models.PROTECT, related_name="documents", verbose_name=_("county"))
    key = models.CharField(
        _("key"),
        max_length=64,
        help_text=_("SHA-256 of county, kind, language, variant, template version and context"),
    )
    kind = models.CharField(_("kind"), max_length=40)
    variant = models.CharField(_("variant"), max_length=20, default="public")
    language = models.CharField(_("language"), max_length=2, default="fi")
    template_version = models.CharField(_("template version"), max_length=64)
    title = models.CharField(_("title"), max_length=300)
    file_name = models.CharField(_("file name"), max_length=200)
    context = models.JSONField(_("frozen context"))
    # Of the rows that it was made from, as they were (documents.stamps): the same stamp is the same content.
    stamp = models.CharField(_("stamp of the rows"), max_length=64, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress, %"), default=0)
    step = models.CharField(_("step"), max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    reason = models.TextField(_("reason of the failure"), blank=True)
    queued_at = models.DateTimeField(_("queued"), default=timezone.now)
    # Who renders it and until when that is believed; a heartbeat moves the time forward. While it is queued: until
    # when its message is trusted to reach a worker.
    lease = models.UUIDField(_("lease"), null=True, blank=True)
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    size = models.PositiveIntegerField(_("size, bytes"), null=True, blank=True)
    pages = models.PositiveSmallIntegerField(_("pages"), null=True, blank=True)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ("-queued_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=["county", "key"], name="document_once"),
            models.CheckConstraint(
                condition=~Q(state="ready")
                | Q(ready_at__isnull=False, size__isnull=False, size__gt=0, lease=None) & ~Q(sha256=""),
                name="document_ready_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(reason=""),
                name="document_failed_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="rendering", lease__isnull=False, leased_until__isnull=False)
                | (~Q(state="rendering") & Q(lease=None)),
                name="document_lease",
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="document_progress"),
        )
        indexes = (
            # What the reaper looks for, every quarter of a minute: a handful of rows among all.
            models.Index(
                fields=["state", "leased_until"],
                name="document_unfinished",
                condition=Q(state__in=["queued", "rendering"]),
            ),
            models.Index(fields=["county", "-queued_at"], name="document_of_county"),
            GinIndex(vector("title"), name="document_words", condition=~Q(language="sv")),
            GinIndex(vector("title", stemmed=SWEDISH), name="document_words_sv", condition=Q(language="sv")),
        )

    def __str__(self) -> str:
        return self.title


class Download(models.Model):
    """Who took which document and when.

    Kept to answer who has had a paper that was not public yet (906/2019, 17 §), for the days the county has set;
    then deleted.
    """

    county = models.ForeignKey(County, models.PROTECT, related_name="downloads", verbose_name=_("county"))
    document = models.ForeignKey(Document, models.PROTECT, related_name="downloads", verbose_name=_("document"))
    user = models.ForeignKey(
        "municipalities.User",
        models.PROTECT,
        related_name="downloads",
        verbose_name=_("user"),
    )
    at = models.DateTimeField(_("when"), default=timezone.now)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        ordering = ("-at",)
        indexes = (models.Index(fields=["county", "-at"], name="download_of_county"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.document_id}"

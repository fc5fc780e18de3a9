"""What happened, when and by whom."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager

from municipalities.models.places import County


class Event(models.Model):
    """One thing that happened. Append-only: a trigger in the database refuses to change or delete a row.

    `at` is when it happened (history is entered too), `recorded_at` when it was written here. The payload holds
    ids, codes and dates, never names or contact details.
    """

    county = models.ForeignKey(County, models.PROTECT, related_name="events", verbose_name=_("county"))
    subject = models.CharField(_("subject"), max_length=60, help_text=_("app.model of what it happened to"))
    subject_id = models.BigIntegerField(_("id of the subject"))
    verb = models.CharField(_("what happened"), max_length=40)
    at = models.DateTimeField(_("happened"), default=timezone.now)
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now, editable=False)
    user = models.ForeignKey(
        "municipalities.User",
        models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("done by"),
    )
    payload = models.JSONField(_("details"), default=dict)

    objects: ClassVar = ScopedManager(county="county")

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("at", "id")
        indexes = (
            models.Index(fields=["subject", "subject_id", "at"], name="event_of_subject"),
            models.Index(fields=["county", "-at"], name="event_of_county"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb} {self.subject} {self.subject_id}"

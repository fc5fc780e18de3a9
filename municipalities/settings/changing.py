"""Changing what a county has set, and its priorities."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from municipalities.events import record
from municipalities.models import County, CountyLogo, Priority, User
from municipalities.settings.logo import Picture


@transaction.atomic
def change_settings(
    county: County, *, fields: Sequence[str], logo: Picture | None = None, remove_logo: bool = False, by: User
) -> County:
    """Save a county whose fields have been changed, and its logo: a new one, none, or as it was."""
    if logo is not None:
        CountyLogo.objects.update_or_create(
            county=county,
            defaults={
                "content": logo.content,
                "media_type": logo.media_type,
                "width": logo.width,
                "height": logo.height,
            },
        )
        county.logo_version = logo.version
    elif remove_logo:
        CountyLogo.objects.filter(county=county).delete()
        county.logo_version = ""
    county.save()
    if fields:
        record(county, "settings_changed", by=by, fields=sorted(fields))
    return county


@transaction.atomic
def save_priority(priority: Priority, *, by: User) -> Priority:
    """Save a priority, new or changed; a new one comes last of its period."""
    is_new = priority.pk is None
    if is_new:
        priority.position = Priority.objects.filter(county=priority.county, starts_on=priority.starts_on).count()
    priority.save()
    record(priority, "added" if is_new else "changed", by=by)
    return priority


@transaction.atomic
def remove_priority(priority: Priority, *, by: User) -> None:
    """Remove a priority that nothing refers to. Raises ProtectedError where something does."""
    record(priority, "removed", by=by)
    priority.delete()

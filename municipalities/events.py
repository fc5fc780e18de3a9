"""Writing the log of what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from municipalities.models import County, Event, User


def record(subject: models.Model, verb: str, *, by: User | None, at: datetime | None = None, **payload: Any) -> Event:
    """Append what happened to a row of a county, or to the county itself.

    `at` is when it happened, now unless history is entered. The payload holds ids, codes and dates, no names.
    """
    county_id = subject.pk if isinstance(subject, County) else subject.county_id  # type: ignore[attr-defined]
    return _append(county_id, subject, verb, by=by, at=at, payload=payload)


def record_in(county: County, subject: models.Model, verb: str, *, by: User | None, **payload: Any) -> Event:
    """Append what happened in a county to a row that does not name it: indicators and their sets know areas only."""
    return _append(county.pk, subject, verb, by=by, at=None, payload=payload)


def _append(
    county_id: int,
    subject: models.Model,
    verb: str,
    *,
    by: User | None,
    at: datetime | None,
    payload: Mapping[str, Any],
) -> Event:
    return Event.objects.create(
        county_id=county_id,
        subject=subject._meta.label_lower,
        subject_id=subject.pk,
        verb=verb,
        at=at or timezone.now(),
        user=by,
        payload=payload,
    )


def record_each(
    subjects: Iterable[models.Model], verb: str, *, by: User | None, at: datetime | None = None, **payload: Any
) -> None:
    """Append the same to each of many rows of a county, in one query."""
    record_with([(subject, payload) for subject in subjects], verb, by=by, at=at)


def record_with(
    told: Iterable[tuple[models.Model, Mapping[str, Any]]], verb: str, *, by: User | None, at: datetime | None = None
) -> None:
    """Append the same verb to each of many rows of a county, each with a payload of its own, in one query."""
    moment = at or timezone.now()
    Event.objects.bulk_create(
        Event(
            county_id=subject.county_id,  # type: ignore[attr-defined]
            subject=subject._meta.label_lower,
            subject_id=subject.pk,
            verb=verb,
            at=moment,
            user=by,
            payload=payload,
        )
        for subject, payload in told
    )

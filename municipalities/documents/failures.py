"""Why a document could not be made, in plain words for whoever asked for it."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Failure(Exception):
    """A document cannot be made. `code` is for the log, the words are for people, in the language then in use."""

    def __init__(self, code: str, message: str | Promise, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self._message = message
        self._details = details

    @property
    def words(self) -> str:
        """The reason, in the language in use."""
        details = {
            name: "; ".join(map(str, detail)) if isinstance(detail, tuple) else detail
            for name, detail in self._details.items()
        }
        return str(self._message) % details

    def __str__(self) -> str:
        return f"{self.code}: {self.words}"


def explain(error: BaseException, *, document_id: int) -> Failure:
    """Return the failure that an error during the rendering means."""
    chain = list(_chain(error))
    for cause in chain:
        if isinstance(cause, Failure):
            return cause
    if any(isinstance(cause, SoftTimeLimitExceeded) for cause in chain):
        return out_of_time()
    if any(isinstance(cause, OSError) and cause.errno in FULL_DISK for cause in chain):
        return Failure(
            "disk",
            _(
                "The disk where documents are kept is full, so the document could not be stored. Nothing else is "
                "wrong with it: have it made again when there is room. The administrator can make room."
            ),
        )
    if any(isinstance(cause, MemoryError) for cause in chain):
        return Failure(
            "memory",
            _("The document needed more memory than there is. Shorten the texts or leave some of them out."),
        )
    for cause in chain:
        if place := _place_in_template(cause):
            return Failure(
                "template",
                _(
                    "There is an error in the page template %(template)s on line %(line)d: %(error)s. The "
                    "administrator has to have it mended; then have the document made again."
                ),
                **place,
                error=_described(cause),
            )
    return Failure(
        "unexpected",
        _(
            "The document could not be made because of an unexpected error (%(error)s). The worker's log tells more "
            "under the number %(number)d. Have the document made again; tell the administrator if it fails again."
        ),
        error=_described(error),
        number=document_id,
    )


def out_of_time() -> Failure:
    """Return the failure of a document that took longer than the time limit."""
    return Failure(
        "time",
        _(
            "Making the document took longer than the time limit of %(seconds)d seconds. Have it made again at a "
            "quieter time; if that does not help, shorten the texts or leave some of them out."
        ),
        seconds=settings.CELERY_TASK_SOFT_TIME_LIMIT,
    )


def interrupted(attempts: int) -> Failure:
    """Return the failure of a document whose worker has died, or been killed by the time limit, too often."""
    return Failure(
        "interrupted",
        _(
            "The worker that made the document was cut off before it was done, %(attempts)d times in a row. The "
            "administrator finds the cause in the worker's log; then have the document made again."
        ),
        attempts=attempts,
    )


def lost() -> Failure:
    """Return the failure of a document that was ready, but whose file is no longer in its place."""
    return Failure("lost", _("The file of the document is not in its place. Have the document made again."))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it came from."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _place_in_template(error: BaseException) -> dict[str, Any] | None:
    """Return the template's name and the line, when Django knows them for this error."""
    details = getattr(error, "template_debug", None)
    if not details:
        return None
    # Django gives the file's path; from "templates" on it is the name that a developer knows.
    name = str(details["name"]).rpartition("/templates/")[2]
    return {"template": name, "line": details["line"]}


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": .")

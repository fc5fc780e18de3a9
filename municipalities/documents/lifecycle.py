"""The one door to a document's state: queued → rendering → ready or failed, and back to queued.

Whoever renders a document holds its lease, a random number in its row, believed until a time that a heartbeat keeps
moving forward. When the beats stop, because the worker was killed, the lease runs out and the reaper queues the
document again. Only the holder of the lease can finish or fail it, so that a worker that was only thought dead, and
comes back, changes nothing.

What cuts an attempt off counts by who saw it. When only the process that rendered has died (of memory, of a fault in
a library, by the hard time limit), the worker that had started it lives and says so: that speaks against the
document, and after MAX_CRASHES it fails. When the whole worker has gone (a power cut, an update, `kill -9`), nobody
is left to say why, and most often the document was merely in its hands: it is queued again, until MAX_ATTEMPTS. That
bound is for the document that takes the whole worker with it each time: it too must come to an end.

While a document is queued, `leased_until` tells until when its message is believed to be on its way to a worker.
When the time passes, because Redis was emptied or a worker died with the message, the reaper sends another.

All these times are the database's: the clocks of the machines may differ.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from django_scopes import scope, scopes_disabled

from municipalities.documents import failures, storage
from municipalities.documents.failures import Failure
from municipalities.documents.kinds import Meta, freeze, key_of, kind_named, template_version
from municipalities.events import record
from municipalities.models import County, Document, Event, User
from municipalities.moves import locked, require_state

log = logging.getLogger(__name__)

State = Document.State

# The move, the states it may start from, and the state it leads to.
MOVES: dict[str, tuple[frozenset[State], State]] = {
    # From rendering only when the lease of whoever was rendering it has run out.
    "start": (frozenset({State.QUEUED, State.RENDERING}), State.RENDERING),
    "finish": (frozenset({State.RENDERING}), State.READY),
    "requeue": (frozenset({State.RENDERING}), State.QUEUED),
    "fail": (frozenset({State.RENDERING}), State.FAILED),
    "lose": (frozenset({State.READY}), State.FAILED),
    "retry": (frozenset({State.FAILED}), State.QUEUED),
}

# How far a document is when a step begins (per cent), and what the step is called on the page.
STEPS: dict[str, tuple[int, Any]] = {
    "laying-out": (5, gettext_lazy("laying out the pages")),
    "writing": (70, gettext_lazy("writing the PDF")),
    "checking": (85, gettext_lazy("checking accessibility and archival form")),
    "storing": (95, gettext_lazy("storing the file")),
}

# After a worker's death its document is queued again within LEASE plus the reaper's interval (15 s), and a lost
# message is sent again within MESSAGE_TRUSTED plus the same: both well under the 60 s that are promised.
LEASE = timedelta(seconds=30)
BEAT = 10.0  # seconds
MESSAGE_TRUSTED = timedelta(seconds=30)
NUDGE_EVERY = timedelta(seconds=60)
# How often the process that renders a document may die under it; how often a document is begun at all.
MAX_CRASHES = 3
MAX_ATTEMPTS = 10
# The reaper sends messages until this many wait. So 200 documents queued behind each other cause no second message,
# and an emptied Redis is filled up again faster than the workers use it up.
MESSAGES_WANTED = 50
# Redis has nine steps, 0 the first: the reaper passes the documents that wait.
PRIORITY = 5


class LeaseLost(Exception):
    """Somebody else has the document now; what this worker has made of it is thrown away."""


@dataclass(frozen=True)
class Lease:
    """The right to render one document, for as long as the beats go on."""

    county: County
    document_id: int
    token: UUID

    def _held(self) -> Any:
        return Document.objects.filter(pk=self.document_id, state=State.RENDERING, lease=self.token)

    def extend(self, **changes: Any) -> None:
        """Hold on to the document for another while. Raises LeaseLost."""
        if not self._held().update(leased_until=Now() + LEASE, **changes):
            raise LeaseLost(self.document_id)

    def step(self, name: str) -> None:
        """Save how far the rendering is. Raises LeaseLost."""
        self.extend(step=name, progress=STEPS[name][0])

    def locked(self) -> Document:
        """Return the row, locked and still ours. Raises LeaseLost."""
        document: Document | None = self._held().select_for_update(of=("self",)).first()
        if document is None:
            raise LeaseLost(self.document_id)
        return document


def _save(document: Document, *fields: str) -> None:
    # By name: the context, which may be a megabyte, never changes.
    document.save(update_fields=fields)


def step_label(document: Document) -> str:
    """Return what is being done to the document, for people; empty when nothing is."""
    return str(STEPS[document.step][1]) if document.step in STEPS else ""


# --- Asked for by people --------------------------------------------------------------------------------------


@transaction.atomic
def request_document(
    *,
    county: County,
    kind: str,
    context: Any,
    language: str,
    variant: str,
    title: str,
    file_name: str,
    by: User | None,
    at: datetime | None = None,
    stamp: str = "",
) -> Document:
    """Return the document of this content, queued for rendering unless it exists already.

    `context` is an instance of the kind's context type; it is frozen here. The same content, asked for on the same
    day, is one row and one file. One that has failed, or whose file has been lost, is queued again. Inside the
    county's scope. `at` is when it was asked for, now unless history is entered: its place in the list tells the same
    as its log. `stamp` is that of the rows that were read (stamps.stamp). Raises NotAllowedNow when there is too much
    content.
    """
    at = at or timezone.now()
    registered = kind_named(kind)
    with translation.override(language):
        county_name = str(county)
    meta = Meta(
        title=" ".join(title.split()),
        language=language,
        county=county_name,
        county_short=county.short_name,
        website=county.website,
        colour=county.colour,
        variant=variant,
        on=timezone.localdate(at),
    )
    frozen = freeze(registered, meta, context)
    version = template_version(registered, language)
    key = key_of(county_id=county.pk, kind=kind, language=language, variant=variant, version=version, frozen=frozen)
    document, created = Document.objects.get_or_create(
        county=county,
        key=key,
        defaults={
            "kind": kind,
            "variant": variant,
            "language": language,
            "template_version": version,
            "title": meta.title,
            "file_name": file_name,
            "context": frozen,
            "stamp": stamp,
            "queued_at": at,
            "leased_until": Now() + MESSAGE_TRUSTED,
        },
    )
    if created:
        record(document, "requested", by=by, at=at)
        _send_on_commit(document)
        document.refresh_from_db(fields=["leased_until"])
        return document
    if stamp and document.stamp != stamp:
        document.stamp = stamp
        _save(document, "stamp")
    return _asked_again(document, by=by)


@transaction.atomic
def request_unchanged(document_id: int | None, *, stamp: str, by: User | None) -> Document | None:
    """Return the document when it was made from the very rows of this stamp, and its layout is still the same.

    Then nothing need be read; it is queued again where request_document would do that. None when it has to be read to
    be known. Inside the county's scope.
    """
    document: Document | None = None
    if document_id is not None:
        document = Document.objects.defer("context").filter(pk=document_id, stamp=stamp).first()
    if document is None or document.template_version != template_version(kind_named(document.kind), document.language):
        return None
    return _asked_again(document, by=by)


def _asked_again(document: Document, *, by: User | None) -> Document:
    """Queue a document again that has failed, or whose file has been lost."""
    if document.state == State.READY and not storage.is_stored(document):
        document = lose(document)
    if document.state == State.FAILED:
        document = retry(document, by=by)
    return document


@transaction.atomic
def retry(document: Document, *, by: User | None) -> Document:
    """Queue a failed document again, with as many attempts as a new one. Raises NotAllowedNow unless it has failed."""
    document = locked(document)
    document.state = require_state(document, MOVES, "retry")
    document.attempts = document.progress = 0
    document.reason = document.step = ""
    document.queued_at = timezone.now()
    document.leased_until = Now() + MESSAGE_TRUSTED
    _save(document, "state", "attempts", "progress", "reason", "step", "queued_at", "leased_until")
    document.refresh_from_db(fields=["leased_until"])
    record(document, "retried", by=by)
    _send_on_commit(document)
    return document


@transaction.atomic
def lose(document: Document) -> Document:
    """Enter that the file of a ready document is no longer in its place."""
    document = locked(document)
    if storage.is_stored(document):
        return document
    document.state = require_state(document, MOVES, "lose")
    _save_failure(document, failures.lost)
    return document


# --- Done by workers ------------------------------------------------------------------------------------------


@transaction.atomic
def start(county: County, document_id: int, *, message: str = "") -> Lease | None:
    """Take the lease of a document that nobody is rendering. Returns None when there is nothing to do.

    That is the usual end of a message that came twice: the document is ready, or somebody is at it. `message` is the
    id of the message that the worker has it from.
    """
    free = Q(state=State.QUEUED) | Q(state=State.RENDERING, leased_until__lt=Now())
    document: Document | None = Document.objects.select_for_update(of=("self",)).filter(free, pk=document_id).first()
    if document is None:
        return None
    if document.attempts >= MAX_ATTEMPTS:
        document.state = require_state(document, MOVES, "fail")
        _save_failure(document, partial(failures.interrupted, document.attempts))
        return None
    document.state = require_state(document, MOVES, "start")
    document.attempts += 1
    document.lease = uuid4()
    document.leased_until = Now() + LEASE
    document.progress, document.step = 0, ""
    _save(document, "state", "attempts", "lease", "leased_until", "progress", "step")
    record(document, "started", by=None, attempt=document.attempts, message=message)
    return Lease(county, document.pk, document.lease)


@transaction.atomic
def readdress(lease: Lease) -> Document:
    """Return the row; one asked for before a change of layout gets the address of what it will look like now.

    Unless another row has that address already: then this one keeps its own, and both look the same.
    """
    document = lease.locked()
    version = template_version(kind_named(document.kind), document.language)
    if version == document.template_version:
        return document
    key = key_of(
        county_id=document.county_id,
        kind=document.kind,
        language=document.language,
        variant=document.variant,
        version=version,
        frozen=document.context,
    )
    if not Document.objects.filter(key=key).exists():
        document.key, document.template_version = key, version
        document.save(update_fields=["key", "template_version"])
    return document


@transaction.atomic
def finish(lease: Lease, file: storage.Unpublished, *, pages: int) -> None:
    """Put the file in its place and call the document ready. Raises LeaseLost, and then the file is not there."""
    # The lock on the row is the right to the place: of two workers with the same document only one gets past here.
    document = lease.locked()
    document.state = require_state(document, MOVES, "finish")
    document.lease = document.leased_until = None
    document.progress, document.step, document.reason = 100, "", ""
    document.ready_at = timezone.now()
    document.size, document.sha256, document.pages = file.size, file.sha256, pages
    _save(
        document,
        *("state", "lease", "leased_until", "progress", "step", "reason", "ready_at", "size", "sha256", "pages"),
    )
    record(document, "ready", by=None, pages=pages)
    # Last: should this fail, the row is still being rendered. Should the commit fail, a whole file lies in its place
    # that nobody reads and that the next attempt replaces.
    file.publish()


@transaction.atomic
def fail(lease: Lease, why: Callable[[], Failure]) -> None:
    """Call the document failed, with the reason. Raises LeaseLost."""
    document = lease.locked()
    document.state = require_state(document, MOVES, "fail")
    _save_failure(document, why)


def _save_failure(document: Document, why: Callable[[], Failure]) -> None:
    # The row has one language, as everything a county writes.
    with translation.override(document.county.first_language):
        failure = why()
        document.reason = failure.words
    document.lease = document.leased_until = None
    document.step = ""
    _save(document, "state", "reason", "lease", "leased_until", "step")
    record(document, "failed", by=None, code=failure.code)


@transaction.atomic
def crash(document_id: int, *, message: str) -> None:
    """Enter that the process rendering a document has died, as its worker tells, and queue the document again.

    After MAX_CRASHES, call it failed. Does nothing when somebody else has the document by now, or when it is ready.
    Inside the county's scope.
    """
    document: Document | None = (
        Document.objects.select_for_update(of=("self",)).filter(pk=document_id, state=State.RENDERING).first()
    )
    if document is None:
        return
    events = Event.objects.filter(subject=document._meta.label_lower, subject_id=document.pk).order_by("-pk")
    begun = events.filter(verb="started").first()
    if begun is None or begun.payload.get("message") != message:
        return
    record(document, "crashed", by=None, attempt=document.attempts)
    asked = events.filter(verb__in=["requested", "retried"]).values_list("pk", flat=True).first() or 0
    _cut_off(document, crashes=events.filter(verb="crashed", pk__gt=asked).count())


def _cut_off(document: Document, *, crashes: int = 0) -> None:
    """Queue a document again whose attempt has been cut off; when there have been too many, call it failed."""
    if crashes >= MAX_CRASHES or document.attempts >= MAX_ATTEMPTS:
        document.state = require_state(document, MOVES, "fail")
        _save_failure(document, partial(failures.interrupted, crashes or document.attempts))
        return
    document.state = require_state(document, MOVES, "requeue")
    document.lease = None
    document.leased_until = Now() + MESSAGE_TRUSTED
    document.progress, document.step = 0, ""
    _save(document, "state", "lease", "leased_until", "progress", "step")
    record(document, "requeued", by=None, attempt=document.attempts)
    log.warning("document %d is queued again: what rendered it has gone", document.pk)
    _send_on_commit(document)


# --- Done by the reaper ---------------------------------------------------------------------------------------


def reap() -> None:
    """Queue again what a dead worker left, send the messages that have been lost, and clear half-written files away."""
    with scopes_disabled():
        overdue = list(
            Document.objects.filter(
                Q(leased_until__lt=Now()) | Q(leased_until=None), state__in=[State.QUEUED, State.RENDERING]
            )
            .select_related("county__area")
            .only("state", "queued_at", "county")
            .order_by("queued_at", "pk")
        )
    room = MESSAGES_WANTED - messages_waiting() if overdue else 0
    for document in overdue:
        with scope(county=document.county):
            if document.state == State.RENDERING:
                requeue(document)
            elif room > 0 and _nudge(document):
                room -= 1
    storage.sweep(_is_held)


@transaction.atomic
def requeue(left: Document) -> None:
    """Queue a document again whose lease has run out: its worker has gone."""
    run_out = Document.objects.filter(pk=left.pk, state=State.RENDERING, leased_until__lt=Now())
    # One that somebody holds in a transaction is not waited for: the others would wait with it.
    document: Document | None = run_out.select_for_update(of=("self",), skip_locked=True).first()
    if document is not None:
        _cut_off(document)


def _is_held(token: UUID) -> bool:
    """Return whether somebody is rendering a document by this lease."""
    with scopes_disabled():
        return bool(Document.objects.filter(state=State.RENDERING, lease=token).exists())


def _nudge(document: Document) -> bool:
    """Send another message for a queued document, and believe in it for a while."""
    waiting = Document.objects.filter(
        Q(leased_until__lt=Now()) | Q(leased_until=None), pk=document.pk, state=State.QUEUED
    )
    if not waiting.update(leased_until=Now() + NUDGE_EVERY):
        return False
    log.warning("document %d gets another message: it has waited longer than one takes", document.pk)
    return send(document.county_id, document.pk)


# --- Messages -------------------------------------------------------------------------------------------------


def _send_on_commit(document: Document) -> None:
    county_id, document_id = document.county_id, document.pk
    transaction.on_commit(lambda: send(county_id, document_id))


def send(county_id: int, document_id: int) -> bool:
    """Tell the workers of a queued document. Returns whether the message went off.

    When Redis does not answer, nobody has to wait or be told: the reaper sends the message when it does.
    """
    from municipalities.tasks import render_document

    try:
        render_document.apply_async((county_id, document_id), priority=PRIORITY, retry=False)
    except (render_document.OperationalError, OSError) as error:
        log.warning("no message could be sent for document %d: %s", document_id, error)
        return False
    return True


def messages_waiting() -> int:
    """Return how many messages of any kind wait for a worker.

    Declares the queue on the way, which mends the binding that an emptied Redis has forgotten.
    """
    queue = current_app.amqp.queues[current_app.conf.task_default_queue]
    with current_app.connection_for_write() as connection:
        bound = queue.bind(connection.default_channel)
        bound.declare()
        count: int = bound.queue_declare().message_count
        return count

"""From the frozen context to a stored PDF. The only home of WeasyPrint; imported by the worker alone."""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import mimetypes
import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import weasyprint
from celery.signals import worker_process_shutdown
from django.conf import settings
from django.db import DatabaseError, connection
from django.db import Error as AnyDatabaseError
from django.template import Context
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django_scopes import scope
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from municipalities.documents import failures, pdf, storage
from municipalities.documents.failures import Failure
from municipalities.documents.hyphenation import install_finnish
from municipalities.documents.kinds import BASE_STYLESHEET, Attachment, Frozen, Kind, kind_named, layout, thaw
from municipalities.documents.lifecycle import BEAT, Lease, LeaseLost, fail, finish, readdress, start
from municipalities.documents.stylesheet import county_stylesheet
from municipalities.models import County

log = logging.getLogger(__name__)

MAX_PAGES = 300
# New objects before a look at the young ones, and how often the older ones are looked at then (gc.set_threshold).
COLLECTING = (5_000, 10, 10)
MAX_BYTES = 50_000_000
# Steps that begin sooner than this after one was told, in seconds, are left unsaid: whoever watches looks every other
# second, and a short document is ready by then.
STEP_SEEN = 0.25
# Where the pages' addresses point to, inside the fetcher only: a name that cannot exist (RFC 2606).
ORIGIN = "https://documents.invalid/"
STATIC = "static/"
ATTACHED = "attached/"
VARIANT = "pdf/a-3a"
# What the layout engine says of a letter without a picture, which PDF/A forbids (ISO 19005-3, 6.2.11.8).
UNKNOWN_LETTER = re.compile(r"unsupported by fonts: (.+)$", re.DOTALL)

install_finnish()


def render(county: County, document_id: int, *, message: str = "") -> None:
    """Render a queued document, to ready or failed; do nothing when there is nothing to do. Inside the county's scope.

    `message` is the id of the message that asks for it.
    Raises a database error when the outcome cannot be written down: the lease then runs out and the reaper comes.
    """
    lease = start(county, document_id, message=message)
    if lease is None:
        return
    began = time.monotonic()
    try:
        with _heartbeat(lease), _seldom_collecting():
            _make(lease, deadline=began + settings.CELERY_TASK_SOFT_TIME_LIMIT)
    except LeaseLost:
        log.warning("document %d has been taken over by another worker; this one's work is dropped", document_id)
    except AnyDatabaseError:
        raise
    # The layout engine stops by an error that is not an Exception when the fetcher has refused something.
    except (Exception, FatalURLFetchingError) as error:
        _give_up(lease, error)
    else:
        log.info("document %d is ready, %.1f s", document_id, time.monotonic() - began)


def _give_up(lease: Lease, error: BaseException) -> None:
    log.error("document %d could not be made", lease.document_id, exc_info=error)
    with contextlib.suppress(LeaseLost):
        fail(lease, lambda: failures.explain(error, document_id=lease.document_id))


def _make(lease: Lease, *, deadline: float) -> None:
    """Render and store the document. Raises whatever stops it."""
    told = float("-inf")

    def step(name: str) -> None:
        nonlocal told
        now = time.monotonic()
        # The layout engine swallows some errors, and the time limit arrives as one.
        if now > deadline:
            raise failures.out_of_time()
        if now - told >= STEP_SEEN:
            lease.step(name)
            told = now

    document = readdress(lease)
    step("laying-out")
    kind = kind_named(document.kind)
    frozen = thaw(document)
    with translation.override(document.language):
        attachments = kind.attachments(frozen.doc)
        html = compose(kind, frozen)
        stylesheets = styles(kind, frozen)
    pages = lay_out(html, stylesheets, attachments)
    step("writing")
    content = write(pages, frozen, attachments)
    step("checking")
    checked = pdf.check(content, title=frozen.meta.title, language=frozen.meta.language)
    step("storing")
    file = storage.write(document, content, lease.token)
    try:
        finish(lease, file, pages=checked.pages)
    finally:
        file.discard()


@contextlib.contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let Python look for garbage less often than it does by itself.

    A layout is hundreds of thousands of objects that all stay until it is written: looking through them again and
    again takes a seventh of the time for a long document, and finds nothing.
    """
    usual = gc.get_threshold()
    gc.set_threshold(*COLLECTING)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextlib.contextmanager
def _heartbeat(lease: Lease) -> Iterator[None]:
    """Keep the lease for as long as this process lives and works on the document."""
    done = threading.Event()

    def beat() -> None:
        try:
            with scope(county=lease.county):
                while not done.wait(BEAT):
                    try:
                        lease.extend()
                    except LeaseLost:
                        return
                    except DatabaseError:
                        log.warning("no heartbeat for document %d", lease.document_id, exc_info=True)
                        connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat of document {lease.document_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


# --- The steps ------------------------------------------------------------------------------------------------


def compose(kind: Kind, frozen: Frozen) -> str:
    """Return the page as HTML, in the language in use."""
    context = Context({"doc": frozen.doc, "meta": frozen.meta})
    with connection.execute_wrapper(_refuse_query):
        return layout(kind, frozen.meta.language).template.render(context)


def _refuse_query(*arguments: Any) -> NoReturn:
    raise RuntimeError("A template of a document asked the database for something: it may show only its context.")


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    """Return the fonts, unpacked once for the life of a worker process."""
    return FontConfiguration()


@worker_process_shutdown.connect
def _remove_fonts(**details: object) -> None:
    """Remove the unpacked fonts: a worker process ends without the clearing up that Python does at its end."""
    _stylesheet.cache_clear()
    _fonts.cache_clear()
    gc.collect()


def styles(kind: Kind, frozen: Frozen) -> list[weasyprint.CSS]:
    """Return the stylesheets of a document, in the language in use: those of its kind, and the one made for it.

    Those of the kind are read once: reading them takes a tenth of the time that a short document does.
    """
    read = [
        _stylesheet(path, storage.likeness(storage.static_file(path))) for path in (BASE_STYLESHEET, *kind.stylesheets)
    ]
    with _no_complaints():
        own = weasyprint.CSS(
            string=county_stylesheet(frozen.meta), base_url=ORIGIN, url_fetcher=Fetcher({}), font_config=_fonts()
        )
    return [*read, own]


@lru_cache(maxsize=32)
def _stylesheet(path: str, likeness: object) -> weasyprint.CSS:
    """Return a static stylesheet, read. One with errors in it is not kept: they stop each document that wants it."""
    with _no_complaints():
        return weasyprint.CSS(url=f"{ORIGIN}{STATIC}{path}", url_fetcher=Fetcher({}), font_config=_fonts())


def lay_out(html: str, stylesheets: list[weasyprint.CSS], attachments: list[Attachment]) -> weasyprint.Document:
    """Return the laid out pages. Raises Failure when there are too many, or when something in them is broken."""
    attached = {attachment.name: (attachment.media_type, attachment.content) for attachment in attachments}
    with _no_complaints():
        pages = weasyprint.HTML(string=html, base_url=ORIGIN, url_fetcher=Fetcher(attached)).render(
            font_config=_fonts(), stylesheets=stylesheets, pdf_variant=VARIANT
        )
    if len(pages.pages) > MAX_PAGES:
        raise Failure(
            "pages",
            _(
                "The document would have %(pages)d pages, and at most %(limit)d can be made. Shorten the texts or "
                "leave some of them out."
            ),
            pages=len(pages.pages),
            limit=MAX_PAGES,
        )
    return pages


def write(pages: weasyprint.Document, frozen: Frozen, attachments: list[Attachment]) -> bytes:
    """Return the pages as PDF/A-3a and PDF/UA-1, with the attachments inside. Raises Failure when it is too large."""
    # From the frozen context, not from the clock: the same content is the same file.
    day = datetime(frozen.meta.on.year, frozen.meta.on.month, frozen.meta.on.day, tzinfo=UTC)
    embedded = [
        weasyprint.Attachment(
            file_obj=io.BytesIO(attachment.content),
            name=attachment.name,
            description=attachment.description,
            created=day,
            modified=day,
            relationship="Data",
        )
        for attachment in sorted(attachments, key=lambda attachment: attachment.name)
    ]
    with _no_complaints():
        content: bytes = pages.write_pdf(pdf_variant=VARIANT, attachments=embedded)
    content = pdf.mark(content)
    if len(content) > MAX_BYTES:
        raise Failure(
            "size",
            _(
                "The file would be %(size)d MB, and at most %(limit)d MB can be stored. Shorten the texts or leave "
                "some of them out."
            ),
            size=len(content) // 1_000_000,
            limit=MAX_BYTES // 1_000_000,
        )
    return content


class _Collector(logging.Handler):
    """Keeps what one thread logs as warnings and errors."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record."""
        if record.thread == self._thread:
            self.records.append(record)


@contextlib.contextmanager
def _no_complaints() -> Iterator[None]:
    """Make failures of what the layout engine only logs and goes on: a link that leads nowhere, a missing letter."""
    collector = _Collector()
    logger = logging.getLogger("weasyprint")
    logger.addHandler(collector)
    try:
        yield
    finally:
        logger.removeHandler(collector)
    letters = {letter for record in collector.records for letter in UNKNOWN_LETTER.findall(record.getMessage())}
    if letters:
        raise Failure(
            "letters",
            _(
                "The texts have characters that no font here knows: %(letters)s. They would be missing from the "
                "document. Replace them or leave them out."
            ),
            letters=tuple(sorted(letters)),
        )
    errors = [record.getMessage() for record in collector.records if record.levelno >= logging.ERROR]
    if errors:
        raise Failure(
            "layout",
            _(
                "The page template has errors that would show in the document: %(errors)s. The administrator has to "
                "have it mended; then have the document made again."
            ),
            errors=tuple(dict.fromkeys(errors)),
        )


# --- What the pages may fetch -----------------------------------------------------------------------------------


class Fetcher(URLFetcher):
    """Serves the static files and what is attached by name; any other address stops the rendering.

    Texts in a document come from people. None of them can make the worker read a file or call a server.
    """

    def __init__(self, attached: Mapping[str, tuple[str, bytes]]) -> None:
        super().__init__(fail_on_errors=True)
        self._attached = attached

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Return the content of an address inside ORIGIN. Raises Failure for any other."""
        address = urlsplit(url)
        path = unquote(address.path).removeprefix("/")
        if f"{address.scheme}://{address.netloc}/" == ORIGIN:
            if path.startswith(ATTACHED):
                name = path.removeprefix(ATTACHED)
                if name in self._attached:
                    media_type, content = self._attached[name]
                    return URLFetcherResponse(url, content, {"Content-Type": media_type})
            elif path.startswith(STATIC):
                with contextlib.suppress(FileNotFoundError):
                    file = storage.static_file(path.removeprefix(STATIC))
                    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
                    return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": media_type})
        raise Failure(
            "address",
            _(
                "The document refers to %(address)s, which may not be fetched: a document is made of its own files "
                "only. The administrator has to have the page template mended; then have the document made again."
            ),
            address=url if len(url) <= 200 else f"{url[:200]}…",
        )

"""Documents: asked for, queued, rendered, failed, retried, stored whole, taken, and the log of it."""

from __future__ import annotations

import errno
import hashlib
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.db.models.functions import Now
from django.template import Engine
from django.utils import timezone, translation
from django_scopes import scope, scopes_disabled
from pytest_django import Settings

from municipalities.access import access_of
from municipalities.documents import (
    Kind,
    downloads,
    kinds,
    lifecycle,
    open_document,
    path_of,
    purge_downloads,
    record_download,
    rendering,
    request_document,
    retry,
    step_label,
    storage,
    visible_documents,
)
from municipalities.documents.lifecycle import Lease, LeaseLost, crash, finish, reap, requeue, start
from municipalities.documents.rendering import Fetcher, render
from municipalities.models import County, Document, Download, Event, User
from municipalities.moves import NotAllowedNow
from tests.municipalities.sample import ASKED_AT, KIND, TEMPLATES, Sample, request_sample, sample

State = Document.State


@pytest.fixture(autouse=True)
def _sample_kind(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Know the sample kind, and keep the documents of each test apart."""
    first, *rest = settings.TEMPLATES
    settings.TEMPLATES = [{**first, "DIRS": [*first["DIRS"], TEMPLATES, tmp_path / "templates"]}, *rest]
    settings.DOCUMENTS_ROOT = tmp_path / "documents"
    monkeypatch.setitem(kinds._kinds, KIND.name, KIND)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The documents that messages have been sent for."""
    messages: list[int] = []

    def send(county_id: int, document_id: int) -> bool:
        messages.append(document_id)
        return True

    monkeypatch.setattr(lifecycle, "send", send)
    return messages


@pytest.fixture
def other_scope(keski_uusimaa: County) -> Iterator[County]:
    """Work inside the other county."""
    with scope(county=keski_uusimaa):
        yield keski_uusimaa


def fresh(document: Document) -> Document:
    """Return the row as it is now."""
    row: Document = Document.objects.get(pk=document.pk)
    return row


def left(document: Document) -> timedelta:
    """Return for how long the lease, or the message, is still believed."""
    until = fresh(document).leased_until
    assert until is not None
    return until - timezone.now()


def held(county: County, document: Document) -> Lease:
    """Take the lease of a document that is free."""
    lease = start(county, document.pk)
    assert lease is not None
    return lease


def run_out(document: Document) -> None:
    """Let the lease, or the trust in the message, have run out a moment ago."""
    Document.objects.filter(pk=document.pk).update(leased_until=Now() - timedelta(seconds=1))


def verbs(document: Document) -> list[str]:
    """Return what the log tells of the document."""
    return list(
        Event.objects.filter(subject="municipalities.document", subject_id=document.pk).values_list("verb", flat=True)
    )


def failed(county: County, context: Sample | None = None) -> Document:
    """Return a document that has failed at its first attempt."""
    document = request_sample(county, context or sample())
    lease = held(county, document)
    lifecycle.fail(lease, lambda: lifecycle.failures.interrupted(1))
    return fresh(document)


# --- Asking ----------------------------------------------------------------------------------------------------


def test_a_request_freezes_queues_and_tells_the_workers_when_it_is_committed(
    in_scope: County, coordinator: User, sent: list[int], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        document = request_sample(in_scope, sample(), by=coordinator)
        assert sent == []
    assert sent == [document.pk]
    assert document.state == State.QUEUED
    assert document.context["meta"] == {
        "title": "Näyteasiakirja: Väestö kunnittain",
        "language": "fi",
        "county": "Keski-Suomen hyvinvointialue",
        "county_short": "",
        "website": "",
        "colour": "#0e5d8a",
        "variant": "final",
        "on": "2024-12-16",
    }
    assert document.context["doc"]["rows"][1] == {"name": "Joutsa", "population": 4037, "share": "0.1"}
    assert kinds.thaw(fresh(document)).doc == sample()
    event = Event.objects.get(subject_id=document.pk, verb="requested")
    assert event.user == coordinator
    assert event.at == ASKED_AT


def test_the_same_content_is_one_row(
    in_scope: County, sent: list[int], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = request_sample(in_scope, sample())
        second = request_sample(in_scope, sample())
    assert first.pk == second.pk
    assert sent == [first.pk]


@pytest.mark.parametrize("change", ["heading", "variant", "language", "day", "colour", "layout"])
def test_anything_that_shows_makes_another_document(
    change: str, in_scope: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = request_sample(in_scope, sample())
    if change == "colour":
        in_scope.colour = "#aa0000"
    if change == "layout":
        monkeypatch.setattr(kinds, "LAYOUT_VERSION", "another")
    after = request_document(
        county=in_scope,
        kind="sample",
        context=sample("Toinen otsikko" if change == "heading" else "Väestö kunnittain"),
        language="sv" if change == "language" else "fi",
        variant="draft" if change == "variant" else "final",
        title="Näyteasiakirja: Väestö kunnittain",
        file_name="nayte.pdf",
        by=None,
        at=ASKED_AT + timedelta(days=1) if change == "day" else ASKED_AT,
    )
    assert after.pk != before.pk


def test_the_layout_version_sees_every_template_stylesheet_and_translation(tmp_path: Path, settings: Settings) -> None:
    def version() -> str:
        return kinds.template_version(
            replace(KIND, template="documents/child.html", stylesheets=("deep/own.css",)), "fi"
        )

    folder = tmp_path / "templates" / "documents"
    folder.mkdir(parents=True)
    (tmp_path / "static" / "deep").mkdir(parents=True)
    (tmp_path / "locale" / "fi" / "LC_MESSAGES").mkdir(parents=True)
    settings.STATICFILES_DIRS = [*settings.STATICFILES_DIRS, tmp_path / "static"]
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    files = {
        folder / "child.html": '{% extends "documents/base.html" %}{% block content %}{% if 1 %}'
        '{% include "documents/part.html" %}{% endif %}{% endblock %}',
        folder / "part.html": "part",
        tmp_path / "static" / "deep" / "own.css": "p {}",
        tmp_path / "locale" / "fi" / "LC_MESSAGES" / "django.mo": "words",
    }
    for file, content in files.items():
        file.write_text(content)
    before = version()
    assert version() == before
    for file, content in files.items():
        file.write_text(f"{content} ")
        assert version() != before, file
        file.write_text(content)
    assert version() == before


def test_the_same_content_in_two_counties_is_two_documents(
    keski_suomi: County, keski_uusimaa: County, settings: Settings
) -> None:
    keski_uusimaa.area.name_fi = keski_suomi.area.name_fi
    with scope(county=keski_suomi):
        one = request_sample(keski_suomi, sample())
    with scope(county=keski_uusimaa):
        other = request_sample(keski_uusimaa, sample())
    assert one.context == other.context
    assert one.key != other.key
    folders = [path_of(document).relative_to(settings.DOCUMENTS_ROOT).parts[0] for document in (one, other)]
    assert folders == [str(keski_suomi.pk), str(keski_uusimaa.pk)]


@dataclass(frozen=True)
class Lossy:
    """Contexts that JSON cannot carry both ways."""

    anything: Any


@pytest.mark.parametrize("value", [(1, 2), date(2024, 1, 1), float("nan"), object(), {1, 2}])
def test_a_context_that_does_not_survive_freezing_is_refused(value: object, in_scope: County) -> None:
    with pytest.raises(TypeError, match="lossy"):
        kinds.freeze(replace(KIND, name="lossy", context_type=Lossy), _meta(), Lossy(value))


def _meta() -> kinds.Meta:
    return kinds.Meta("Otsikko", "fi", "Keski-Suomi", "", "", "#0e5d8a", "final", date(2024, 12, 16))


def test_too_much_content_is_refused_with_the_sizes(in_scope: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "MAX_CONTEXT_BYTES", 1_000_000)
    with pytest.raises(NotAllowedNow, match=r"1[.,]2.*1[.,]0"):
        request_sample(in_scope, sample(paragraphs=["x" * 1_150_000]))
    assert not Document.objects.exists()


def test_a_kind_is_registered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "_kinds", {})
    kinds.register(KIND)
    kinds.register(replace(KIND))
    with pytest.raises(ValueError, match="sample"):
        kinds.register(replace(KIND, template="documents/base.html"))


# --- Rendering -------------------------------------------------------------------------------------------------


def test_a_queued_document_becomes_ready(in_scope: County, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[str, int, bool]] = []
    document = request_sample(in_scope, sample())
    genuine = Lease.step

    def watched(lease: Lease, name: str) -> None:
        genuine(lease, name)
        now = fresh(document)
        steps.append((now.step, now.progress, path_of(now).exists()))

    monkeypatch.setattr(Lease, "step", watched)
    monkeypatch.setattr(rendering, "STEP_SEEN", 0)
    render(in_scope, document.pk)
    assert steps == [
        ("laying-out", 5, False),
        ("writing", 70, False),
        ("checking", 85, False),
        ("storing", 95, False),
    ]
    document = fresh(document)
    content = path_of(document).read_bytes()
    assert document.state == State.READY
    assert (document.progress, document.step, document.reason, document.lease) == (100, "", "", None)
    assert document.size == len(content)
    assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert document.pages == len(pikepdf.open(path_of(document)).pages) == 1
    assert document.attempts == 1
    assert verbs(document) == ["requested", "started", "ready"]
    assert [file.name for file in path_of(document).parent.iterdir()] == [f"{document.key}.pdf"]


def test_a_short_document_is_ready_before_a_second_step_is_told(
    in_scope: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = request_sample(in_scope, sample())
    monkeypatch.setattr(rendering, "STEP_SEEN", 60)
    told: list[str] = []
    monkeypatch.setattr(Lease, "step", lambda lease, name: told.append(name))
    render(in_scope, document.pk)
    assert fresh(document).state == State.READY
    assert told == ["laying-out"]


def test_a_message_that_comes_twice_does_nothing(in_scope: County) -> None:
    document = request_sample(in_scope, sample())
    render(in_scope, document.pk)
    written = path_of(document).stat()
    render(in_scope, document.pk)
    assert path_of(document).stat().st_mtime_ns == written.st_mtime_ns
    assert fresh(document).attempts == 1


def test_a_document_that_somebody_renders_is_left_alone(in_scope: County) -> None:
    document = request_sample(in_scope, sample())
    lease = held(in_scope, document)
    assert start(in_scope, document.pk) is None
    assert fresh(document).lease == lease.token


def test_asking_again_for_a_ready_document_renders_nothing(in_scope: County, sent: list[int]) -> None:
    document = request_sample(in_scope, sample())
    render(in_scope, document.pk)
    assert request_sample(in_scope, sample()).state == State.READY


def test_a_document_asked_for_before_a_change_of_layout_gets_its_new_address(
    in_scope: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = request_sample(in_scope, sample())
    monkeypatch.setattr(kinds, "LAYOUT_VERSION", "another")
    render(in_scope, document.pk)
    assert fresh(document).key != document.key
    assert request_sample(in_scope, sample()).pk == document.pk


def test_of_two_with_the_same_new_address_only_one_gets_it(in_scope: County, monkeypatch: pytest.MonkeyPatch) -> None:
    old = request_sample(in_scope, sample())
    monkeypatch.setattr(kinds, "LAYOUT_VERSION", "another")
    new = request_sample(in_scope, sample())
    render(in_scope, old.pk)
    render(in_scope, new.pk)
    assert (fresh(old).key, fresh(new).key) == (old.key, new.key)
    assert fresh(old).state == fresh(new).state == State.READY


# --- Fencing ---------------------------------------------------------------------------------------------------


def test_only_the_holder_of_the_lease_can_finish(in_scope: County) -> None:
    document = request_sample(in_scope, sample())
    dead = held(in_scope, document)
    run_out(document)
    alive = held(in_scope, document)
    theirs = storage.write(document, b"of the worker thought dead", dead.token)
    with pytest.raises(LeaseLost):
        dead.extend()
    with pytest.raises(LeaseLost):
        dead.step("storing")
    with pytest.raises(LeaseLost):
        finish(dead, theirs, pages=1)
    with pytest.raises(LeaseLost):
        lifecycle.fail(dead, lambda: lifecycle.failures.interrupted(1))
    theirs.discard()
    assert not path_of(document).exists()
    assert fresh(document).state == State.RENDERING
    ours = storage.write(document, b"of the worker alive", alive.token)
    finish(alive, ours, pages=1)
    assert path_of(document).read_bytes() == b"of the worker alive"
    with pytest.raises(LeaseLost):
        finish(dead, storage.write(document, b"late", dead.token), pages=1)
    assert path_of(document).read_bytes() == b"of the worker alive"


def test_a_worker_that_lost_its_lease_drops_its_work(in_scope: County, monkeypatch: pytest.MonkeyPatch) -> None:
    document = request_sample(in_scope, sample())
    genuine = rendering.compose
    taken: list[Lease] = []

    def slow(kind: Kind, frozen: kinds.Frozen) -> str:
        run_out(document)
        taken.append(held(in_scope, document))
        return genuine(kind, frozen)

    monkeypatch.setattr(rendering, "compose", slow)
    render(in_scope, document.pk)
    assert fresh(document).state == State.RENDERING
    assert fresh(document).lease == taken[0].token
    assert not path_of(document).exists()


def test_a_lease_is_believed_for_thirty_seconds(in_scope: County) -> None:
    document = request_sample(in_scope, sample())
    held(in_scope, document)
    assert timedelta(seconds=25) < left(document) <= timedelta(seconds=30)


# --- Whole or not at all -------------------------------------------------------------------------------------------


def test_what_a_killed_worker_left_half_written_goes_with_the_reaper(in_scope: County) -> None:
    """What somebody is at work with stays, and so does what is none of ours."""
    document = request_sample(in_scope, sample())
    dead = held(in_scope, document)
    leftover = storage.write(document, b"%PDF-1.7 half", dead.token)
    run_out(document)
    alive = held(in_scope, document)
    in_work = storage.write(document, b"%PDF-1.7 whole", alive.token)
    stranger = storage.unfinished() / "notes.part"
    stranger.write_text("of the administrator")
    assert leftover.path.parent == in_work.path.parent == stranger.parent
    reap()
    assert [path.exists() for path in (leftover.path, in_work.path, stranger)] == [False, True, True]
    finish(alive, in_work, pages=1)
    assert list(storage.unfinished().iterdir()) == [stranger]


def test_a_write_that_fails_leaves_nothing(in_scope: County, monkeypatch: pytest.MonkeyPatch) -> None:
    document = request_sample(in_scope, sample())

    def broken(handle: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(storage.os, "fsync", broken)
    for folder in (path_of(document).parent, storage.unfinished()):
        folder.mkdir(parents=True)
    with pytest.raises(OSError, match="input/output"):
        storage.write(document, b"content", uuid4())
    assert [*path_of(document).parent.iterdir(), *storage.unfinished().iterdir()] == []


def test_a_file_that_is_in_place_but_was_not_committed_is_rendered_again(
    in_scope: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = request_sample(in_scope, sample())
    lease = held(in_scope, document)
    storage.write(document, b"whole, but the worker died before the commit", lease.token).publish()
    run_out(document)
    requeue(fresh(document))
    render(in_scope, document.pk)
    assert fresh(document).state == State.READY
    assert path_of(document).read_bytes().startswith(b"%PDF")


# --- Failing, and trying again ---------------------------------------------------------------------------------------


def broken(tmp_path: Path, content: str, **changes: Any) -> Kind:
    """Return a kind whose template is this."""
    folder = tmp_path / "templates" / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "broken.html").write_text(content)
    return replace(KIND, template="documents/broken.html", **changes)


def reason_of(county: County, document: Document, code: str) -> str:
    """Render a document that fails with this code; return the reason people see."""
    render(county, document.pk)
    document = fresh(document)
    assert document.state == State.FAILED
    assert not path_of(document).exists()
    assert not [*path_of(document).parent.glob("*"), *storage.unfinished().glob("*")]
    event = Event.objects.filter(subject_id=document.pk, verb="failed").latest("id")
    assert event.payload["code"] == code, document.reason
    assert (document.lease, document.leased_until, document.step) == (None, None, "")
    return document.reason


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("{{ doc.nothing }}", "doc.nothing"),
        ("{{ meta.on|date:undefined }}", "undefined"),
        ("{% for row in doc.rows %}{{ row.name|truncatewords:row }}{% endfor %}", "int()"),
        ("{{ doc.heading|slice:':1'.x }}", "slice"),
    ],
)
def test_a_template_error_is_named_with_template_and_line(
    fault: str, told: str, in_scope: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = '{% extends "documents/base.html" %}\n{% block content %}\n\n%s\n{% endblock %}'
    monkeypatch.setitem(kinds._kinds, "sample", broken(tmp_path, page.replace("%s", "")))
    document = request_sample(in_scope, sample())
    monkeypatch.setitem(kinds._kinds, "sample", broken(tmp_path, page.replace("%s", fault)))
    reason = reason_of(in_scope, document, "template")
    assert "documents/broken.html" in reason
    assert " 4" in reason
    assert told in reason


def test_a_full_disk_is_named(in_scope: County, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = storage.write

    def on_a_full_disk(*arguments: Any) -> storage.Unpublished:
        # The kernel itself refuses to let the file grow, as it does on a full disk or over a quota.
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        try:
            return genuine(*arguments)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    document = request_sample(in_scope, sample())
    with monkeypatch.context() as patch:
        patch.setattr(storage, "write", on_a_full_disk)
        reason_of(in_scope, document, "disk")
    retry(fresh(document), by=None)
    render(in_scope, document.pk)
    assert fresh(document).state == State.READY


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_known_behind_another_error(number: int) -> None:
    try:
        try:
            raise OSError(number, "no room")
        except OSError as error:
            raise RuntimeError("the layout engine could not keep a font") from error
    except RuntimeError as error:
        assert lifecycle.failures.explain(error, document_id=1).code == "disk"


def test_the_time_limit_is_named(in_scope: County, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    def interrupted(*arguments: Any) -> str:
        raise SoftTimeLimitExceeded

    document = request_sample(in_scope, sample())
    monkeypatch.setattr(rendering, "lay_out", interrupted)
    assert str(settings.CELERY_TASK_SOFT_TIME_LIMIT) in reason_of(in_scope, document, "time")


def test_the_time_limit_holds_when_the_layout_engine_has_swallowed_it(in_scope: County, settings: Settings) -> None:
    settings.CELERY_TASK_SOFT_TIME_LIMIT = 0
    reason_of(in_scope, request_sample(in_scope, sample()), "time")


def test_too_many_pages_are_named(in_scope: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "MAX_PAGES", 2)
    reason = reason_of(in_scope, request_sample(in_scope, sample(rows=150)), "pages")
    assert " 2 " in reason


def test_too_large_a_file_is_named(in_scope: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "MAX_BYTES", 2000)
    reason_of(in_scope, request_sample(in_scope, sample()), "size")


@pytest.mark.parametrize("language", ["sv", "fi"])
def test_the_reason_is_in_the_countys_language(language: str, in_scope: County) -> None:
    in_scope.languages = [language, "en"]
    in_scope.save()
    spoken: list[str | None] = []

    def why() -> lifecycle.Failure:
        spoken.append(translation.get_language())
        return lifecycle.failures.out_of_time()

    document = request_sample(in_scope, sample())
    with translation.override("en"):
        lifecycle.fail(held(in_scope, document), why)
        assert translation.get_language() == "en"
    assert spoken == [language]


def test_an_unexpected_error_is_told_with_the_number_to_look_for(
    in_scope: County, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def surprise(*arguments: Any) -> str:
        raise ZeroDivisionError("division by zero")

    document = request_sample(in_scope, sample())
    monkeypatch.setattr(rendering, "write", surprise)
    reason = reason_of(in_scope, document, "unexpected")
    assert "ZeroDivisionError" in reason
    assert str(document.pk) in reason
    assert f"document {document.pk} could not be made" in caplog.text


@dataclass(frozen=True)
class Curious:
    """A context that reads the database when it is shown."""

    rows: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Ask the database."""
        return int(Document.objects.count())


def test_a_document_of_the_past_is_ordered_then(in_scope: County) -> None:
    """Its place in the list and its log tell the same moment; asked for without one, it is now."""
    for at in (ASKED_AT, None):
        document = request_document(
            county=in_scope, kind="sample", context=sample(str(at)), language="fi", variant="final", title="Otsikko",
            file_name="a.pdf", by=None, at=at,
        )  # fmt: skip
        event = Event.objects.get(subject="municipalities.document", subject_id=document.pk)
        assert document.queued_at == event.at
        assert event.at == at or timezone.now() - event.at < timedelta(minutes=1)


def test_a_template_runs_no_queries(in_scope: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = '{% extends "documents/base.html" %}{% block content %}{{ doc.count }}{% endblock %}'
    kind = broken(tmp_path, page, name="curious", context_type=Curious, attachments=kinds.no_attachments)
    monkeypatch.setitem(kinds._kinds, "curious", kind)
    document = request_document(
        county=in_scope, kind="curious", context=Curious(), language="fi", variant="final", title="Otsikko",
        file_name="a.pdf", by=None,
    )  # fmt: skip
    assert "documents/broken.html" in reason_of(in_scope, document, "template")


def test_a_page_that_would_fail_readers_is_not_given_out(
    in_scope: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = '{% extends "documents/base.html" %}{% block content %}<h2>Yksi</h2><h4>Hyppy</h4>{% endblock %}'
    monkeypatch.setitem(kinds._kinds, "sample", broken(tmp_path, page))
    assert "4" in reason_of(in_scope, request_sample(in_scope, sample()), "check")


def test_a_link_that_leads_nowhere_fails_the_document(
    in_scope: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = '{% extends "documents/base.html" %}{% block content %}<h2>A</h2><a href="#gone">B</a>{% endblock %}'
    monkeypatch.setitem(kinds._kinds, "sample", broken(tmp_path, page))
    assert "gone" in reason_of(in_scope, request_sample(in_scope, sample()), "layout")


def test_letters_that_no_font_has_are_named(in_scope: County) -> None:
    document = request_sample(in_scope, sample(paragraphs=["Luettelo \uf0b7 Wordista"]))
    assert "U+F0B7" in reason_of(in_scope, document, "letters")


def test_a_kind_that_is_gone_fails_its_documents(in_scope: County, monkeypatch: pytest.MonkeyPatch) -> None:
    document = request_sample(in_scope, sample())
    monkeypatch.delitem(kinds._kinds, "sample")
    assert "sample" in reason_of(in_scope, document, "unexpected")


def test_a_context_that_can_no_longer_be_read_fails_the_document(in_scope: County) -> None:
    document = request_sample(in_scope, sample())
    Document.objects.filter(pk=document.pk).update(context={"meta": document.context["meta"], "doc": {"rows": 5}})
    reason_of(in_scope, document, "unexpected")


def test_a_failed_document_is_retried_with_a_clean_row(
    in_scope: County, coordinator: User, sent: list[int], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    document = failed(in_scope)
    assert document.reason
    with django_capture_on_commit_callbacks(execute=True):
        document = retry(document, by=coordinator)
    assert sent[-1] == document.pk
    document = fresh(document)
    assert (document.state, document.attempts, document.reason, document.progress) == (State.QUEUED, 0, "", 0)
    assert left(document) > timedelta(seconds=25)
    assert Event.objects.get(subject_id=document.pk, verb="retried").user == coordinator


def test_asking_again_for_a_failed_document_queues_it(in_scope: County) -> None:
    document = failed(in_scope)
    again = request_sample(in_scope, sample())
    assert (again.pk, again.state) == (document.pk, State.QUEUED)


def in_state(county: County, state: State) -> Document:
    """Return a document that has come to this state as documents do."""
    if state == State.FAILED:
        return failed(county)
    document = request_sample(county, sample())
    if state == State.RENDERING:
        held(county, document)
    elif state == State.READY:
        render(county, document.pk)
    return fresh(document)


@pytest.mark.parametrize("state", list(State))
def test_only_a_failed_document_can_be_retried(state: State, in_scope: County) -> None:
    document = in_state(in_scope, state)
    if state in lifecycle.MOVES["retry"][0]:
        assert retry(document, by=None).state == State.QUEUED
    else:
        with pytest.raises(NotAllowedNow):
            retry(document, by=None)
        assert fresh(document).state == state


# --- The reaper ------------------------------------------------------------------------------------------------------


def test_what_a_dead_worker_left_is_queued_again(
    in_scope: County, sent: list[int], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    document = request_sample(in_scope, sample())
    lease = held(in_scope, document)
    with django_capture_on_commit_callbacks(execute=True):
        reap()
    assert fresh(document).lease == lease.token, "a lease that has not run out"
    run_out(document)
    with django_capture_on_commit_callbacks(execute=True):
        reap()
    assert fresh(document).state == State.QUEUED
    assert sent == [document.pk]
    render(in_scope, document.pk)
    assert fresh(document).state == State.READY
    assert verbs(document) == ["requested", "started", "requeued", "started", "ready"]


def test_a_document_under_which_three_processes_die_fails(
    in_scope: County, sent: list[int], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    """And before the third, it is tried again at once. Having it made again gives it three more."""
    document = request_sample(in_scope, sample())
    for _life in range(2):
        for message in ("one", "two", "three"):
            sent.clear()
            assert start(in_scope, document.pk, message=message) is not None
            with django_capture_on_commit_callbacks(execute=True):
                crash(document.pk, message=message)
            assert sent == ([document.pk] if message != "three" else [])
        document = fresh(document)
        assert document.state == State.FAILED
        assert "3" in document.reason
        assert Event.objects.filter(subject_id=document.pk, verb="failed").latest("pk").payload["code"] == "interrupted"
        assert start(in_scope, document.pk) is None
        retry(document, by=None)


def test_workers_that_go_as_a_whole_do_not_speak_against_a_document(in_scope: County, sent: list[int]) -> None:
    """Nine times over, with two crashes between; the tenth is the last, so that nothing goes round for ever."""
    document = request_sample(in_scope, sample())
    for attempt in range(1, 11):
        assert fresh(document).state == State.QUEUED, attempt
        assert start(in_scope, document.pk, message=str(attempt)) is not None
        if attempt in {4, 5}:
            crash(document.pk, message=str(attempt))
        else:
            run_out(document)
            reap()
    document = fresh(document)
    assert (document.state, document.attempts) == (State.FAILED, 10)
    assert "10" in document.reason
    assert verbs(document).count("crashed") == 2


def test_a_crash_is_told_of_only_by_whoever_has_the_document(in_scope: County) -> None:
    """A worker that stood still may tell too late: of a document that another has, or that is ready."""
    document = request_sample(in_scope, sample())
    start(in_scope, document.pk, message="slow")
    run_out(document)
    theirs = start(in_scope, document.pk, message="quick")
    assert theirs is not None
    crash(document.pk, message="slow")
    assert fresh(document).lease == theirs.token
    finish(theirs, storage.write(document, b"content", theirs.token), pages=1)
    crash(document.pk, message="quick")
    assert fresh(document).state == State.READY
    assert "crashed" not in verbs(document)


def test_a_late_message_after_the_last_attempt_fails_the_document_too(in_scope: County) -> None:
    document = request_sample(in_scope, sample())
    for _attempt in range(lifecycle.MAX_ATTEMPTS):
        held(in_scope, document)
        run_out(document)
    assert start(in_scope, document.pk) is None
    assert fresh(document).state == State.FAILED


def test_a_lost_message_is_sent_again_once_a_minute_at_most(
    in_scope: County, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "messages_waiting", lambda: 0)
    document = request_sample(in_scope, sample())
    reap()
    assert sent == [], "a message is given its time"
    run_out(document)
    reap()
    reap()
    assert sent == [document.pk]
    assert left(document) > timedelta(seconds=50)


def test_documents_that_wait_behind_each_other_cause_no_flood(
    in_scope: County, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [request_sample(in_scope, sample(f"Asiakirja {n}")) for n in range(60)]
    for document in documents:
        run_out(document)
    for waiting, expected in ((60, 0), (50, 0), (45, 5), (0, 50), (0, 5)):
        monkeypatch.setattr(lifecycle, "messages_waiting", lambda waiting=waiting: waiting)
        sent.clear()
        reap()
        assert len(sent) == expected, waiting


def test_the_reaper_serves_every_county(
    keski_suomi: County, keski_uusimaa: County, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "messages_waiting", lambda: 0)
    documents = []
    for county in (keski_suomi, keski_uusimaa):
        with scope(county=county):
            documents.append(request_sample(county, sample()))
            run_out(documents[-1])
    reap()
    assert sorted(sent) == sorted(document.pk for document in documents)


def test_without_redis_a_request_stands_and_is_not_kept_waiting(
    in_scope: County,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    from municipalities.tasks import render_document

    def down(*arguments: Any, **options: Any) -> None:
        raise render_document.OperationalError("connection refused")

    monkeypatch.setattr(render_document, "apply_async", down)
    with django_capture_on_commit_callbacks(execute=True):
        document = request_sample(in_scope, sample())
    assert fresh(document).state == State.QUEUED
    assert "no message could be sent" in caplog.text


# --- Taking ----------------------------------------------------------------------------------------------------------


def test_a_ready_document_opens_with_what_an_answer_needs(in_scope: County) -> None:
    document = in_state(in_scope, State.READY)
    stored = open_document(document)
    with stored.file:
        content = stored.file.read()
    assert content.startswith(b"%PDF-1.7")
    assert stored.content_type == "application/pdf"
    assert stored.file_name == "nayte.pdf"
    assert stored.size == len(content)
    assert stored.etag == f'"{hashlib.sha256(content).hexdigest()}"'


@pytest.mark.parametrize("state", [State.QUEUED, State.RENDERING, State.FAILED])
def test_only_a_ready_document_can_be_taken(state: State, in_scope: County, coordinator: User) -> None:
    document = in_state(in_scope, state)
    with pytest.raises(NotAllowedNow):
        open_document(document)
    with pytest.raises(NotAllowedNow):
        record_download(document, user=coordinator)
    assert not Download.objects.exists()


@pytest.mark.parametrize("damage", ["gone", "cut short"])
def test_a_lost_file_makes_a_failed_document_that_can_be_made_again(damage: str, in_scope: County) -> None:
    document = in_state(in_scope, State.READY)
    if damage == "gone":
        path_of(document).unlink()
    else:
        path_of(document).write_bytes(b"%PDF")
    with pytest.raises(NotAllowedNow):
        open_document(document)
    document = fresh(document)
    assert document.state == State.FAILED
    assert document.reason
    retry(document, by=None)
    render(in_scope, document.pk)
    assert open_document(fresh(document)).size == document.size


def test_asking_for_a_document_whose_file_is_lost_makes_it_again(in_scope: County) -> None:
    document = in_state(in_scope, State.READY)
    path_of(document).unlink()
    assert request_sample(in_scope, sample()).state == State.QUEUED


def test_each_download_is_logged(in_scope: County, coordinator: User, board_member: User) -> None:
    document = in_state(in_scope, State.READY)
    for user in (coordinator, board_member, coordinator):
        record_download(document, user=user)
    assert [(d.user, d.document) for d in Download.objects.order_by("pk")] == [
        (coordinator, document),
        (board_member, document),
        (coordinator, document),
    ]


def test_the_log_of_downloads_goes_by_each_countys_own_days(
    keski_suomi: County, keski_uusimaa: County, coordinator: User
) -> None:
    keski_suomi.download_retention_days = 30
    keski_suomi.save()
    kept = {}
    for county in (keski_suomi, keski_uusimaa):
        with scope(county=county):
            document = in_state(county, State.READY)
            for days in (29, 31, 729, 731):
                row = record_download(document, user=coordinator)
                Download.objects.filter(pk=row.pk).update(at=timezone.now() - timedelta(days=days))
    assert purge_downloads() == 4
    for county in (keski_suomi, keski_uusimaa):
        with scope(county=county):
            kept[county] = sorted((timezone.now() - row.at).days for row in Download.objects.all())
    assert kept == {keski_suomi: [29], keski_uusimaa: [29, 31, 729]}
    assert downloads.retention_days(keski_suomi) == 30


def test_who_may_know_of_a_document_is_for_its_kind_to_say(
    in_scope: County, coordinator: User, board_member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = request_sample(in_scope, sample())
    seen = {user: list(visible_documents(access_of(user, "keski-suomi"))) for user in (coordinator, board_member)}
    assert seen == {coordinator: [document], board_member: []}
    monkeypatch.delitem(kinds._kinds, "sample")
    assert list(visible_documents(access_of(coordinator, "keski-suomi"))) == [], "nobody is left to judge"


def test_nobody_sees_documents_of_another_county(keski_suomi: County, other_scope: County, outsider: User) -> None:
    with scope(county=keski_suomi):
        request_sample(keski_suomi, sample())
    assert list(visible_documents(access_of(outsider, "keski-uusimaa"))) == []
    with scopes_disabled():
        assert Document.objects.count() == 1


def test_each_step_has_words(in_scope: County) -> None:
    document = request_sample(in_scope, sample())
    assert step_label(document) == ""
    for name in lifecycle.STEPS:
        document.step = name
        assert step_label(document)


# --- What a page may fetch ----------------------------------------------------------------------------------------

REFUSED = [
    "file:///etc/passwd",
    Path("static/documents/base.css").resolve().as_uri(),
    "http://localhost/",
    "http://169.254.169.254/latest/meta-data/",
    "https://example.org/logo.png",
    "ftp://example.org/logo.png",
    "data:text/css,p{}",
    "https://documents.invalid.example.org/static/documents/base.css",
    "https://user@documents.invalid/static/documents/base.css",
    "http://documents.invalid/static/documents/base.css",
    "https://documents.invalid/documents/base.css",
    "https://documents.invalid/static/../manage.py",
    "https://documents.invalid/static/documents/../../manage.py",
    "https://documents.invalid/static/%2e%2e/manage.py",
    "https://documents.invalid/static/..%2fmanage.py",
    "https://documents.invalid/static//etc/passwd",
    "https://documents.invalid/static/%2fetc%2fpasswd",
    "https://documents.invalid/static/documents",
    "https://documents.invalid/static/",
    "https://documents.invalid/static/documents/none.css",
    "https://documents.invalid/static/documents/base.css%00.png",
    "https://documents.invalid/attached/other.csv",
    "https://documents.invalid/attached/../static/documents/base.css",
    "https://documents.invalid/",
    "",
]


@pytest.mark.parametrize("address", REFUSED)
def test_the_fetcher_refuses(address: str) -> None:
    with pytest.raises(lifecycle.Failure) as caught:
        Fetcher({"luvut.csv": ("text/csv", b"1")}).fetch(address)
    assert caught.value.code == "address"


def test_the_fetcher_serves_static_files_and_what_is_attached() -> None:
    fetcher = Fetcher({"luvut.csv": ("text/csv", b"1;2")})
    css = fetcher.fetch("https://documents.invalid/static/documents/base.css")
    assert (css.content_type, b"@page" in css.read()) == ("text/css", True)
    font = fetcher.fetch("https://documents.invalid/static/source-sans-3/source-sans-3-latin-400-normal.woff2")
    assert font.read().startswith(b"wOF2")
    assert fetcher.fetch("https://documents.invalid/attached/luvut.csv").read() == b"1;2"


def test_static_files_are_found_where_they_were_collected(settings: Settings, tmp_path: Path) -> None:
    settings.STATICFILES_DIRS = []
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "base.css").write_text("p {}")
    assert storage.static_file("documents/base.css").read_text() == "p {}"
    with pytest.raises(FileNotFoundError):
        storage.static_file("../secret-key")


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://localhost:1/x.png", "../../etc/passwd", "/static/no.png"]
)
@pytest.mark.parametrize("field", ["picture", "stylesheet"])
def test_a_refused_address_fails_the_document_with_the_reason(field: str, address: str, in_scope: County) -> None:
    context = replace(sample(), picture=address) if field == "picture" else replace(sample(), stylesheet=address)
    document = request_sample(in_scope, context)
    reason = reason_of(in_scope, document, "address")
    assert address.removeprefix("../../") in reason


def test_text_from_people_is_text(in_scope: County) -> None:
    nasty = '<img src="file:///etc/passwd"> {{ doc }} {% include "x" %} </style><script>'
    document = request_sample(in_scope, sample(paragraphs=[nasty]))
    render(in_scope, document.pk)
    assert fresh(document).state == State.READY


def test_the_engine_of_the_documents_knows_nothing_but_the_context() -> None:
    engine = kinds.engine()
    assert isinstance(engine, Engine)
    assert engine.template_context_processors == kinds.engine().template_context_processors
    assert engine.context_processors == []

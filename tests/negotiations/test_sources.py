"""The rows that papers are made from: all that is read is named, and any change of it is noticed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from indicators.example import load_example_values
from indicators.loading import load_values
from indicators.models import Indicator
from municipalities.documents import Rows, path_of, rendering, stamp, stamps
from municipalities.models import County, Document, Organisation, Priority, Sector
from negotiations.demo import keski_suomi_2024, users
from negotiations.minutes import composing as minutes_composing
from negotiations.minutes import sources as minutes_sources
from negotiations.models import (
    AttachedFile,
    CorrectionEntry,
    Measure,
    MeasureStatus,
    Minutes,
    MinutesAttachment,
    MinutesSignature,
    MinutesVersion,
    Negotiation,
    Observation,
    PartPresence,
    Party,
    Summary,
    ThemeColumn,
)
from negotiations.reporting.summary import composing as summary_composing
from negotiations.reporting.summary import sources as summary_sources

ON = datetime(2024, 12, 16, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Paper:
    """A paper, as its owner asks for it; read anew each time, as each request does."""

    sources: Sequence[Rows]
    ids: dict[str, int]
    ask: Callable[[datetime], Document]
    # The module of the function `compose` that reads it.
    module: Any
    # A text that it tells, and nothing beside.
    told: models.QuerySet[Any]

    def stamp(self) -> str:
        """Return the stamp of the rows as they are."""
        return stamp(self.sources, self.ids, variant="draft", on=date(2024, 12, 16))


@pytest.fixture
def county(db: None) -> Iterator[County]:
    """The county of the demo with its round of 2024, and with rows of each kind that papers read."""
    call_command("load_reference", verbosity=0)
    people = users.load()
    county = County.objects.get(slug="keski-suomi")
    load_values()
    load_example_values([county.area])
    with scope(county=county):
        keski_suomi_2024.load(county, by=people["koordinaattori@keski-suomi.example"])
        yield county


def summary_of(county: County) -> Paper:
    """The summary of the round."""
    summary = Summary.objects.get(round__year=2024)
    organisation = Organisation.objects.create(county=county, name="Kylät ry", sector=Sector.ORGANISATION)
    party = Party.objects.filter(negotiation__round=summary.round_id, municipality__isnull=False)[0]
    Party.objects.create(county=county, negotiation_id=party.negotiation_id, organisation=organisation)
    return Paper(
        summary_sources.SOURCES,
        {"summary": summary.pk, "round": summary.round_id, "county": county.pk},
        lambda at: summary_composing.request_summary_document(
            Summary.objects.get(pk=summary.pk), variant="draft", by=None, at=at
        ),
        summary_composing,
        Observation.objects.filter(column__theme__round=summary.round_id),
    )


def minutes_of(county: County) -> Paper:
    """The minutes of its first negotiation, a draft: what has been sent for checking is told as it was then."""
    minutes = Minutes.objects.filter(negotiation__round__year=2024).order_by("pk")[0]
    Minutes.objects.filter(pk=minutes.pk).update(state=Minutes.State.DRAFT, published_on=None)
    negotiation = minutes.negotiation
    organisation = Organisation.objects.create(county=county, name="Kylät ry", sector=Sector.ORGANISATION)
    _furnish(county, negotiation, minutes, organisation)
    return Paper(
        minutes_sources.SOURCES,
        {"minutes": minutes.pk, "negotiation": negotiation.pk, "county": county.pk},
        lambda at: minutes_composing.request_minutes_document(Minutes.objects.get(pk=minutes.pk), by=None, at=at),
        minutes_composing,
        Measure.objects.filter(negotiation=negotiation),
    )


def _furnish(county: County, negotiation: Negotiation, minutes: Minutes, organisation: Organisation) -> None:
    """Give the minutes a row of each kind that they may tell of, and let them correct others."""
    priority = Priority.objects.all()[0]
    indicator = Indicator.objects.all()[0]
    Measure.objects.create(
        county=county,
        negotiation=negotiation,
        priority=priority,
        indicator=indicator,
        text="Nuorisotila avataan lauantaisin.",
        responsible="Kylät ry",
        responsible_sector=Sector.ORGANISATION,
        organisation=organisation,
        due_text="heti",
    )
    earlier = Measure.objects.create(
        county=county,
        negotiation=Negotiation.objects.exclude(pk=negotiation.pk)[0],
        text="Luvattu edellisellä kerralla.",
        responsible="Kylät ry",
        responsible_sector=Sector.ORGANISATION,
    )
    MeasureStatus.objects.create(
        county=county, measure=earlier, negotiation=negotiation, state="done", told_on=date(2024, 10, 1)
    )
    part = negotiation.parts.all()[0]
    item = part.items.all()[0]
    item.indicators.add(indicator)
    item.measures_followed.add(earlier)
    PartPresence.objects.create(
        county=county, part=part, attendance=negotiation.attendances.all()[0], at_opening=True, at_closing=True
    )
    column = ThemeColumn.objects.all()[0]
    Observation.objects.create(county=county, column=column, negotiation=negotiation, position=1, text="Havainto.")
    file = AttachedFile.objects.create(
        county=county, name="a.txt", media_type="text/plain", size=1, sha256="a" * 64, content=b"a"
    )
    MinutesAttachment.objects.update_or_create(
        minutes=minutes, position=1, defaults={"county": county, "title": "Liite", "file": file}
    )
    MinutesSignature.objects.get_or_create(
        minutes=minutes, role="chair", defaults={"county": county, "name": "Puheenjohtaja"}
    )
    MinutesVersion.objects.create(county=county, minutes=minutes, number=99, kind="sent", content={}, sha256="b" * 64)
    CorrectionEntry.objects.create(
        county=county, minutes=minutes, position=1, place="1 §", was="Oli", now="On", reason="Kirjoitusvirhe"
    )


PAPERS = pytest.mark.parametrize("paper_of", [summary_of, minutes_of])


def tables_read(paper: Paper) -> set[str]:
    """Return the tables that are read when the paper is composed."""
    with CaptureQueriesContext(connection) as queries, pytest.MonkeyPatch.context() as patch:
        # As if nothing were known of any document.
        patch.setattr(paper.module, "request_unchanged", lambda *arguments, **named: None)
        patch.setattr(paper.module, "stamp", lambda *arguments, **named: "")
        patch.setattr(paper.module, "request_document", _stop)
        with pytest.raises(_Stopped), transaction.atomic():
            paper.ask(ON)
    return {table for query in queries for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])}


class _Stopped(Exception):
    """What there was to read has been read."""


def _stop(**named: object) -> None:
    raise _Stopped


def change(rows: Rows, ids: dict[str, int]) -> str:
    """Change one of the rows, however it can be; return what was done. The test fails when there is none."""
    meta = rows.model._meta
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT max(t.id) FROM "{meta.db_table}" t WHERE {rows.where}', ids)  # noqa: S608
        (pk,) = cursor.fetchone()
    assert pk is not None, f"nothing to change in {meta.db_table}"
    fields = [field for field in meta.concrete_fields if not field.primary_key and field.name not in rows.without]
    model = rows.model._base_manager.filter(pk=pk)
    other: dict[type[models.Field[Any, Any]], Any] = {
        models.CharField: "muu",
        models.TextField: "muu",
        models.DateField: date(2024, 2, 29),
        models.DateTimeField: ON,
    }
    attempts: list[Callable[[], object]] = [
        *(partial(model.update, **{f.name: other[type(f)]}) for f in fields if type(f) in other and not f.choices),
        *(
            partial(model.update, **{f.name: models.F(f.name) + 1})
            for f in fields
            if isinstance(f, models.IntegerField)
        ),
        *(
            partial(model.exclude(**{f.name: value}).update, **{f.name: value})
            for f in fields
            for value, _name in f.flatchoices
        ),
        partial(model._raw_delete, connection.alias),
    ]
    for attempt in attempts:
        with suppress(DatabaseError), transaction.atomic():
            if not attempt():
                continue
            # What is checked at the end of a transaction is checked now.
            connection.check_constraints()
            return f"{meta.db_table}: {attempt}"
    raise AssertionError(f"no row of {meta.db_table} can be changed")


@PAPERS
def test_all_that_is_read_is_named_and_each_change_of_it_is_noticed(
    county: County, paper_of: Callable[[County], Paper]
) -> None:
    paper = paper_of(county)
    named = {rows.model._meta.db_table for rows in paper.sources}
    assert tables_read(paper) <= named
    before = paper.stamp()
    for rows in paper.sources:
        point = transaction.savepoint()
        done = change(rows, paper.ids)
        assert paper.stamp() != before, done
        transaction.savepoint_rollback(point)
    assert paper.stamp() == before


def test_all_that_a_version_and_a_correction_read_is_named(county: County) -> None:
    paper = minutes_of(county)
    named = {rows.model._meta.db_table for rows in paper.sources}
    minutes = Minutes.objects.get(pk=paper.ids["minutes"])
    content = minutes_composing.content_of(minutes_composing.compose(minutes))
    MinutesVersion.objects.create(
        county=county, minutes=minutes, number=100, kind="sent", content=content, sha256="d" * 64
    )
    Minutes.objects.filter(pk=minutes.pk).update(state=Minutes.State.CHECKED)
    assert tables_read(paper) <= named

    correcting = Minutes.objects.create(county=county, negotiation=minutes.negotiation, corrects=minutes)
    CorrectionEntry.objects.create(
        county=county, minutes=correcting, position=1, place="1 §", was="Oli", now="On", reason="Kirjoitusvirhe"
    )
    correction = replace(
        paper,
        ids=paper.ids | {"minutes": correcting.pk},
        ask=lambda at: minutes_composing.request_minutes_document(
            Minutes.objects.get(pk=correcting.pk), by=None, at=at
        ),
    )
    assert tables_read(correction) <= named
    before = correction.stamp()
    MinutesVersion.objects.create(county=county, minutes=minutes, number=101, kind="typo", content={}, sha256="e" * 64)
    assert correction.stamp() != before


@PAPERS
def test_asking_again_reads_nothing_until_something_changes(
    county: County, paper_of: Callable[[County], Paper], monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = paper_of(county)
    read: list[int] = []
    genuine = paper.module.compose

    def watched(*arguments: Any, **named: Any) -> Any:
        read.append(1)
        return genuine(*arguments, **named)

    monkeypatch.setattr(paper.module, "compose", watched)
    first = paper.ask(ON)
    rendering.render(county, first.pk)
    assert len(read) == 1
    with CaptureQueriesContext(connection) as queries:
        again = paper.ask(ON)
    assert (again.pk, again.state, len(read)) == (first.pk, Document.State.READY, 1)
    # The owner's row, the stamp, the document; and the savepoint around the last two, and within it.
    assert len(queries) == 7, [query["sql"][:80] for query in queries]

    # A lost file is made again without reading.
    path_of(first).unlink()
    assert paper.ask(ON).state == Document.State.QUEUED
    rendering.render(county, first.pk)
    assert len(read) == 1

    paper.told.update(text="Jotain aivan muuta.")
    changed = paper.ask(ON)
    assert (changed.pk != first.pk, len(read)) == (True, 2)
    assert paper.ask(ON).pk == changed.pk
    assert len(read) == 2

    # Another day, another code and another layout are read anew.
    assert paper.ask(datetime(2024, 12, 17, 9, 0, tzinfo=UTC)).pk != changed.pk
    assert len(read) == 3
    monkeypatch.setattr(stamps, "_code", lambda: "another")
    assert paper.ask(ON).pk == changed.pk
    assert len(read) == 4
    monkeypatch.setattr("municipalities.documents.kinds.LAYOUT_VERSION", "another")
    assert paper.ask(ON).pk != changed.pk
    assert len(read) == 5


@PAPERS
def test_a_change_made_while_it_is_read_is_in_the_next(county: County, paper_of: Callable[[County], Paper]) -> None:
    paper = paper_of(county)
    genuine = paper.module.compose

    def changed_meanwhile(*arguments: Any, **named: Any) -> Any:
        context = genuine(*arguments, **named)
        paper.told.update(text="Muuttui kesken lukemisen.")
        return context

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper.module, "compose", changed_meanwhile)
        before = paper.ask(ON)
    assert paper.ask(ON).pk != before.pk

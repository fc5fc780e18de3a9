"""The pages of the imports of figures: what came of each, how far it is, and what was left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from indicators.batches import LOCK
from indicators.models import ImportPart, ImportRun, Indicator, Rejection
from municipalities.models import County, User

ClientFor = Callable[[User | None], Client]


def made(label: str, *states: str) -> ImportRun:
    """Return an import with a part in each of these states; what is done has left rows of a region out."""
    run = ImportRun.objects.create(
        source="sotkanet",
        label=label,
        retrieved_on=date(2026, 11, 22),
        state="incomplete" if "failed" in states else "running",
        rows_read=1234,
        rows_added=1211,
        rows_rejected=23,
    )
    for number, state in enumerate(states):
        indicator = Indicator.objects.create(name_fi=f"Mitattu {label} {number}", theme="Muut")
        part = ImportPart.objects.create(
            run=run,
            indicator=indicator,
            first_year=2005,
            last_year=2025,
            state=state,
            reason="Sotkanet ei vastaa." if state == "failed" else "",
        )
        if state == "done":
            Rejection.objects.create(part=part, reason="region", what="5588", rows=23)
    return run


@pytest.fixture
def page(keski_suomi: County, coordinator: User, client_for: ClientFor) -> Callable[..., str]:
    """Return the text of a page of the coordinator's."""
    client = client_for(coordinator)

    def read(name: str, *ids: int, query: str = "", htmx: bool = False) -> str:
        headers = {"HX-Request": "true"} if htmx else {}
        response = client.get(reverse(name, args=[keski_suomi.slug, *ids]) + query, headers=headers)
        assert response.status_code == 200
        return response.content.decode("utf-8-sig")

    return read


def test_nothing_imported_yet(page: Callable[..., str]) -> None:
    assert "Lukuja ei ole vielä tuotu." in page("imports")


def test_each_import_is_told_with_its_counts_and_how_far_it_is(page: Callable[..., str]) -> None:
    run = made("22.11.2026", "done", "failed", "waiting")
    text = page("imports")
    assert "Sotkanet: 22.11.2026" in text and "2 / 3" in text and "Vajaa" in text
    text = page("import_run", run.pk)
    assert "Sotkanet ei vastaa." in text
    assert "Jätetty pois 23: alue, jota lähde ei luettele tai jota täällä ei tunneta (5588)" in text
    assert "Seuraava haku jatkaa siitä" in text
    assert "hx-get" not in text
    row = page("import_run", run.pk, query="?vie=csv&tila=failed").splitlines()[1]
    assert "Mitattu 22.11.2026 1" in row and "Sotkanet ei vastaa." in row


def test_an_import_from_statistics_finland_names_itself_and_its_tables(page: Callable[..., str]) -> None:
    run = made("22.11.2026", "done")
    ImportRun.objects.update(source="statfin")
    Indicator.objects.filter(import_parts__run=run).update(statfin_code="vaerak/11re:0-6")
    assert "Tilastokeskus: 22.11.2026" in page("imports")
    text = page("import_run", run.pk)
    assert "(vaerak/11re:0-6)" in text and "Sotkanet" not in text
    assert "vaerak/11re:0-6" in page("import_run", run.pk, query="?vie=csv")


@contextmanager
def going_on() -> Iterator[None]:
    """Hold, from another connection, what an import holds while it goes on."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            yield
    finally:
        other.close()


def test_one_that_was_cut_off_is_not_told_to_go_on(page: Callable[..., str]) -> None:
    run = made("22.11.2026", "done", "waiting")
    for text in (page("imports"), page("import_run", run.pk)):
        assert "Keskeytynyt" in text and "Käynnissä" not in text.replace(">Käynnissä</option>", "")
    text = page("import_run", run.pk)
    assert "hx-get" not in text and "Seuraava haku jatkaa siitä" in text


def test_one_that_goes_on_tells_how_far_it_is_by_itself(page: Callable[..., str]) -> None:
    run = made("22.11.2026", "done", "waiting")
    with going_on():
        _tells_how_far(page, run)


def _tells_how_far(page: Callable[..., str], run: ImportRun) -> None:
    assert "Seuraava haku jatkaa siitä" not in page("import_run", run.pk)
    assert 'hx-trigger="every 2s"' in page("import_run", run.pk)
    part = page("import_run", run.pk, htmx=True)
    assert "1 / 2 tunnuslukua" in part and "<html" not in part
    ImportRun.objects.update(state="done")
    assert "hx-trigger" not in page("import_run", run.pk, htmx=True)


def test_three_rows_cost_what_one_does(page: Callable[..., str]) -> None:
    def cost(name: str, *ids: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            page(name, *ids)
        return len(queries)

    small, large = made("1.11.2026", "done"), None
    page("imports")
    one = cost("imports"), cost("import_run", small.pk)
    large = made("2.11.2026", "done", "done", "done")
    made("3.11.2026", "failed")
    assert (cost("imports"), cost("import_run", large.pk)) == one
    assert max(one) <= 12

"""The page of the duty to negotiate: every negotiation that says something of it, the years and the council terms."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from indicators.models import Area
from municipalities.models import CouncilTerm, County, Municipality, Sector, User
from negotiations.demo.building import add_head_counts, organisation
from negotiations.models import LegalBasis, Negotiation, Party, Round
from negotiations.sitting.conduct import cancel, convene, hold
from tests.factories import BOTH, make_held, make_municipality, make_negotiation, make_round

ClientFor = Callable[[User | None], Client]
ADDRESS = reverse("duty", args=["keski-suomi"])


@pytest.fixture
def terms(db: None) -> None:
    """The terms of the county councils."""
    for starts_on, ends_on in (
        (date(2022, 3, 1), date(2025, 5, 31)),
        (date(2025, 6, 1), date(2029, 5, 31)),
    ):
        CouncilTerm.objects.get_or_create(
            body=CouncilTerm.Body.COUNTY, starts_on=starts_on, defaults={"ends_on": ends_on}
        )


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round of 2024."""
    return make_round(in_scope, legal_bases=list(BOTH))


def words(page: str) -> str:
    """Return the page with its white space as a browser shows it."""
    text = " ".join(page.replace("\N{NO-BREAK SPACE}", " ").split())
    return text.replace("<dd> ", "<dd>").replace(" </dd>", "</dd>")


def opened(client: Client, vuosi: int) -> str:
    """Return the page as text."""
    answer = client.get(ADDRESS, {"vuosi": str(vuosi)})
    assert answer.status_code == 200
    return words(answer.content.decode())


def test_a_row_opens_to_every_negotiation_that_says_something(
    terms: None, round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """Not only the one that decides: also the cancelled one and the one that was stayed away from, each with a link."""
    gone = make_negotiation(round_, [hankasalmi], title="Peruttu", day=date(2024, 9, 2))
    cancel(gone, reason="Sairastuminen", by=coordinator)
    away = convene(make_negotiation(round_, [hankasalmi, joutsa], title="Poissa", day=date(2024, 9, 9)), by=coordinator)
    hold(away, by=coordinator, stayed_away=[away.parties.get(municipality=hankasalmi)])
    held = make_held(round_, [hankasalmi], title="Pidetty", by=coordinator, day=date(2024, 9, 26))
    page = client_for(coordinator).get(ADDRESS, {"vuosi": "2024"})
    row = next(row for row in page.context["table"].rows if row.municipality == hankasalmi)
    assert row.evidence_count == 3
    text = words(page.content.decode())
    told = text[text.index("Kaikki tiedot: 3 neuvottelua") :].partition("</details>")[0]
    assert told.startswith('Kaikki tiedot: 3 neuvottelua<span class="visually-hidden">, Hankasalmi</span>')
    for negotiation, state in ((held, "pidetty"), (away, "pidetty"), (gone, "peruttu")):
        link = f'<a href="{reverse("negotiation", args=["keski-suomi", negotiation.pk])}">{negotiation.title}</a>'
        assert link in told
        assert told[told.index(link) :].partition("</p>")[0].endswith(f": {state} ")
    assert "mutta jäi pois" in told and "peruttiin" in told


def test_a_negotiation_for_both_duties_is_one(
    terms: None, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """It is told under each, and counted once."""
    make_held(round_, [hankasalmi], by=coordinator, bases=BOTH)
    text = opened(client_for(coordinator), vuosi=2024)
    assert "Kaikki tiedot: 1 neuvottelu<" in text


def test_with_whom_else(
    terms: None, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """612/2021 § 7: the organisations by name, those that did not come, and head counts by sector; also in the file."""
    negotiation = make_negotiation(round_, [hankasalmi])
    for name in ("Nuorten tuki", "Martat"):
        Party.objects.create(
            county_id=round_.county_id,
            negotiation=negotiation,
            organisation=organisation(round_.county, name, Sector.ORGANISATION),
        )
    add_head_counts(negotiation, {Sector.PARISH: 4, Sector.ORGANISATION: 3, Sector.COUNTY: 9})
    convene(negotiation, by=coordinator)
    hold(negotiation, by=coordinator, stayed_away=[negotiation.parties.get(organisation__name="Martat")])
    client = client_for(coordinator)
    text = opened(client, vuosi=2024)
    assert "<dt>Mukana olleet muut toimijat</dt> <dd>Nuorten tuki</dd>" in text
    assert "<dt>Kutsutut, joiden osallistumisesta ei ole tietoa</dt> <dd>Martat</dd>" in text
    assert "<dt>Muiden toimijoiden osallistumiset</dt> <dd>järjestö 3, seurakunta 4</dd>" in text
    lines = client.get(ADDRESS, {"vuosi": "2024", "vie": "csv"}).content.decode("utf-8-sig").splitlines()
    (told,) = csv.DictReader(lines, delimiter=";")
    assert told["6–7 §: mukana olleet muut toimijat"] == "Nuorten tuki"
    assert told["6–7 §: muiden toimijoiden osallistumiset"] == "järjestö 3, seurakunta 4"


def test_years_between_can_be_chosen(
    terms: None, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """A year in which nothing was negotiated is what one has to see; one before the first negotiation is not there."""
    make_negotiation(round_, [hankasalmi], day=date(2022, 9, 26))
    client = client_for(coordinator)
    page = client.get(ADDRESS, {"vuosi": "2023"})
    years = [int(value) for value, _words in page.context["table"].filter_fields[0].field.choices]
    assert sorted(years) == list(range(2022, timezone.localdate().year + 1))
    assert page.context["year"] == 2023
    assert "0 / 1" in words(page.content.decode())
    assert client.get(ADDRESS, {"vuosi": "2021"}).context["year"] == timezone.localdate().year


def test_every_council_term_that_has_begun(
    terms: None, round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """How 14 § stands in each, with a way to it; and of each municipality the terms beside the year."""
    make_held(round_, [hankasalmi], by=coordinator, bases=[LegalBasis.COOPERATION])
    page = client_for(coordinator).get(ADDRESS)
    told = [(term.coverage.done, term.coverage.total, term.year) for term in page.context["terms"]]
    assert told[-1] == (1, 2, 2024)
    text = words(page.content.decode())
    assert f'<a href="{ADDRESS}?vuosi=2024">Aluevaltuuston toimikausi 1.3.2022–31.5.2025</a>' in text
    row = page.context["table"].rows[0]
    # What the columns show comes first, then the other terms.
    shown = [LegalBasis.COOPERATION, LegalBasis.WELFARE]
    bases = [account.position.basis for account in row.accounts]
    assert bases == shown + [LegalBasis.COOPERATION] * (len(told) - 1)
    before = client_for(coordinator).get(ADDRESS, {"vuosi": "2024"}).context["terms"]
    assert [term.year is None for term in before] == [False] * (len(told) - 1) + [True]


def test_a_municipality_that_merged(
    terms: None, round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """Told apart in the term, not there in a later year, and beside its successor what was negotiated with it."""
    make_held(round_, [joutsa], title="Joutsan neuvottelu", by=coordinator)
    Area.objects.filter(pk=joutsa.area_id).update(valid_to=date(2024, 12, 31), merged_into=hankasalmi.area_id)
    client = client_for(coordinator)
    text = opened(client, vuosi=2024)
    assert "Yhdistynyt kuntaan Hankasalmi (1.1.2025)" in text
    assert "Ennen yhdistymistä, Joutsa:" in text and "Ei täytä velvoitetta nykyisen kunnan kanssa." in text
    page = client.get(ADDRESS, {"vuosi": "2025"})
    rows = {str(row.municipality): row.cells for row in page.context["table"].rows}
    # In the term that began on 1.6.2025 it is not, but the list of terms still knows it.
    assert rows["Joutsa"] == (None, None)
    assert "Ei ollut kunta tänä aikana." in words(page.content.decode())
    only = client.get(ADDRESS, {"vuosi": "2024", "tilanne": "merged"}).context["table"].rows
    assert [str(row.municipality) for row in only] == ["Joutsa"]
    for order in ("kausi", "-kausi", "vuosittain", "-vuosittain"):
        assert client.get(ADDRESS, {"vuosi": "2025", "jarjesta": order}).status_code == 200
    assert client.get(ADDRESS, {"vuosi": "2025", "vie": "csv"}).status_code == 200


def test_staff_of_a_municipality_are_told_of_their_own_only(
    terms: None,
    round_: Round,
    hankasalmi: Municipality,
    joutsa: Municipality,
    editor: User,
    coordinator: User,
    client_for: ClientFor,
) -> None:
    """Neither the sum of a term, nor what was negotiated with one that became part of theirs: they may not open it."""
    make_held(round_, [joutsa], title="Joutsan neuvottelu", by=coordinator)
    Area.objects.filter(pk=joutsa.area_id).update(valid_to=date(2024, 12, 31), merged_into=hankasalmi.area_id)
    client = client_for(editor)
    page = client.get(ADDRESS, {"vuosi": "2024"})
    assert page.context["terms"] == [] and page.context["outside"] == ()
    text = words(page.content.decode())
    assert "Joutsa" not in text and "Hankasalmi" in text


def test_home_of_a_municipality_that_is_no_more(
    terms: None, in_scope: County, hankasalmi: Municipality, editor: User, client_for: ClientFor
) -> None:
    """Its staff can still come in."""
    Area.objects.filter(pk=hankasalmi.area_id).update(valid_to=date(2020, 12, 31))
    client = client_for(editor)
    assert client.get(reverse("county_home", args=["keski-suomi"])).status_code == 200
    assert client.get(ADDRESS).status_code == 200


def test_what_is_not_in_the_register_is_said(
    terms: None, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """A former municipality of the county's area, in the years in which it was."""
    make_negotiation(round_, [hankasalmi], day=date(2024, 9, 26))
    county = hankasalmi.county
    assert county is not None
    Area.objects.create(
        kind=Area.Kind.MUNICIPALITY,
        code="415",
        name_fi="Korpilahti",
        parent=county.area,
        valid_to=date(2024, 12, 31),
        merged_into=hankasalmi.area,
    )
    client = client_for(coordinator)
    expected = "Korpilahti: yhdistynyt kuntaan Hankasalmi (1.1.2025). Kuntaa ei ole kuntarekisterissä"
    assert expected in opened(client, vuosi=2024)


def test_it_takes_as_many_queries_however_much_there_is(
    terms: None, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """All evidence included."""
    client = client_for(coordinator)
    make_held(round_, [hankasalmi], by=coordinator, bases=BOTH)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            opened(client, vuosi=2024)
        return len(queries)

    cost()
    few = cost()
    for number in range(3):
        other = make_municipality(round_.county, f"90{number}", f"Kunta {number}")
        make_held(round_, [other, hankasalmi], by=coordinator, bases=BOTH)
        make_negotiation(
            round_,
            [other],
            precision=Negotiation.Precision.MONTH,
            earliest=date(2024, 12, 1),
            latest=date(2025, 1, 31),
            starts_at=None,
            ends_at=None,
        )
    assert cost() == few <= 12

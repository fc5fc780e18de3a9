"""Minutes as a document: each part numbered from 1 §, as one document and as two; nothing made up, a draft marked."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pdfua
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope
from pypdf import PdfReader

from municipalities import timewords
from municipalities.access import access_of
from municipalities.documents import kinds, path_of, rendering, visible_documents
from municipalities.models import County, Document, Municipality, Organisation, Priority, Sector, User
from negotiations.demo.building import add_attendance, add_head_counts
from negotiations.minutes.checking import mark, open_minutes, publish, send_for_checking
from negotiations.minutes.composing import KIND, MinutesContext, compose, request_minutes_document
from negotiations.minutes.signing import sign_all
from negotiations.models import (
    AgendaItem,
    Attendance,
    LegalBasis,
    Measure,
    Minutes,
    MinutesAttachment,
    MinutesCheck,
    Negotiation,
    Party,
)
from negotiations.sitting.conduct import convene, hold
from tests.factories import BOTH, make_held, make_municipality, make_negotiation, make_round

ON = datetime(2024, 10, 14, 9, 0, tzinfo=ZoneInfo("Europe/Helsinki"))


@pytest.fixture
def combined(in_scope: County, hankasalmi: Municipality, joutsa: Municipality) -> Negotiation:
    """A sitting that dealt with both duties, with a measure, people, head counts and somebody who did not come."""
    negotiation = make_negotiation(
        make_round(in_scope, legal_bases=list(BOTH)),
        [hankasalmi, joutsa],
        bases=BOTH,
        case_number="HVA/123/2024",
        place="Hankasalmi, valtuustosali",
        convener="Hyvinvointialue",
        chair="Yhteiskuntasuhteiden päällikkö",
        secretary="Hyte-koordinaattori",
    )
    for status, role in (("present", "hyvinvointikoordinaattori"), ("absent", "kunnanjohtaja")):
        add_attendance(
            negotiation,
            sector=Sector.MUNICIPALITY,
            place="Hankasalmi",
            role=role,
            municipality=hankasalmi,
            status=Attendance.Status(status),
        )
    add_head_counts(negotiation, {Sector.ORGANISATION_OR_PARISH: 4, Sector.COUNTY: 12})
    convene(negotiation, by=None)
    hold(negotiation, by=None, stayed_away=list(Party.objects.filter(municipality=joutsa)))
    priority = Priority.objects.create(
        county=in_scope, name="Mielen hyvinvointi", starts_on=date(2022, 1, 1), ends_on=date(2025, 12, 31)
    )
    Measure.objects.create(
        county=in_scope,
        negotiation=negotiation,
        agenda_item=AgendaItem.objects.get(part__legal_basis=LegalBasis.WELFARE, position=2),
        priority=priority,
        text="Nuorisotila avataan lauantaisin.",
        responsible_sector=Sector.MUNICIPALITY,
        municipality=hankasalmi,
        responsible="Hankasalmi, nuorisopalvelut",
        due_on=date(2025, 3, 31),
    )
    Measure.objects.create(
        county=in_scope,
        negotiation=negotiation,
        text="Muistiinpanot jaetaan.",
        responsible_sector=Sector.COUNTY,
        responsible="Hyvinvointialue",
        due_text="heti",
    )
    return negotiation


def opened(negotiation: Negotiation, form: County.MinutesForm) -> list[Minutes]:
    """Begin the minutes as one document or as two, as the county has set."""
    County.objects.filter(pk=negotiation.county_id).update(minutes_form=form)
    return open_minutes(Negotiation.objects.get(pk=negotiation.pk), by=None)


def printed(minutes: Minutes) -> str:
    """Have the worker's code make the document, and return its text, every space the same."""
    document = request_minutes_document(Minutes.objects.get(pk=minutes.pk), by=None, at=ON)
    rendering.render(document.county, document.pk)
    document = Document.objects.get(pk=document.pk)
    assert document.state == Document.State.READY, document.reason
    pages = PdfReader(io.BytesIO(path_of(document).read_bytes())).pages
    return re.sub(r"[^\S\n]+", " ", "\n".join(page.extract_text() for page in pages))


def numbering(text: str) -> list[str]:
    """Return the items' numbers in the order in which they are printed."""
    return re.findall(r"^(\d+ §) ?Asia \d", text, re.M)


# --- Parts ----------------------------------------------------------------------------------------------------


def test_one_document_has_two_parts_each_numbered_from_one(combined: Negotiation) -> None:
    [minutes] = opened(combined, County.MinutesForm.ONE)
    text = printed(minutes)
    assert numbering(text) == ["1 §", "2 §", "1 §", "2 §"]
    assert (
        text.index("Avaus 14 §.")
        < text.index("Päätös 14 §.")
        < text.index("Avaus 6–7 §.")
        < text.index("Päätös 6–7 §.")
    )
    assert "Osa 1" in text and "Osa 2" in text
    assert "Laki hyvinvointialueesta (611/2021), 14 §" in text
    assert "Laki sosiaali- ja terveydenhuollon järjestämisestä (612/2021), 6–7 §" in text


def test_two_documents_have_a_part_each_numbered_from_one(combined: Negotiation) -> None:
    first, second = opened(combined, County.MinutesForm.TWO)
    texts = [printed(first), printed(second)]
    assert [numbering(text) for text in texts] == [["1 §", "2 §"], ["1 §", "2 §"]]
    assert "Avaus 14 §." in texts[0] and "Avaus 6–7 §." not in texts[0]
    assert "Avaus 6–7 §." in texts[1] and "Avaus 14 §." not in texts[1]
    assert all("Kummastakin on oma pöytäkirjansa." in text.replace("\n", " ") for text in texts)
    assert all("Osa 1" not in text for text in texts)
    # What was agreed under no item is told once.
    assert ["Muistiinpanot jaetaan." in text for text in texts] == [False, True]
    assert set(Document.objects.values_list("file_name", flat=True)) == {
        "neuvottelupoytakirja-hankasalmi-joutsa-2024-09-26-611-2021.pdf",
        "neuvottelupoytakirja-hankasalmi-joutsa-2024-09-26-612-2021.pdf",
    }


def test_a_part_that_was_not_dealt_with_says_so(in_scope: County, hankasalmi: Municipality) -> None:
    negotiation = make_negotiation(make_round(in_scope, legal_bases=list(BOTH)), [hankasalmi], bases=BOTH)
    convene(negotiation, by=None)
    hold(negotiation, by=None, not_dealt_with=[negotiation.parts.get(legal_basis=LegalBasis.COOPERATION)])
    [minutes] = opened(negotiation, County.MinutesForm.ONE)
    context = compose(minutes)
    assert [part.dealt_with for part in context.parts] == [False, True]
    assert "Tätä osaa ei käsitelty." in printed(minutes)


# --- What is told ---------------------------------------------------------------------------------------------


def test_the_front_matter(combined: Negotiation) -> None:
    [minutes] = opened(combined, County.MinutesForm.ONE)
    text = printed(minutes)
    for told in (
        "Neuvottelupöytäkirja",
        "HVA/123/2024",
        "26.9.2024 klo 8.15–12.00",
        "Hankasalmi, valtuustosali, etäyhteydellä",
        "Yhteiskuntasuhteiden päällikkö",
        "Hyte-koordinaattori",
    ):
        assert told in text, told


def test_the_county_names_its_minutes(combined: Negotiation) -> None:
    County.objects.update(minutes_name="Muistio")
    [minutes] = opened(combined, County.MinutesForm.ONE)
    document = request_minutes_document(Minutes.objects.get(pk=minutes.pk), by=None, at=ON)
    assert document.title == "Muistio: Hankasalmi, Joutsa 26.9.2024"
    assert document.file_name.startswith("muistio-hankasalmi")


def test_in_another_language_they_have_its_usual_name_and_one_form_of_dates(combined: Negotiation) -> None:
    """The county's own name is in its first language."""
    County.objects.update(minutes_name="Muistio", languages=["fi", "sv"])
    Negotiation.objects.update(language="sv")
    [minutes] = opened(combined, County.MinutesForm.ONE)
    text = printed(minutes)
    document = Document.objects.get()
    assert document.title == "Förhandlingsprotokoll: Hankasalmi, Joutsa 26.9.2024"
    assert "Förhandlingsprotokoll" in text and "Muistio" not in text
    # Of the sitting, and of the day of the document at the foot of each page.
    assert "26.9.2024 kl. 8.15–12.00" in text and timewords.day(ON, weekday=False) in text
    assert not re.search(r"\d{4}-\d{2}-\d{2}", text)


def test_an_item_of_which_only_the_background_is_known_has_no_entries(
    in_scope: County, hankasalmi: Municipality
) -> None:
    """As one of which nothing is known: the background was written before the negotiation."""
    negotiation = make_held(make_round(in_scope), [hankasalmi])
    part = negotiation.parts.get()
    part.items.all().delete()
    for number, texts in enumerate([{}, {"background": "Taustaa."}, {"discussion": "Keskusteltiin."}], 1):
        AgendaItem.objects.create(county=in_scope, part=part, position=number, title=f"Asia {number}", **texts)
    [minutes] = opened(negotiation, County.MinutesForm.ONE)
    assert [item.is_minuted for item in compose(minutes).parts[0].items] == [False, False, True]
    assert printed(minutes).count("Ei kirjauksia.") == 2


def test_nobody_is_made_up_and_the_absent_are_told(combined: Negotiation) -> None:
    [minutes] = opened(combined, County.MinutesForm.ONE)
    context = compose(minutes)
    assert [(sector.sector, len(sector.people), sector.head_count) for sector in context.present] == [
        ("municipality", 1, 0),
        ("county", 0, 12),
        ("organisation_or_parish", 0, 4),
    ]
    assert context.present_total == 17
    assert [person.role for person in context.absent] == ["Kunnanjohtaja"]
    assert context.stayed_away == ["Joutsa"]
    assert "Joutsa" not in context.parties_present
    text = printed(minutes)
    assert "Lisäksi 12 henkilöä, joiden nimiä ei ole kirjattu." in text
    assert "Joutsa: osapuoli ei osallistunut" in text


def test_head_counts_alone_are_a_table_of_numbers(in_scope: County, hankasalmi: Municipality) -> None:
    negotiation = make_held(make_round(in_scope), [hankasalmi])
    add_head_counts(negotiation, {Sector.MUNICIPALITY: 13, Sector.COUNTY: 12, Sector.ORGANISATION_OR_PARISH: 4})
    [minutes] = opened(negotiation, County.MinutesForm.ONE)
    text = printed(minutes)
    assert re.search(r"Kunnat 13\nHyvinvointialue 12\nJärjestöt ja seurakunnat 4\nYhteensä 29", text)
    assert "Osallistujista on kirjattu vain lukumäärät, ei nimiä." in text


def test_people_whose_presence_nobody_entered_are_neither_present_nor_absent(
    in_scope: County, hankasalmi: Municipality
) -> None:
    negotiation = make_held(make_round(in_scope), [hankasalmi])
    add_attendance(
        negotiation,
        sector=Sector.MUNICIPALITY,
        place="Hankasalmi",
        role="rehtori",
        status=Attendance.Status.INVITED,
    )
    context = compose(opened(negotiation, County.MinutesForm.ONE)[0])
    assert (context.present, context.absent) == ([], [])
    assert [person.role for person in context.not_recorded] == ["Rehtori"]


def test_a_measure_keeps_its_context(combined: Negotiation) -> None:
    [minutes] = opened(combined, County.MinutesForm.ONE)
    text = printed(minutes)
    assert "Nuorisotila avataan lauantaisin." in text
    assert "Hankasalmi, nuorisopalvelut · 31.3.2025 · Mielen hyvinvointi" in text
    assert "Hyvinvointialue · heti" in text


def test_dissent_attachments_and_marks_are_told(combined: Negotiation) -> None:
    AgendaItem.objects.filter(position=1, part__legal_basis=LegalBasis.COOPERATION).update(
        dissent="Yksi kunta eri mieltä."
    )
    [minutes] = opened(combined, County.MinutesForm.ONE)
    MinutesAttachment.objects.create(county=combined.county, minutes=minutes, position=1, title="Nostot")
    minutes = send_for_checking(minutes, check_by=date(2024, 10, 30), by=None, at=ON)
    MinutesCheck.objects.filter(minutes=minutes).update(role="Hyvinvointikoordinaattori")
    text = printed(minutes)
    assert "Yksi kunta eri mieltä." in text
    assert "Liite 1: Nostot" in text
    assert "Tarkastettava viimeistään 30.10.2024." in text
    assert re.search(r"Hankasalmi Hyvinvointikoordinaattori odottaa –", text)
    mark(MinutesCheck.objects.get(), by=None, at=ON)
    text = printed(Minutes.objects.get())
    assert re.search(r"Hankasalmi Hyvinvointikoordinaattori tarkastettu 14\.10\.2024", text)
    assert "Tarkastettava viimeistään" not in text


def test_a_draft_is_marked_until_it_is_checked(combined: Negotiation, coordinator: User) -> None:
    [minutes] = opened(combined, County.MinutesForm.ONE)
    assert "LUONNOS" in printed(minutes)
    minutes = send_for_checking(minutes, check_by=date(2024, 10, 30), by=coordinator, at=ON)
    assert minutes.document is not None and minutes.document.variant == "draft"
    assert "LUONNOS" in printed(minutes)
    minutes = mark(minutes.checks.get(), by=coordinator, at=ON)
    assert minutes.document is not None and minutes.document.variant == "final"
    assert "LUONNOS" not in printed(minutes)


def test_what_people_wrote_is_text_and_not_markup(in_scope: County, hankasalmi: Municipality) -> None:
    negotiation = make_held(make_round(in_scope), [hankasalmi])
    AgendaItem.objects.filter(position=1).update(
        title="<b>Asia</b> & muuta",
        discussion="Ensimmäinen kappale.\n\nToinen <script>kappale</script>.",
        agreed="6-7 §",
    )
    text = printed(opened(negotiation, County.MinutesForm.ONE)[0])
    assert "<b>Asia</b> & muuta" in text
    assert "Toinen <script>kappale</script>." in text
    assert re.search("Sovittiin ?6–7 §", text)


def test_an_independent_checker_finds_no_errors(combined: Negotiation, tmp_path: Path) -> None:
    [minutes] = opened(combined, County.MinutesForm.ONE)
    printed(minutes)
    document = Minutes.objects.get(pk=minutes.pk).document
    assert document is not None
    report = pdfua.validate(str(path_of(document)))
    assert not report.findings


# --- Asking, and who may see it -------------------------------------------------------------------------------


def test_the_same_minutes_are_one_document(combined: Negotiation) -> None:
    [minutes] = opened(combined, County.MinutesForm.ONE)
    first = request_minutes_document(minutes, by=None, at=ON)
    assert request_minutes_document(Minutes.objects.get(), by=None, at=ON) == first
    AgendaItem.objects.filter(position=1).update(agreed="Toisin sovittu.")
    assert request_minutes_document(Minutes.objects.get(), by=None, at=ON) != first


def test_the_parties_see_them_once_sent_and_everybody_once_published(
    combined: Negotiation, coordinator: User, editor: User, board_member: User, outsider: User
) -> None:
    def seen() -> list[bool]:
        return [
            visible_documents(access_of(user, "keski-suomi")).filter(kind=KIND).exists()
            for user in (coordinator, editor, board_member)
        ]

    [minutes] = opened(combined, County.MinutesForm.ONE)
    request_minutes_document(minutes, by=coordinator, at=ON)
    assert seen() == [True, False, False]
    minutes = send_for_checking(minutes, check_by=date(2024, 10, 30), by=coordinator, at=ON)
    assert seen() == [True, True, False]
    minutes = mark(minutes.checks.get(), by=coordinator, at=ON)
    assert seen() == [True, True, False]
    publish(sign_all(minutes, by=coordinator, at=ON), by=coordinator, at=ON)
    assert seen() == [True, True, True]
    with scope(county=outsider.memberships.get().county):
        assert not visible_documents(access_of(outsider, "keski-uusimaa")).exists()


# --- What it costs ---------------------------------------------------------------------------------------------


def furnished(county: County, places: Sequence[Municipality], rows: int) -> Minutes:
    """Make minutes with so many rows of everything."""
    negotiation = make_held(make_round(county, legal_bases=list(BOTH)), places[:rows], bases=BOTH, items=rows)
    for number in range(rows):
        add_attendance(negotiation, sector=Sector.COUNTY, place="Hyvinvointialue", role=f"rooli {number}")
        organisation = Organisation.objects.create(county=county, name=f"Järjestö {number}", sector="organisation")
        Party.objects.create(county=county, negotiation=negotiation, organisation=organisation)
        Measure.objects.create(
            county=county,
            negotiation=negotiation,
            agenda_item=AgendaItem.objects.filter(position=number + 1).first(),
            text="Teko",
            responsible_sector=Sector.COUNTY,
            responsible="Alue",
        )
    [minutes] = open_minutes(negotiation, by=None)
    for number in range(1, rows + 1):
        MinutesAttachment.objects.create(county=county, minutes=minutes, position=number, title="Liite")
    return minutes


def test_one_row_and_three_rows_cost_the_same(in_scope: County) -> None:
    places = [make_municipality(in_scope, f"90{number}", f"Kunta {number}") for number in range(3)]
    spent = []
    for rows in (1, 3):
        before = transaction.savepoint()
        minutes = Minutes.objects.get(pk=furnished(in_scope, places, rows).pk)
        with CaptureQueriesContext(connection) as queries:
            context = compose(minutes)
        assert len(context.parts[0].items) == len(context.marks) == len(context.enclosures) == rows
        spent.append(len(queries))
        transaction.savepoint_rollback(before)
    assert spent[0] == spent[1]
    assert spent[0] <= 16


def test_what_is_frozen_thaws_into_the_same(combined: Negotiation) -> None:
    context = compose(opened(combined, County.MinutesForm.ONE)[0])
    meta = kinds.Meta("Otsikko", "fi", "Keski-Suomi", "", "", "#0e5d8a", "draft", ON.date())
    frozen = kinds.freeze(kinds.kind_named(KIND), meta, context)
    assert kinds._adapter(MinutesContext).validate_python(frozen["doc"]) == context


# --- Numbering ------------------------------------------------------------------------------------------------


def test_items_are_numbered_as_the_county_has_set(combined: Negotiation) -> None:
    """By plain numbers instead of sections."""
    County.objects.update(item_numbering=County.Numbering.PLAIN)
    [minutes] = opened(combined, County.MinutesForm.ONE)
    text = printed(minutes)
    assert numbering(text) == []
    assert re.findall(r"^(\d\.) ?Asia \d", text, re.M) == ["1.", "2.", "1.", "2."]


def test_what_was_frozen_before_numbering_could_be_chosen_is_numbered_by_sections(combined: Negotiation) -> None:
    """Its context has no numbering, and thaws all the same."""
    [minutes] = opened(combined, County.MinutesForm.ONE)
    document = request_minutes_document(minutes, by=None, at=ON)
    del document.context["doc"]["numbering"]
    assert kinds.thaw(document).doc.numbering == County.Numbering.SECTION


def test_what_belongs_to_no_item_is_told_though_the_last_part_was_not_dealt_with(
    in_scope: County, hankasalmi: Municipality
) -> None:
    """In the minutes of the last part that has any."""
    negotiation = make_negotiation(make_round(in_scope, legal_bases=list(BOTH)), [hankasalmi], bases=BOTH)
    convene(negotiation, by=None)
    hold(negotiation, by=None, not_dealt_with=[negotiation.parts.get(legal_basis=LegalBasis.WELFARE)])
    Measure.objects.create(
        county=in_scope, negotiation=negotiation, text="Teko.", responsible_sector=Sector.COUNTY, responsible="Alue"
    )
    [minutes] = opened(negotiation, County.MinutesForm.TWO)
    assert [measure.text for measure in compose(minutes).further_measures] == ["Teko."]


def test_who_came_uninvited_by_mistake_is_not_told_as_invited(combined: Negotiation) -> None:
    """Marked as present, and then as never having come: neither present nor among the invited who were absent."""
    Attendance.objects.create(
        county_id=combined.county_id,
        negotiation=combined,
        sector=Sector.OTHER,
        name="Ulla Kutsumaton",
        status=Attendance.Status.ABSENT,
        is_walk_in=True,
    )
    [minutes] = opened(combined, County.MinutesForm.ONE)
    assert "Ulla Kutsumaton" not in printed(minutes)

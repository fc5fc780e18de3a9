"""What minutes tell on paper: presence, what was promised, the workshop, signatures, marks, corrections."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from indicators.models import Indicator
from municipalities.documents import path_of, rendering
from municipalities.models import County, Document, Municipality, User
from negotiations.minutes import composing, correcting, papers, words
from negotiations.minutes.checking import mark, publish, send_for_checking
from negotiations.minutes.composing import compose, content_of, context_of, request_minutes_document
from negotiations.minutes.context import MinutesContext
from negotiations.minutes.signing import sign_all
from negotiations.minutes.versions import content_hash, latest
from negotiations.models import (
    AgendaItem,
    Attendance,
    CorrectionEntry,
    Measure,
    MeasureStatus,
    Minutes,
    MinutesSignature,
    Observation,
    Part,
    PartPresence,
)
from tests.negotiations.minutes_furnished import AT, GROUND, SECRET, begun


@pytest.fixture
def minutes(in_scope: County, hankasalmi: Municipality) -> Minutes:
    """Minutes with something of all that they can tell: a draft."""
    return begun(in_scope, hankasalmi)


def read(document: Document) -> list[str]:
    """Have the worker's code make the document, and return the text of its pages, every space the same."""
    rendering.render(document.county, document.pk)
    document = Document.objects.get(pk=document.pk)
    assert document.state == Document.State.READY, document.reason
    pages = PdfReader(io.BytesIO(path_of(document).read_bytes())).pages
    return [re.sub(r"[^\S\n]+", " ", page.extract_text()) for page in pages]


def printed(minutes: Minutes) -> str:
    """Return the text of the minutes as they are printed now, in one line, each space the same."""
    minutes = Minutes.objects.get(pk=minutes.pk)
    return " ".join(" ".join(read(request_minutes_document(minutes, by=None, at=AT))).split())


def sent(minutes: Minutes) -> Minutes:
    """Send the minutes to be checked."""
    return send_for_checking(minutes, check_by=date(2024, 10, 30), by=None, at=AT)


def checked(minutes: Minutes) -> Minutes:
    """Have them checked."""
    for check in sent(minutes).checks.all():
        mark(check, by=None, at=AT)
    return Minutes.objects.get(pk=minutes.pk)


def published(minutes: Minutes) -> Minutes:
    """Have them signed and published."""
    return publish(sign_all(checked(minutes), by=None, at=AT), by=None, at=AT)


# --- The day ---------------------------------------------------------------------------------------------------


def test_who_was_there_and_how(minutes: Minutes) -> None:
    text = printed(minutes)
    for told in (
        "Heikki Hyvinvointi, hyvinvointikoordinaattori, Hankasalmi, etäyhteydellä",
        "Ville Virtanen, nuorisotyöntekijä, Hankasalmi, tuli ilman kutsua",
        "Liisa Sijainen, vs. sivistysjohtaja, Hankasalmi, sijaisena (varsinainen Matti Poissa)",
        "Läsnä yhteensä 19, joista etänä 1",
    ):
        assert told in text, told
    absent = text[text.index("Kutsutut, jotka olivat poissa") :]
    assert "Matti Poissa, sivistysjohtaja, Hankasalmi" in absent


def test_who_came_later_left_or_was_away_is_told_in_the_part(minutes: Minutes) -> None:
    text = printed(minutes)
    assert "Avattaessa paikalla 18, päätettäessä 18." in text
    assert "Saapui avaamisen jälkeen: Riitta Rehtori, rehtori, Hankasalmi." in text
    assert "Poistui ennen päättämistä: Anna Aikainen, vapaa-aikasihteeri, Hankasalmi." in text
    assert "Koko osan ajan paikalla 18." in text
    assert "Ei paikalla tässä osassa: Anna Aikainen, vapaa-aikasihteeri, Hankasalmi." in text
    # Those who stayed are told once.
    assert text.count("Olli Osanen") == 1


def test_a_head_count_that_left_is_told_by_its_sector(minutes: Minutes) -> None:
    count = Attendance.objects.get(is_head_count=True, negotiation=minutes.negotiation)
    PartPresence.objects.filter(attendance=count, part__position=1).update(at_closing=False)
    presence = compose(Minutes.objects.get(pk=minutes.pk)).parts[0].presence
    assert presence is not None and (presence.at_opening, presence.at_closing) == (18, 6)
    assert {person.role for person in presence.left} == {"vapaa-aikasihteeri", "Hyvinvointialue: 12"}


def test_a_part_that_was_left_open_tells_its_opening_alone(minutes: Minutes) -> None:
    PartPresence.objects.filter(at_opening=False).delete()
    PartPresence.objects.update(at_closing=False)
    Part.objects.update(closed_at=None)
    text = printed(minutes)
    assert "Avattaessa paikalla 18." in text
    assert "Poistui" not in text and "päätettäessä" not in text


def test_nothing_is_said_of_presence_that_nobody_recorded(minutes: Minutes) -> None:
    PartPresence.objects.all().delete()
    assert [part.presence for part in compose(minutes).parts] == [None, None]
    assert "Läsnäolo" not in printed(minutes)


def test_what_was_promised_and_what_happened(minutes: Minutes) -> None:
    text = printed(minutes)
    assert "Perhekeskuksen toimintamalli sovitaan." in text
    assert re.search(r"Hankasalmi · sovittu 28\.9\.2023 ?valmis: Toimintamalli otettiin käyttöön keväällä\.", text)
    assert re.search(r"Liikuntaneuvonta aloitetaan\. Hankasalmi · sovittu 28\.9\.2023 tilannetta ei kerrottu", text)


def test_items_tell_presenter_indicators_deferral_and_attachments(minutes: Minutes) -> None:
    text = printed(minutes)
    assert re.search("Esittelijä ?Heikki Hyvinvointi", text)
    assert re.search("Tunnusluvut ?Itsensä yksinäiseksi tuntevat", text)
    assert "seurantaindikaattori: Itsensä yksinäiseksi tuntevat" in text
    assert "Siirrettiin seuraavaan neuvotteluun." in text
    assert re.search("Liitteet ?Liite 1: Kunnan nostot", text)
    assert "Liite 1: Kunnan nostot (Osa 2, 1 §)" in text
    assert "Liite 4: Esityskalvot" in text
    # Deferred, and so not without an entry.
    assert text.count("Ei kirjauksia.") == 0


def test_the_workshop_is_told_by_theme_and_column_with_the_group(minutes: Minutes) -> None:
    text = printed(minutes)
    found = text[text.index("Työpajan keskeiset havainnot") :]
    order = [
        "Lapset ja nuoret",
        "Ilmiöt",
        "Yksinäisyys lisääntyy.",
        "Pöytä 1",
        "Harrastamisen",
        "Keinot",
        "Avoimet ovet.",
    ]
    assert [found.index(word) for word in order] == sorted(found.index(word) for word in order)


def test_of_two_documents_the_one_on_welfare_tells_the_workshop(in_scope: County, hankasalmi: Municipality) -> None:
    from negotiations.minutes.checking import open_minutes
    from tests.negotiations.minutes_furnished import furnished

    County.objects.update(minutes_form=County.MinutesForm.TWO)
    negotiation = furnished(in_scope, hankasalmi)
    negotiation.refresh_from_db()
    contexts = [compose(Minutes.objects.get(pk=row.pk)) for row in open_minutes(negotiation, by=None)]
    assert [bool(context.findings) for context in contexts] == [False, True]


# --- Checking --------------------------------------------------------------------------------------------------


def test_the_page_tells_what_the_paper_tells(
    minutes: Minutes, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """Of a draft from the rows, which can be changed from there, and then of the version that was sent."""

    def page() -> str:
        path = reverse("negotiation_minutes", args=["keski-suomi", minutes.negotiation_id])
        return client_for(coordinator).get(path).content.decode()

    def told(page: str) -> None:
        for part in compose(minutes).parts:
            assert part.presence is not None
            for line in words.presence_words(part.presence).split("\n"):
                assert line in page
        for text in (
            "Itsensä yksinäiseksi tuntevat",
            "Perhekeskuksen toimintamalli sovitaan.",
            "Toimintamalli otettiin käyttöön keväällä.",
            "tilannetta ei kerrottu",
            "Harrastamisen kynnys on korkea.",
            "Pöytä 2",
        ):
            assert text in page, text

    draft = page()
    told(draft)
    measure = Measure.objects.get(negotiation=minutes.negotiation, text="Nuorisotila avataan lauantaisin.")
    edit = reverse("measure_edit", args=["keski-suomi", measure.pk])
    assert edit in draft
    send_for_checking(minutes, check_by=date(2099, 1, 1), by=None)
    # Whatever becomes of the rows then.
    secretly = "Muutettu salaa."
    PartPresence.objects.all().delete()
    Observation.objects.update(text=secretly)
    Measure.objects.update(text=secretly)
    MeasureStatus.objects.update(note=secretly)
    Indicator.objects.update(name_fi=secretly)
    sent = page()
    told(sent)
    assert secretly not in sent and edit not in sent
    assert measure.text in sent


def test_of_two_documents_each_thing_is_told_once(
    in_scope: County, hankasalmi: Municipality, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """What was agreed under no item, and what the workshop found: in one of them, on their page too."""
    from negotiations.minutes.checking import open_minutes
    from tests.negotiations.minutes_furnished import furnished

    County.objects.update(minutes_form=County.MinutesForm.TWO)
    negotiation = furnished(in_scope, hankasalmi)
    negotiation.refresh_from_db()
    Measure.objects.create(
        county=in_scope,
        negotiation=negotiation,
        text="Sovittiin koko neuvottelussa.",
        responsible="Hankasalmi",
        responsible_sector="municipality",
        municipality=hankasalmi,
    )
    rows = open_minutes(negotiation, by=None)
    path = reverse("negotiation_minutes", args=["keski-suomi", negotiation.pk])
    for state in ("draft", "checking"):
        page = client_for(coordinator).get(path).content.decode()
        for text in ("Sovittiin koko neuvottelussa.</p>", "Työpajan keskeiset havainnot</h3>"):
            assert page.count(text) == 1, (state, text)
        for row in rows if state == "draft" else ():
            send_for_checking(Minutes.objects.get(pk=row.pk), check_by=date(2099, 1, 1), by=None)


def test_silence_is_told_while_it_counts(minutes: Minutes) -> None:
    sent(minutes)
    words = "Jos huomautuksia ei tule määräaikaan mennessä, pöytäkirja katsotaan tarkastetuksi."
    assert words not in printed(minutes)
    County.objects.update(silence_is_checking=True)
    assert words in printed(minutes)


def test_marks_and_signatures_name_the_version_and_its_hash(minutes: Minutes) -> None:
    checked(minutes)
    version = latest(minutes)
    assert version is not None
    text = printed(minutes)
    assert re.search(r"Hankasalmi – tarkastettu 14\.10\.2024 1\b", text)
    assert f"Versio 1, SHA-256 {version.sha256}" in text.replace("- ", "-")
    assert "Allekirjoitettu" not in text
    sign_all(Minutes.objects.get(pk=minutes.pk), way=MinutesSignature.Way.ELSEWHERE, by=None, at=AT)
    text = printed(minutes)
    assert text.count("Allekirjoitettu 14.10.2024 muussa järjestelmässä") == 2
    assert "Pirkko Puhe" in text


def test_a_county_that_signs_nothing_has_no_lines_to_sign_on(minutes: Minutes) -> None:
    assert "Allekirjoitukset" in printed(minutes)
    County.objects.update(signs_minutes=False)
    assert "Allekirjoitukset" not in printed(minutes)


def test_every_page_of_a_draft_says_so_and_none_of_checked_minutes(minutes: Minutes) -> None:
    pages = read(request_minutes_document(minutes, by=None, at=AT))
    assert len(pages) > 2 and all(re.search("luonnos", page, re.I) for page in pages)
    checked(minutes)
    pages = read(request_minutes_document(Minutes.objects.get(pk=minutes.pk), by=None, at=AT))
    assert not any(re.search("luonnos", page, re.I) for page in pages)


# --- Versions --------------------------------------------------------------------------------------------------


def test_the_content_is_without_what_comes_about_in_checking(minutes: Minutes) -> None:
    before = content_of(compose(minutes))
    checked(minutes)
    version = latest(minutes)
    assert version is not None and version.content == before
    assert not {"state", "marks", "check_by", "signatures", "version", "sha256"} & set(before)
    assert {item["id"] for part in before["parts"] for item in part["items"]} == set(
        AgendaItem.objects.filter(part__negotiation=minutes.negotiation).values_list("pk", flat=True)
    )
    assert {part["id"] for part in before["parts"]} == set(minutes.negotiation.parts.values_list("pk", flat=True))


def test_what_is_read_back_has_the_same_content_and_hash(minutes: Minutes) -> None:
    context = compose(minutes)
    content = content_of(context)
    again = context_of(content, Minutes.objects.get(pk=minutes.pk))
    assert again == context
    assert content_hash(content_of(again)) == content_hash(content)


def test_what_was_sent_is_told_whatever_becomes_of_the_rows(minutes: Minutes) -> None:
    checked(minutes)
    AgendaItem.objects.update(agreed="Muutettu jälkikäteen.")
    Attendance.objects.filter(is_head_count=True).update(count=99)
    context = compose(Minutes.objects.get(pk=minutes.pk))
    assert "Muutettu jälkikäteen." not in str(context)
    assert (context.present_total, context.state, context.version) == (19, "checked", 1)
    assert [mark.version for mark in context.marks] == [1]


def test_what_was_frozen_before_these_fields_still_thaws(minutes: Minutes) -> None:
    """As it was frozen by the version before: without them at every level."""
    from pydantic import TypeAdapter

    old = TypeAdapter(MinutesContext).dump_python(compose(minutes), mode="json")
    for name in ("remote_total", "findings", "corrects", "corrections", "is_public_variant", "signatures", "version"):
        del old[name]
    for name in ("sha256", "silence_counts", "is_signed"):
        del old[name]
    for part in old["parts"]:
        del part["id"], part["presence"]
        for item in part["items"]:
            for name in ("id", "presenter", "is_deferred", "indicators", "followed", "secrecy_ground", "is_withheld"):
                del item[name]
    context = TypeAdapter(MinutesContext).validate_python(old)
    assert context.parts[0].items[0].id == 0 and context.signatures == []


# --- Corrections -----------------------------------------------------------------------------------------------


def test_a_correction_tells_which_minutes_and_what_is_to_be_read(minutes: Minutes) -> None:
    published(minutes)
    whole = Minutes.objects.get(pk=minutes.pk)
    correction = correcting.begin(whole, by=None, at=AT)
    for place, was, now in (("1 § Nuorten palvelut, sovittu", "lauantaisin", "sunnuntaisin"), ("Liitteet", "", "x")):
        correcting.add_entry(
            CorrectionEntry(
                county=whole.county, minutes=correction, place=place, was=was, now=now, reason="Väärä viikonpäivä."
            ),
            by=None,
            at=AT,
        )
    version = latest(whole)
    assert version is not None
    text = printed(correction)
    for told in (
        "Oikaisu: Neuvottelupöytäkirja",
        "Neuvottelupöytäkirja: Hankasalmi 26.9.2024",
        "14.10.2024",
        version.sha256,
        "1 § Nuorten palvelut, sovittu",
        "lauantaisin",
        "sunnuntaisin",
        "Väärä viikonpäivä.",
        "(ei mitään)",
    ):
        assert told in text, told
    # Of the sitting nothing is told again.
    assert "Olli Osanen" not in text and "Perhekeskuksen" not in text
    document = Minutes.objects.get(pk=correction.pk).document
    assert document is not None and document.title.startswith("Oikaisu: ")


@pytest.mark.parametrize(
    ("place", "is_told"),
    [
        ("3 § Puitesopimus", True),
        ("2 § Otsikko", False),
        ("Liitteet", False),
        ("1 § ja 2 §", False),
        ("Kierros 2024", False),
    ],
)
def test_a_correction_that_may_be_of_a_secret_item_is_left_out_for_others(
    minutes: Minutes, place: str, is_told: bool
) -> None:
    """The place is free text: where it does not name a public item alone, it is not shown."""
    # In the other part, the same numbers are public: what may be of either is not shown.
    AgendaItem.objects.filter(part__negotiation=minutes.negotiation, position=2).update(secrecy_ground=GROUND)
    correction = Minutes.objects.create(county_id=minutes.county_id, negotiation=minutes.negotiation, corrects=minutes)
    CorrectionEntry.objects.create(
        county_id=minutes.county_id, minutes=correction, position=1, place=place, was=SECRET, now="x", reason=SECRET
    )
    document = papers.request_public(Minutes.objects.get(pk=correction.pk), by=None, at=AT)
    text = " ".join(read(document))
    assert (SECRET in text) == is_told
    assert ("Oikaisu ei ole julkinen" in text.replace("\n", " ")) != is_told


def test_swedish_is_spoken_throughout(minutes: Minutes) -> None:
    type(minutes.negotiation).objects.filter(pk=minutes.negotiation_id).update(language="sv")
    text = printed(minutes)
    for told in (
        "Närvarande när delen öppnades: 18, och när den avslutades: 18.",
        "Workshoppens centrala iakttagelser",
        "Ärendet sköts upp till nästa förhandling.",
        "ersättare (ordinarie Matti Poissa)",
        "Känner sig ensamma",
        "Överenskommet tidigare",
    ):
        assert told in text, told
    assert "Sovittu" not in text.replace("Sovittu Salaisuus-XQ", "").replace("Sovittiin", "")


def test_the_kinds_are_told_apart() -> None:
    assert set(papers.DOCUMENT_KINDS.values()) == {composing.KIND, "minutes_excerpt", "minutes_attachments"}

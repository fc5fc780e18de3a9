"""The page behind the personal link of a checker of minutes, and of the one who signs them."""

from __future__ import annotations

import logging
import re
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from hyte.logs import WithoutSecrets
from municipalities.models import County, Event, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.log import log_of
from negotiations.minutes import correcting, remarks, versions
from negotiations.minutes.amending import amend_item
from negotiations.minutes.checkers import replace_checker
from negotiations.minutes.checking import mark, open_minutes, publish, return_to_draft, send_for_checking
from negotiations.minutes.signing import sign_all
from negotiations.models import (
    AgendaItem,
    CorrectionEntry,
    Minutes,
    MinutesCheck,
    MinutesLink,
    MinutesRemark,
    MinutesSignature,
    MinutesVersion,
    Negotiation,
    Part,
)
from negotiations.sitting.live_writing import LONGEST
from tests.factories import make_held, make_negotiation, make_round
from tests.negotiations.reviewed import (
    check,
    check_of,
    coming,
    items_of,
    link_of,
    mailed,
    make_checking,
    minutes,
    path,
    remark_path,
    version_in,
)

__all__ = ["check", "minutes", "path"]

Kind = MinutesVersion.Kind
Remark = MinutesRemark.State


@pytest.fixture(autouse=True)
def _uncounted(settings: Settings) -> None:
    """Nothing has been counted yet."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}


def page_at(path: str, **asked: str) -> str:
    """Return a page that opens."""
    response = Client().get(path, asked)
    assert response.status_code == 200
    return response.content.decode()


def main_of(page: str) -> str:
    """Return the words of a page, one space between them."""
    return " ".join(re.sub(r"<[^>]+>", "", page[page.index("<main") :]).split())


def texts_of(page: str) -> dict[str, str]:
    """Return what stands in the text areas of a page."""
    return {
        name: text.removeprefix("\n")
        for name, text in re.findall(r'<textarea name="(\w+)"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    }


# --- Reading and marking ------------------------------------------------------------------------------------------


def test_a_checker_reads_the_version_and_marks_it(path: str, check: MinutesCheck, minutes: Minutes) -> None:
    """Without signing in, without a cookie; and the page then says so."""
    client = Client(enforce_csrf_checks=True)
    response = client.get(path)
    page = response.content.decode()
    version = versions.latest(minutes)
    assert version is not None
    assert response.status_code == 200 and not response.cookies
    for words in (
        "Tarkasta pöytäkirja",
        "Hankasalmi",
        "1 §",
        "Asia 1",
        "Keskusteltiin.",
        "Sovittiin 2.",
        version.sha256,
    ):
        assert words in main_of(page)
    assert page.count('class="hds-button hds-button--primary"') == 1
    # As a browser sends a form of a page without a referrer.
    done = client.post(path, {"version": version_in(page)}, headers={"origin": "null"}, follow=True)
    page = done.content.decode()
    assert done.redirect_chain[0][1] == 302 and not done.cookies
    assert "Olet tarkastanut pöytäkirjan" in page and version.sha256 in page and "<form" not in page
    check.refresh_from_db()
    assert (check.outcome, check.version) == (MinutesCheck.Outcome.APPROVED, version)
    (event,) = Event.objects.filter(verb="marked")
    assert event.user is None and event.payload["version"] == 1
    # Pressed twice, it is one mark; the second press is told how things stand.
    assert client.post(path, {"version": "1"}, headers={"origin": "null"}).status_code == 409
    assert Event.objects.filter(verb="marked").count() == 1


def test_the_page_is_of_the_version_not_of_the_rows(path: str, minutes: Minutes) -> None:
    """What is marked is exactly what was read."""
    AgendaItem.objects.filter(part__negotiation=minutes.negotiation_id).update(agreed="Muutettu ohi versioiden.")
    assert "Muutettu ohi versioiden." not in page_at(path)


@pytest.mark.parametrize("status", [200, 404])
def test_the_page_tells_its_address_to_nobody(status: int, path: str) -> None:
    """Nor is it kept or found by search engines."""
    response = Client().get(path if status == 200 else path.replace(path.split("/")[2], "arvaus"))
    assert response.status_code == status
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"


def test_a_mark_on_a_version_that_was_edited_meanwhile_is_refused_with_what_was_changed(
    path: str, check: MinutesCheck, minutes: Minutes, coordinator: User
) -> None:
    """And the button then is of the new version."""
    seen = version_in(page_at(path))
    amend_item(
        items_of(minutes)[0],
        {"agreed": "Sovittiin aivan muuta."},
        kind=Kind.MATTER,
        reason="Sihteeri kuuli väärin",
        by=coordinator,
    )
    refused = Client().post(path, {"version": seen})
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "Merkintääsi ei tallennettu" in page and "luit version 1, ja nyt on versio 2" in page
    assert "<ins>" in page and "<del>" in page and "aivan muuta" in page and "Sihteeri kuuli väärin" in page
    check.refresh_from_db()
    assert check.outcome == MinutesCheck.Outcome.WAITING
    assert version_in(page) == "2"
    assert Client().post(path, {"version": "2"}).status_code == 302
    check.refresh_from_db()
    assert check.version is not None and check.version.number == 2


def test_a_mark_of_a_version_that_nobody_has_seen_is_refused(path: str, check: MinutesCheck) -> None:
    """The page is shown again, and the mark can be made."""
    for seen in ("", "0", "2", "99999999999999999999", "\x00", "-1", "1 or 1=1", "²"):
        response = Client().post(path, {"version": seen})
        assert response.status_code == 422 and version_in(response.content.decode()) == "1", seen
    check.refresh_from_db()
    assert check.outcome == MinutesCheck.Outcome.WAITING


def test_what_was_changed_since_the_mark_that_is_void_is_shown_first(
    path: str,
    check: MinutesCheck,
    minutes: Minutes,
    coordinator: User,
    mailoutbox: list[EmailMessage],
) -> None:
    """From the version that was marked to the latest, however many there are between."""
    assert "Mitä on muutettu" not in page_at(path)
    mark(check, by=None, version=1)
    first, second = items_of(minutes)
    amend_item(first, {"agreed": "Sovittiin 1 kerran."}, kind=Kind.TYPO, by=coordinator)
    amend_item(second, {"discussion": "Puhuttiin pitkään."}, kind=Kind.MATTER, by=coordinator)
    assert Client().get(path).status_code == 410, "the letter about the change has another link"
    page = page_at(mailed(link_of(check), mailoutbox))
    for words in (
        "Tarkasta pöytäkirja uudelleen",
        "Mitä on muutettu merkintäsi jälkeen (versio 1)",
        "kerran",
        "pitkään",
    ):
        assert words in page
    assert main_of(page).index("kerran") < main_of(page).index("Avaus"), "before the text"


def test_the_version_of_one_who_was_replaced_is_not_the_new_ones(
    path: str, check: MinutesCheck, minutes: Minutes, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """Nor are the former's remarks shown to the new one."""
    Client().post(remark_path(path, "yleista"), {"version": "1", "comment": "Edellisen oma."})
    mark(check, by=None)
    replace_checker(check, name="Uusi", role="", email="uusi@example.fi", reason="Lomalla", by=coordinator)
    page = page_at(mailed(link_of(check), mailoutbox))
    assert "Edellisen oma." not in page and "uudelleen</h1>" not in page


def test_confidential_items_are_shown_to_checkers(
    in_scope: County, hankasalmi: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """They are of the parties; and the page says that it is not for others."""
    negotiation = make_held(make_round(in_scope), [hankasalmi], by=coordinator)
    AgendaItem.objects.filter(position=1).update(secrecy_ground="JulkL 24 § 1 mom. 20 k")
    (minutes,) = open_minutes(negotiation, by=coordinator)
    MinutesCheck.objects.update(email="a@example.fi", delete_after=coming(1))
    send_for_checking(minutes, check_by=coming(3), by=coordinator)
    page = page_at(mailed(link_of(check_of(minutes, hankasalmi)), mailoutbox))
    for words in ("Ei julkinen", "JulkL 24 § 1 mom. 20 k", "Älä kerro siitä sivullisille", "Sovittiin 1."):
        assert words in page


def test_a_correction_is_checked_in_the_same_way(
    minutes: Minutes, hankasalmi: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """Its checkers are those of the minutes that it corrects; the letter and the page tell what it is."""
    for row in MinutesCheck.objects.filter(minutes=minutes):
        mark(row, by=None)
    minutes.refresh_from_db()
    correction = correcting.begin(minutes, by=coordinator)
    entry = CorrectionEntry(
        county_id=minutes.county_id, minutes=correction, place="1 §, sovittu", was="Kolme", now="Neljä", reason="Virhe"
    )
    correcting.add_entry(entry, by=coordinator)
    send_for_checking(correction, check_by=coming(7), by=coordinator)
    check = check_of(correction, hankasalmi)
    path = mailed(link_of(check), mailoutbox)
    assert "pöytäkirjan oikaisun" in str(mailoutbox[-1].body)
    words = main_of(page_at(path))
    for part in ("1 §, sovittu", "Kolme", "Neljä", "Virhe"):
        assert part in words
    # The sitting was told in the minutes that it corrects: they do not change, and are not remarked on here.
    assert "avaamisesta tai päättämisestä" not in words
    place = Part.objects.filter(negotiation=minutes.negotiation_id)[0]
    assert Client().get(f"{path}huomautus/osa-{place.pk}/").status_code == 404
    assert Client().get(f"{path}huomautus/yleista/").status_code == 200
    assert Client().post(path, {"version": "1"}).status_code == 302


# --- How a link stands --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "status", "words"),
    [
        ("too old", 410, "Linkki on vanhentunut"),
        ("draft", 410, "Pöytäkirja on otettu takaisin korjattavaksi"),
        ("marked otherwise", 200, "Olet tarkastanut pöytäkirjan"),
        ("silent", 200, "katsotaan tarkastetuksi"),
        ("published", 200, "se on julkaistu"),
        ("published, and too old", 410, "Pöytäkirja on jo julkaistu"),
    ],
)
def test_the_page_says_how_things_stand(
    why: str,
    status: int,
    words: str,
    path: str,
    check: MinutesCheck,
    minutes: Minutes,
    joutsa: Municipality,
    coordinator: User,
) -> None:
    """Nothing can be done then, and what was typed is given back."""
    if why == "draft":
        return_to_draft(minutes, by=coordinator)
    elif why == "silent":
        County.objects.update(silence_is_checking=True)
        Minutes.objects.update(check_by=coming(-1))
        fresh = MinutesCheck.objects.select_related("minutes").get(pk=check.pk)
        mark(fresh, by=None, outcome=MinutesCheck.Outcome.SILENT)
    elif why != "too old":
        mark(check, by=coordinator)
    if why.startswith("published"):
        mark(check_of(minutes, joutsa), by=None)
        sign_all(minutes, by=coordinator)
        publish(minutes, by=coordinator)
    if why.endswith("too old"):
        MinutesLink.objects.update(expires_at=timezone.now())
    response = Client().get(path)
    page = response.content.decode()
    assert response.status_code == status and words in main_of(page) and "<form" not in page
    sent = Client().post(remark_path(path, "yleista"), {"version": "1", "comment": "Kirjoitettu jo"})
    assert sent.status_code in {409, 410} and "Kirjoitettu jo" in sent.content.decode()
    assert not MinutesRemark.objects.exists()


def test_unknown_tokens_are_404_and_guessing_is_cut_short(path: str) -> None:
    """For the address that guesses; others are let in."""
    with patch("negotiations.minutes.views.link.GUESSES", "3/m/ip"):
        guesser = Client(REMOTE_ADDR="198.51.100.1")
        for _time in range(3):
            assert guesser.get(reverse("minutes_link", args=[uuid4().hex])).status_code == 404
        assert guesser.get(path).status_code == 429
        assert Client(REMOTE_ADDR="198.51.100.2").get(path).status_code == 200


@pytest.mark.parametrize("token", ["%00", "%ED%A0%80", "a" * 5000, "å", "..%2F..", "' OR 1=1 --"])
@pytest.mark.django_db
def test_whatever_stands_in_the_place_of_a_token_is_unknown(token: str) -> None:
    """And nothing breaks, whatever is sent to it."""
    for data in ({}, {"version": "\x00", "comment": "\x00"}):
        assert Client().post(f"/poytakirjan-tarkastus/{token}/", data).status_code == 404
    assert Client().get(f"/poytakirjan-tarkastus/{token}/?kieli=%00").status_code == 404


def test_the_token_is_left_out_of_the_logs(path: str) -> None:
    """Also of the addresses below it."""
    below = remark_path(path, "kohta-1")
    for message, args in ((f"GET {path} 404", ()), ("Not Found: %s", (below,)), (f"https://x.fi{path}?kieli=sv", ())):
        record = logging.LogRecord("django.request", logging.WARNING, "", 1, message, args, None)
        assert WithoutSecrets().filter(record)
        assert path.split("/")[2] not in record.getMessage()
        assert "/poytakirjan-tarkastus/…" in record.getMessage()


def test_the_page_speaks_the_language_of_the_negotiation(path: str) -> None:
    """Unless another is asked for, which then stays on the way through the pages."""
    Negotiation.objects.update(language="sv")
    page = Client(headers={"accept-language": "fi"}).get(path).content.decode()
    for words in ("Justera protokollet", "Markera som justerat", "Gör en anmärkning", "Du justerar för parten"):
        assert words in page
    assert "arkasta" not in main_of(page)
    page = page_at(path, kieli="fi")
    assert "Tarkasta pöytäkirja" in page and "huomautus/yleista/?kieli=fi" in page
    sent = Client().post(remark_path(path, "yleista") + "?kieli=fi", {"version": "1", "comment": "Hei"})
    assert sent.headers["Location"] == f"{path}?kieli=fi&tallennettu=huomautus#yleista"
    assert Client().get(path, {"kieli": "\x00"}).status_code == 200


def test_the_page_costs_the_same_with_few_items_and_with_many(
    in_scope: County, hankasalmi: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """And with remarks on each."""
    counts = []
    for number in (1, 12):
        negotiation = make_held(make_round(in_scope, name=f"K{number}"), [hankasalmi], by=coordinator, items=number)
        (minutes,) = open_minutes(negotiation, by=coordinator)
        MinutesCheck.objects.update(email="a@example.fi", delete_after=coming(1))
        send_for_checking(minutes, check_by=coming(3), by=coordinator)
        check = check_of(minutes, hankasalmi)
        for item in items_of(minutes):
            remarks.remark(check, 1, item=item, text="Huomio", by=None)
        path = mailed(link_of(check), mailoutbox)
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8, counts


# --- Remarks ------------------------------------------------------------------------------------------------------


def test_a_checker_comments_and_proposes_other_words(path: str, check: MinutesCheck, minutes: Minutes) -> None:
    """The texts stand in the form as they are in the version; only what was changed is proposed."""
    item = items_of(minutes)[0]
    url = remark_path(path, f"kohta-{item.pk}")
    assert url in page_at(path)
    page = page_at(url)
    texts = texts_of(page)
    assert texts == {
        "comment": "",
        "background": "Taustaa.",
        "discussion": "Keskusteltiin.",
        "agreed": "Sovittiin 1.",
        "dissent": "",
    }
    # As browsers send line ends, and with what they add around them.
    sent = texts | {"agreed": "Sovittiin yksi.\r\nJa kaksi. ", "comment": "Luku kirjaimin", "version": version_in(page)}
    done = Client().post(url, sent, follow=True)
    assert done.redirect_chain == [(f"{path}?tallennettu=huomautus#kohta-{item.pk}", 302)]
    remark = MinutesRemark.objects.get()
    assert (remark.check_row, remark.item, remark.field, remark.version.number) == (check, item, "agreed", 1)
    assert (remark.text, remark.proposed) == ("Luku kirjaimin", "Sovittiin yksi.\nJa kaksi.")
    page = done.content.decode()
    for words in (
        "Huomautuksesi on lähetetty sihteerille",
        "Luku kirjaimin",
        "Ja kaksi.",
        "odottaa sihteerin ratkaisua",
    ):
        assert words in page
    # Sent again, it is no second one.
    Client().post(url, sent)
    assert MinutesRemark.objects.count() == 1


def test_several_texts_and_a_comment_are_remarks_of_their_own(path: str, minutes: Minutes) -> None:
    """Each is decided on by itself. A text can be proposed to be left out, and one where there is none."""
    item = items_of(minutes)[1]
    url = remark_path(path, f"kohta-{item.pk}")
    sent = texts_of(page_at(url)) | {"background": "", "dissent": "Joutsa eri mieltä.", "comment": "Kaksi asiaa"}
    Client().post(url, sent | {"version": "1"})
    made = [(row.field, row.text, row.proposed) for row in MinutesRemark.objects.order_by("pk")]
    assert made == [("", "Kaksi asiaa", None), ("background", "", ""), ("dissent", "", "Joutsa eri mieltä.")]
    assert "Ehdotus: teksti jätetään pois." in page_at(path)


def test_remarks_on_a_part_and_on_the_whole(path: str, minutes: Minutes) -> None:
    """The opening and the closing are texts too; of the whole a comment alone."""
    part = items_of(minutes)[0].part
    url = remark_path(path, f"osa-{part.pk}")
    texts = texts_of(page_at(url))
    assert set(texts) == {"comment", "opening", "closing"}
    Client().post(url, texts | {"closing": "Päätettiin klo 12.", "version": "1"})
    assert set(texts_of(page_at(remark_path(path, "yleista")))) == {"comment"}
    Client().post(remark_path(path, "yleista"), {"comment": "Liite puuttuu.", "version": "1"})
    proposed, comment = MinutesRemark.objects.order_by("pk")
    assert (proposed.part, proposed.field, proposed.proposed) == (part, "closing", "Päätettiin klo 12.")
    assert (comment.item, comment.part, comment.text) == (None, None, "Liite puuttuu.")
    page = page_at(path)
    assert "Liite puuttuu." in page and "2 huomautusta" in main_of(page)


def test_what_cannot_be_taken_is_shown_again_with_what_was_typed(path: str, minutes: Minutes) -> None:
    """With what to mend."""
    item = f"kohta-{items_of(minutes)[0].pk}"
    cases: tuple[tuple[str, dict[str, str], str], ...] = (
        (item, {}, "Huomautus on vielä tyhjä"),
        (item, {"comment": "   "}, "Huomautus on vielä tyhjä"),
        (item, {"comment": "x" * 4001, "discussion": "Keskusteltiin hartaasti."}, "Lyhennä"),
        (item, {"agreed": "x" * (LONGEST + 1), "discussion": "Keskusteltiin hartaasti."}, "Lyhennä"),
        (item, {"comment": "a\x00b", "discussion": "Keskusteltiin hartaasti."}, "aria-invalid"),
        ("yleista", {"comment": ""}, "Kirjoita, mistä haluat huomauttaa"),
    )
    texts = {key: texts_of(page_at(remark_path(path, key))) for key in (item, "yleista")}
    for key, data, words in cases:
        response = Client().post(remark_path(path, key), {**texts[key], **data, "version": "1"})
        page = response.content.decode()
        assert response.status_code == 422 and words in page, data
        assert data.get("discussion", "") in page
    assert not MinutesRemark.objects.exists()


def test_a_place_that_the_minutes_do_not_have_is_404(path: str) -> None:
    """With the way back, where something is sent too."""
    too_long = "kohta-99999999999999999999"
    for key in ("kohta-0", "kohta-999999999", too_long, "kohta-x", "osa-1x", "kohta", "muu", "%00"):
        url = f"{path}huomautus/{key}/"
        for response in (Client().get(url), Client().post(url, {"comment": "Hei", "version": "1"})):
            assert response.status_code == 404 and "Takaisin pöytäkirjaan" in response.content.decode(), key
    assert not MinutesRemark.objects.exists()


def test_an_item_of_another_negotiation_is_none_of_these_minutes(
    path: str, in_scope: County, hankasalmi: Municipality, coordinator: User
) -> None:
    """Though it has an id."""
    other = make_negotiation(make_round(in_scope, name="Toinen"), [hankasalmi])
    item = AgendaItem.objects.filter(part__negotiation=other)[0]
    assert Client().get(remark_path(path, f"kohta-{item.pk}")).status_code == 404


def test_a_text_edited_while_other_words_were_written_is_shown_with_both(
    path: str, minutes: Minutes, coordinator: User
) -> None:
    """Nothing typed is lost; sent again, the remark is of the new version. Other texts follow the new version."""
    item = items_of(minutes)[0]
    url = remark_path(path, f"kohta-{item.pk}")
    sent = texts_of(page_at(url)) | {"agreed": "Sovittiin minun sanoin.", "comment": "Koska niin", "version": "1"}
    amend_item(
        item, {"agreed": "Sovittiin sihteerin sanoin.", "background": "Uusi tausta."}, kind=Kind.TYPO, by=coordinator
    )
    refused = Client().post(url, sent)
    page = refused.content.decode()
    assert refused.status_code == 409 and not MinutesRemark.objects.exists()
    assert texts_of(page)["agreed"] == "Sovittiin minun sanoin." and texts_of(page)["comment"] == "Koska niin"
    assert texts_of(page)["background"] == "Uusi tausta."
    assert "Sovittiin sihteerin sanoin." in page and "muutettu sillä välin" in page
    again = texts_of(page) | {"version": version_in(page)}
    assert Client().post(url, again).status_code == 302
    remark = MinutesRemark.objects.get()
    assert (remark.version.number, remark.field, remark.proposed) == (2, "agreed", "Sovittiin minun sanoin.")


def test_an_edit_elsewhere_does_not_disturb_a_remark(path: str, minutes: Minutes, coordinator: User) -> None:
    """Nor one that came to the words that were proposed: there is nothing more to say then."""
    first, second = items_of(minutes)
    url = remark_path(path, f"kohta-{first.pk}")
    texts = texts_of(page_at(url)) | {"version": "1"}
    amend_item(second, {"agreed": "Muuta."}, kind=Kind.TYPO, by=coordinator)
    assert Client().post(url, texts | {"agreed": "Sovittiin yksi."}).status_code == 302
    remark = MinutesRemark.objects.get()
    assert (remark.version.number, remark.proposed) == (2, "Sovittiin yksi.")
    amend_item(first, {"discussion": "Puhuttiin."}, kind=Kind.TYPO, by=coordinator)
    assert Client().post(url, texts | {"discussion": "Puhuttiin."}).status_code == 302
    assert MinutesRemark.objects.count() == 1


def test_two_tabs_of_one_checker(path: str, minutes: Minutes, check: MinutesCheck) -> None:
    """Marked in one, the remark written in the other is given back; the mark stands."""
    url = remark_path(path, f"kohta-{items_of(minutes)[0].pk}")
    texts = texts_of(page_at(url)) | {"comment": "Toisessa ikkunassa kirjoitettu", "version": "1"}
    Client().post(path, {"version": "1"})
    refused = Client().post(url, texts)
    assert refused.status_code == 409 and "Toisessa ikkunassa kirjoitettu" in refused.content.decode()
    assert not MinutesRemark.objects.exists()


@pytest.mark.parametrize("after", ["marked", "still waiting"])
def test_a_moment_before(after: str, path: str, minutes: Minutes, check: MinutesCheck) -> None:
    """What is refused by a moment loses nothing that was typed."""
    url = remark_path(path, f"kohta-{items_of(minutes)[0].pk}")

    def late(*_args: object, **_options: object) -> None:
        if after == "marked":
            mark(MinutesCheck.objects.get(pk=check.pk), by=None)
        raise NotAllowedNow("Ei juuri nyt.")

    with patch("negotiations.minutes.views.review.reviewing.say", side_effect=late):
        response = Client().post(url, {"comment": "Kirjoitettu", "version": "1"})
    assert response.status_code == 409 and "Kirjoitettu" in response.content.decode()
    assert ("Ei juuri nyt." in response.content.decode()) == (after == "still waiting")


def test_a_remark_is_taken_back_while_it_is_open_and_its_words_are_kept(
    path: str, minutes: Minutes, check: MinutesCheck
) -> None:
    """They stand in the form, to be mended and sent again."""
    item = items_of(minutes)[0]
    url = remark_path(path, f"kohta-{item.pk}")
    Client().post(url, texts_of(page_at(url)) | {"agreed": "Sovittiin yksi.", "comment": "Miksi", "version": "1"})
    remark = MinutesRemark.objects.get()
    back = reverse("minutes_link_withdraw", args=[path.split("/")[2], remark.pk])
    assert back in page_at(path)
    assert Client().get(back).status_code == 405
    response = Client().post(back)
    page = response.content.decode()
    assert response.status_code == 200 and "Huomautus on peruttu" in page
    assert texts_of(page)["agreed"] == "Sovittiin yksi." and texts_of(page)["comment"] == "Miksi"
    assert not MinutesRemark.objects.exists()
    told = [happened.words for happened in log_of([minutes], {check.pk: "Hankasalmi"})]
    assert told[-1] == "Huomautus peruttiin: Hankasalmi."
    assert Client().post(back).status_code == 404
    Client().post(url, texts_of(page) | {"version": version_in(page)})
    assert MinutesRemark.objects.count() == 1


def test_a_new_checker_takes_back_no_remark_of_the_one_before(
    path: str, check: MinutesCheck, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """It is there to be decided on, and its words are not the new one's to read."""
    Client().post(remark_path(path, "yleista"), {"version": "1", "comment": "Edellisen oma."})
    remark = MinutesRemark.objects.get()
    replace_checker(check, name="Uusi", role="", email="uusi@example.fi", reason="Lomalla", by=coordinator)
    fresh = mailed(link_of(check), mailoutbox)
    response = Client().post(reverse("minutes_link_withdraw", args=[fresh.split("/")[2], remark.pk]))
    assert response.status_code == 404 and "Edellisen oma." not in response.content.decode()
    assert Client().post(reverse("minutes_link_withdraw", args=[path.split("/")[2], remark.pk])).status_code == 410
    assert MinutesRemark.objects.get().state == Remark.OPEN


def test_what_was_decided_and_why_is_told_and_stays(
    path: str, minutes: Minutes, check: MinutesCheck, joutsa: Municipality, coordinator: User
) -> None:
    """Accepted or not, with the reason; a decided remark cannot be taken back, nor that of another checker."""
    first, second = items_of(minutes)
    for item in (first, second):
        remarks.remark(check, 1, item=item, field="agreed", proposed=f"Ehdotus {item.position}", by=None)
    accepted, rejected = MinutesRemark.objects.order_by("pk")
    remarks.accept(accepted, kind=Kind.TYPO, by=coordinator)
    remarks.reject(rejected, reason="Näin ei sovittu.", by=coordinator)
    other = remarks.remark(check_of(minutes, joutsa), 2, text="Joutsan oma.", by=None)
    page = page_at(path)
    for words in ("Hyväksytty", "Ei hyväksytty", "Näin ei sovittu.", "kaikki on ratkaistu"):
        assert words in main_of(page)
    assert "Joutsan oma." not in page and "huomautukset/" not in page
    token = path.split("/")[2]
    response = Client().post(reverse("minutes_link_withdraw", args=[token, rejected.pk]))
    assert response.status_code == 302
    for pk in (other.pk, 999_999_999):
        assert Client().post(reverse("minutes_link_withdraw", args=[token, pk])).status_code == 404
    assert MinutesRemark.objects.count() == 3


def test_a_checker_with_open_remarks_may_mark_and_taking_the_last_one_back_settles(
    in_scope: County, hankasalmi: Municipality, coordinator: User, mailoutbox: list[EmailMessage]
) -> None:
    """The minutes are not checked while a remark is open; the mark itself can be made."""
    minutes = make_checking(in_scope, [hankasalmi], by=coordinator)
    check = check_of(minutes, hankasalmi)
    path = mailed(link_of(check), mailoutbox)
    Client().post(remark_path(path, "yleista"), {"comment": "Vielä yksi", "version": "1"})
    assert "1 huomautuksesi odottaa sihteerin ratkaisua" in main_of(page_at(path))
    assert Client().post(path, {"version": "1"}).status_code == 302
    minutes.refresh_from_db()
    assert minutes.state == Minutes.State.CHECKING
    page = page_at(path)
    assert "Olet tarkastanut pöytäkirjan" in page and "Vielä yksi" in page


# --- Signing ------------------------------------------------------------------------------------------------------


@pytest.fixture
def to_sign(minutes: Minutes, mailoutbox: list[EmailMessage]) -> str:
    """The path of the chair's link, once the minutes have been checked."""
    MinutesSignature.objects.filter(role="chair").update(
        name="Paula Puheenjohtaja", email="pj@example.fi", delete_after=coming(1)
    )
    for row in MinutesCheck.objects.filter(minutes=minutes):
        mark(row, by=None)
    return mailed(MinutesLink.objects.get(signature__role="chair"), mailoutbox)


def test_the_chair_reads_and_signs(to_sign: str, minutes: Minutes) -> None:
    """The version that was checked, once; without a cookie."""
    client = Client(enforce_csrf_checks=True)
    page = client.get(to_sign).content.decode()
    for words in ("Allekirjoita pöytäkirja", "Paula Puheenjohtaja", "Sovittiin 1.", "Hankasalmi: tarkastettu"):
        assert words in main_of(page)
    assert "Huomauta" not in page
    assert client.post(to_sign, {"version": "7"}).status_code == 422
    done = client.post(to_sign, {"version": version_in(page)}, headers={"origin": "null"}, follow=True)
    assert done.redirect_chain[0][1] == 302 and not done.cookies
    assert "Olet allekirjoittanut pöytäkirjan" in done.content.decode()
    signature = MinutesSignature.objects.get(role="chair")
    assert (signature.way, signature.version, signature.signed_on) == (
        MinutesSignature.Way.LINK,
        versions.latest(minutes),
        timezone.localdate(),
    )
    assert client.post(to_sign, {"version": "1"}).status_code == 409
    # Nothing of a checker's is behind a signer's link.
    assert client.get(remark_path(to_sign, "yleista")).status_code == 404


def test_signing_is_refused_by_a_moment(to_sign: str) -> None:
    """With the reason."""
    with patch("negotiations.minutes.views.link.signing.sign", side_effect=NotAllowedNow("Ei juuri nyt.")):
        response = Client().post(to_sign, {"version": "1"})
    assert response.status_code == 409 and "Ei juuri nyt." in response.content.decode()


def test_a_signers_link_ends_with_the_signatures(to_sign: str, minutes: Minutes, coordinator: User) -> None:
    """Too old, signed otherwise, or published."""
    MinutesLink.objects.update(expires_at=timezone.now())
    assert Client().get(to_sign).status_code == 410
    sign_all(minutes, by=coordinator)
    publish(minutes, by=coordinator)
    response = Client().get(to_sign)
    assert response.status_code == 410 and "Pöytäkirja on jo julkaistu" in response.content.decode()

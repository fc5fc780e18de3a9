"""What the pages tell and what their forms do; who may ask for them is told by test_access."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from municipalities.documents import path_of
from municipalities.models import County, Document, Download, Event, Membership, Municipality, User
from negotiations.log import WORDS
from negotiations.minutes.checking import mark, open_minutes, publish, return_to_draft, send_for_checking
from negotiations.minutes.signing import sign_all
from negotiations.models import LegalBasis, Minutes, MinutesCheck, Negotiation, Round, Summary
from negotiations.reporting import board
from negotiations.reporting.board import freeze, open_summary, put_on_agenda
from negotiations.reporting.writing import write
from negotiations.sitting.conduct import cancel
from tests.factories import make_held, make_negotiation, make_round
from tests.negotiations.test_board import MEETING
from tests.negotiations.test_checking import later

ClientFor = Callable[[User | None], Client]


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round on both legal bases."""
    return make_round(in_scope, legal_bases=[LegalBasis.COOPERATION, LegalBasis.WELFARE])


@pytest.fixture
def held(round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User) -> Negotiation:
    """A negotiation of two municipalities that has been held."""
    return make_held(round_, [hankasalmi, joutsa], by=coordinator)


@pytest.fixture
def draft(held: Negotiation, coordinator: User) -> Minutes:
    """Its minutes."""
    return open_minutes(held, by=coordinator)[0]


@pytest.fixture
def checking(draft: Minutes, coordinator: User) -> Minutes:
    """Its minutes, being checked."""
    return send_for_checking(draft, check_by=later(), by=coordinator)


@pytest.fixture
def summary(round_: Round, held: Negotiation, coordinator: User) -> Summary:
    """The draft of the round's summary."""
    return open_summary(round_, by=coordinator)


def url(name: str, pk: int | None = None, county: str = "keski-suomi") -> str:
    """Return an address of the cast's county."""
    return reverse(name, args=[county] if pk is None else [county, pk])


# --- The way in -----------------------------------------------------------------------------------------------


def test_home_leads_to_the_only_county(coordinator: User, client_for: ClientFor) -> None:
    """Nothing is asked where there is nothing to choose."""
    assert client_for(coordinator).get("/").headers["Location"] == url("county_home")


def test_home_lets_choose_between_counties(coordinator: User, keski_uusimaa: County, client_for: ClientFor) -> None:
    """Both are offered, and neither is opened unasked."""
    Membership.objects.create(user=coordinator, role=Membership.Role.COORDINATOR, county=keski_uusimaa)
    page = client_for(coordinator).get("/").content.decode()
    assert f'href="{url("county_home")}"' in page
    assert f'href="{url("county_home", county="keski-uusimaa")}"' in page


def test_home_leads_an_administrator_to_the_admin(administrator: User, client_for: ClientFor) -> None:
    """Who administers the installation is nothing in any county."""
    assert reverse("admin:index") in client_for(administrator).get("/").content.decode()


def test_sign_in_and_out(coordinator: User, client: Client) -> None:
    """By e-mail address and password; out by a form."""
    from tests.factories import PASSWORD

    response = client.post(reverse("account_login"), {"login": coordinator.email, "password": PASSWORD})
    assert response.headers["Location"] == "/"
    assert client.get(url("county_home")).status_code == 200
    client.post(reverse("account_logout"))
    assert client.get(url("county_home")).status_code == 302


def test_a_new_password_by_e_mail(coordinator: User, client: Client, mailoutbox: list) -> None:
    """The message has a link that opens the form for it."""
    client.post(reverse("account_reset_password"), {"email": coordinator.email})
    (message,) = mailoutbox
    assert message.to == [coordinator.email]
    link = next(word for word in message.body.split() if "/tili/password/reset/key/" in word)
    page = client.get(link, follow=True)
    assert page.status_code == 200
    assert 'name="password1"' in page.content.decode()


def test_style_of_the_county(coordinator: User, keski_suomi: County, client_for: ClientFor) -> None:
    """A stylesheet with its colour, kept by the browser alone."""
    response = client_for(coordinator).get(url("county_style"))
    assert response.headers["Content-Type"].startswith("text/css")
    assert keski_suomi.colour in response.content.decode()
    assert response.headers["Cache-Control"].startswith("private, max-age=")


# --- Errors ---------------------------------------------------------------------------------------------------


def test_a_move_that_cannot_be_made_now_is_a_conflict(
    checking: Minutes, coordinator: User, client_for: ClientFor
) -> None:
    """It tells why and leads back to where it was tried; nothing changes."""
    response = client_for(coordinator).post(url("minutes_publish", checking.pk))
    assert response.status_code == 409
    page = response.content.decode()
    assert url("negotiation_minutes", checking.negotiation_id) in page
    checking.refresh_from_db()
    assert checking.state == Minutes.State.CHECKING


@pytest.mark.parametrize("path", ["/oma/", "/tili/password/change/", "/keski-suomi/ei-ole/", "/ei-ole/"])
def test_the_countys_menu_stays_outside_its_pages(
    path: str, coordinator: User, keski_uusimaa: County, client_for: ClientFor
) -> None:
    """On the user's own pages and where nothing is found. Of two counties nobody knows which, but by the address."""

    def has_menu() -> bool:
        page = client_for(coordinator).get(path).content.decode()
        assert ("Keski-Suomen hyvinvointialue" in page) or "site-nav" not in page
        return "site-nav" in page and url("search") in page

    assert has_menu()
    Membership.objects.create(user=coordinator, role=Membership.Role.COORDINATOR, county=keski_uusimaa)
    assert has_menu() == path.startswith("/keski-suomi/")


def test_what_is_not_found_tells_nothing_of_another_county(
    keski_suomi: County, outsider: User, client_for: ClientFor
) -> None:
    """Below its address one sees one's own header, as below an address that is no county's."""
    for path in ("/keski-suomi/", "/keski-suomi/ei-ole/", "/ei-ole/", "/ei-ole/ei-ole/"):
        page = client_for(outsider).get(path).content.decode()
        assert "Keski-Suomen" not in page and url("search", county="keski-uusimaa") in page


def test_a_page_that_was_only_opened_is_refused_in_other_words(board_member: User, client_for: ClientFor) -> None:
    """Nothing was tried, so nothing is said to be unchanged; no link of the menu is where one is."""
    client = client_for(board_member)
    opened, sent = client.get(url("duty")), client.post(url("round_new"))
    assert (opened.status_code, sent.status_code) == (403, 403)
    page = opened.content.decode()
    assert "Et voi nähdä tätä sivua" in page and "Mitään ei muutettu" not in page
    assert 'aria-current="true">Etusivu' not in page and url("county_home") in page
    assert "Mitään ei muutettu" in sent.content.decode()


def test_a_text_whose_row_was_removed_meanwhile_is_given_back(
    held: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """404 as before, and what was typed stands on the page; nothing else that was sent."""
    client, item = client_for(coordinator), held.parts.all()[0].items.all()[0]
    address = url("agenda_item_edit", item.pk)
    item.delete()
    sent = {"title": "Nuoret", "background": "Pitkä <tausta>\nja toinen rivi", "seen": '{"title": "x"}'}
    response = client.post(address, sent)
    assert response.status_code == 404
    assert response.context["typed"] == ["Nuoret", "Pitkä <tausta>\nja toinen rivi"]
    assert "Pitkä &lt;tausta&gt;\nja toinen rivi</textarea>" in response.content.decode()
    assert "<textarea" not in client.get(address).content.decode()


def test_a_text_that_came_too_late_is_given_back(
    summary: Summary, checking: Minutes, coordinator: User, client_for: ClientFor
) -> None:
    """Whether the rule refuses it or the page before: the reason is told, and what was typed is there to be copied."""
    client = client_for(coordinator)
    freeze(summary, by=coordinator)
    response = client.post(url("summary_write", summary.pk), {"agreed": "Sovittiin <jostakin>."})
    assert response.status_code == 409
    assert "Sovittiin &lt;jostakin&gt;.</textarea>" in response.content.decode()
    (reason,) = response.context["form"].non_field_errors()
    assert reason.endswith("kopioi tarvitsemasi ennen kuin poistut.")
    summary.refresh_from_db()
    assert summary.state == Summary.State.READY
    item = checking.negotiation.parts.all()[0].items.all()[0]
    response = client.post(url("agenda_item_edit", item.pk), {"title": "Toinen asia"})
    assert response.status_code == 409
    assert response.context["typed"] == ["Toinen asia"]


def test_an_address_that_only_receives_says_so(checking: Minutes, coordinator: User, client_for: ClientFor) -> None:
    """Still 405, but a page of the site with a way on."""
    response = client_for(coordinator).get(url("minutes_publish", checking.pk))
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    page = response.content.decode()
    assert "<h1>Tästä osoitteesta ei avaudu sivua</h1>" in page and f'href="{url("county_home")}"' in page


@pytest.mark.parametrize(
    ("sender", "leads_to"),
    [
        ("http://testserver/keski-suomi/neuvottelut/1/?kohta=2", "/keski-suomi/neuvottelut/1/?kohta=2"),
        ("http://muualla.example/keski-suomi/neuvottelut/1/", "/keski-suomi/"),
        ("http://testserver/tili/login/", "/keski-suomi/"),
        ("http://[", "/keski-suomi/"),
        ("", "/keski-suomi/"),
    ],
)
def test_who_sends_a_form_signed_out_is_led_to_where_it_was(
    sender: str, leads_to: str, checking: Minutes, client_for: ClientFor
) -> None:
    """Not to the address that the form was sent to: no page opens there. It is told that nothing was changed."""
    client = client_for(None)
    response = client.post(url("minutes_publish", checking.pk), headers={"referer": sender})
    query = urlencode({"next": leads_to}, safe="/")
    assert response.headers["Location"] == f"{reverse('account_login')}?{query}"
    assert "mitään ei muutettu" in client.get(response.headers["Location"]).content.decode()


@pytest.mark.parametrize(
    "template",
    [
        *("400.html", "403.html", "403_csrf.html", "404.html", "405.html", "409.html", "413.html", "429.html"),
        *("500.html", "503.html"),
    ],
)
def test_error_pages_need_nothing(template: str) -> None:
    """They are made without a context, as some of them are when all else fails, and without the database."""
    from django.template.loader import get_template

    page = get_template(template).render()
    assert page.count("<h1>") == 1


def test_a_form_that_is_too_large_says_how_large_it_may_be(
    checking: Minutes, client_for: ClientFor, coordinator: User
) -> None:
    """Nothing of it is taken; what was written is a step back."""
    client = client_for(coordinator)
    for sent in ({"text": "x" * 3_000_000}, {f"field{number}": "x" for number in range(2_000)}):
        response = client.post(url("minutes_publish", checking.pk), sent)
        assert response.status_code == 413
        page = response.content.decode()
        assert "Lomakkeessa saa olla tekstiä 2,6 megatavua" in page
        assert "site-header" in page
    response = client.get(url("county_home"), headers={"host": "muualla.example"})
    assert response.status_code == 400
    checking.refresh_from_db()
    assert checking.state == Minutes.State.CHECKING


def test_a_form_without_its_token_is_told_plainly(coordinator: User) -> None:
    """Our own page, not Django's."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator)
    response = client.post(reverse("set_language"), {"language": "sv"})
    assert response.status_code == 403
    assert "site-header" in response.content.decode()


# --- Minutes --------------------------------------------------------------------------------------------------


def test_sending_for_checking(draft: Minutes, coordinator: User, client_for: ClientFor) -> None:
    """By a day written as people write it, or as browsers send it."""
    response = client_for(coordinator).post(
        url("minutes_send", draft.pk), {"check_by": f"{later().day}.{later().month}.{later().year}"}
    )
    assert response.status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.check_by) == (Minutes.State.CHECKING, later())


@pytest.mark.parametrize("day", ["", "eilen", "1.1.2020"])
def test_sending_for_checking_with_a_day_that_will_not_do(
    day: str, draft: Minutes, coordinator: User, client_for: ClientFor
) -> None:
    """The page comes again with the error, linked to the field, and nothing changes."""
    response = client_for(coordinator).post(url("minutes_send", draft.pk), {"check_by": day})
    assert response.status_code == 422
    page = response.content.decode()
    assert f'href="#id_{draft.pk}_check_by"' in page
    assert f'id="id_{draft.pk}_check_by_error"' in page
    draft.refresh_from_db()
    assert draft.state == Minutes.State.DRAFT


def test_a_checker_marks_and_the_last_mark_makes_checked(
    checking: Minutes, editor: User, second_editor: User, client_for: ClientFor
) -> None:
    """Each for their own municipality only."""
    first, second = MinutesCheck.objects.filter(minutes=checking).order_by("party__municipality__area__order")
    address = url("minutes_mark", checking.pk)
    page = client_for(editor).get(url("negotiation_minutes", checking.negotiation_id)).content.decode()
    assert f'value="{first.pk}"' in page
    assert f'name="check" value="{second.pk}"' not in page
    approved = {"outcome": "approved", "version": 1}
    assert client_for(editor).post(address, {"check": second.pk, **approved}).status_code == 403
    assert client_for(editor).post(address, {"check": first.pk, **approved}).status_code == 302
    checking.refresh_from_db()
    assert checking.state == Minutes.State.CHECKING
    assert client_for(second_editor).post(address, {"check": second.pk, **approved}).status_code == 302
    checking.refresh_from_db()
    assert checking.state == Minutes.State.CHECKED


def test_silence_is_entered_by_the_county_alone(
    checking: Minutes, editor: User, coordinator: User, client_for: ClientFor
) -> None:
    """A checker either marks or does not."""
    check = MinutesCheck.objects.get(minutes=checking, party__municipality__area__code="077")
    data = {"check": check.pk, "outcome": "silent"}
    County.objects.update(silence_is_checking=True)
    Minutes.objects.filter(pk=checking.pk).update(check_by=timezone.localdate() - timedelta(days=1))
    assert client_for(editor).post(url("minutes_mark", checking.pk), data).status_code == 403
    assert client_for(coordinator).post(url("minutes_mark", checking.pk), data).status_code == 302
    check.refresh_from_db()
    assert check.outcome == MinutesCheck.Outcome.SILENT


def test_a_mark_of_other_minutes_is_unknown(
    checking: Minutes, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """The mark must be of the minutes in the address."""
    other = open_minutes(make_held(round_, [hankasalmi]), by=coordinator)[0]
    data = {"check": other.checks.get().pk, "outcome": "approved"}
    assert client_for(coordinator).post(url("minutes_mark", checking.pk), data).status_code == 404
    assert client_for(coordinator).post(url("minutes_mark", checking.pk), {"check": "x"}).status_code == 404


def test_return_and_render(checking: Minutes, coordinator: User, client_for: ClientFor) -> None:
    """Back to a draft; and a PDF of it, on whose page one then is."""
    client = client_for(coordinator)
    assert client.post(url("minutes_return", checking.pk)).status_code == 302
    checking.refresh_from_db()
    assert checking.state == Minutes.State.DRAFT
    response = client.post(url("minutes_render", checking.pk))
    checking.refresh_from_db()
    assert response.headers["Location"] == url("document", checking.document_id)
    assert checking.document is not None
    assert checking.document.variant == "draft"


# --- Summaries ------------------------------------------------------------------------------------------------


def test_a_summary_all_the_way(
    summary: Summary, coordinator: User, board_member: User, reader: User, client_for: ClientFor
) -> None:
    """Frozen, on the agenda, noted, published; the board reads it from the agenda on, others once it is public."""
    client = client_for(coordinator)
    page = url("summary", summary.pk)

    def seen() -> tuple[int, int]:
        return client_for(board_member).get(page).status_code, client_for(reader).get(page).status_code

    assert client.post(url("summary_freeze", summary.pk)).headers["Location"] == page
    assert seen() == (404, 404)
    meeting = {"agenda-body": "Aluehallitus", "agenda-on": "28.1.2025"}
    client.post(url("summary_put_on_agenda", summary.pk), meeting)
    assert seen() == (200, 404)
    noted = {"note-body": "Aluehallitus", "note-on": "2025-01-28", "note-section": "12 §"}
    client.post(url("summary_note", summary.pk), noted)
    summary.refresh_from_db()
    assert summary.state == Summary.State.NOTED
    assert summary.handlings.get(act="noted").section == "12"
    client.post(url("summary_publish", summary.pk), {"publish-on": "1.2.2025"})
    assert seen() == (200, 200)
    # What has been given out is not taken back.
    assert client.post(url("summary_reopen", summary.pk)).status_code == 409
    assert client.post(url("summary_render", summary.pk)).status_code == 409


def test_a_draft_is_written_before_it_is_frozen(summary: Summary, coordinator: User, client_for: ClientFor) -> None:
    """What is not written is told; once it is, and all has been held, freezing is the thing to do."""
    page = url("summary", summary.pk)

    def primary() -> list[str]:
        content = client_for(coordinator).get(page).content.decode()
        buttons = re.findall(r"<(?:a|button) class=\"hds-button hds-button--primary\"[^>]*>([^<]*)<", content)
        return [*buttons, *re.findall("Ei vielä kirjoitettu", content)]

    assert primary() == ["Kirjoita tekstit", "Ei vielä kirjoitettu", "Ei vielä kirjoitettu"]
    write(summary, {"agreed": ["Sovittiin."], "board": ["Merkitään tiedoksi."]}, case_number="", by=coordinator)
    assert primary() == ["Merkitse yhteenveto valmiiksi"]
    make_negotiation(summary.round, [])
    assert primary() == ["Kirjoita tekstit"]


def test_a_municipality_is_told_of_a_summary_that_is_not_published_yet(
    summary: Summary, coordinator: User, reader: User, board_member: User, client_for: ClientFor
) -> None:
    """As far as the page of the round tells it, and not to the board, which does not read rounds."""
    page, link = url("summaries"), url("round", summary.round_id)

    def told(user: User) -> bool:
        return link in client_for(user).get(page).content.decode()

    assert not told(reader)
    freeze(summary, by=coordinator)
    assert [told(user) for user in (reader, coordinator, board_member)] == [True, False, False]
    put_on_agenda(summary, body="Aluehallitus", on=MEETING, by=coordinator)
    assert "esityslistalla" in client_for(reader).get(page).content.decode()
    board.publish(summary, on=MEETING, by=coordinator)
    assert not told(reader)


def test_a_frozen_summary_can_be_reopened(summary: Summary, coordinator: User, client_for: ClientFor) -> None:
    """Until it is on an agenda."""
    client = client_for(coordinator)
    client.post(url("summary_freeze", summary.pk))
    assert client.post(url("summary_reopen", summary.pk)).status_code == 302
    summary.refresh_from_db()
    assert summary.state == Summary.State.DRAFT
    response = client.post(url("summary_render", summary.pk))
    summary.refresh_from_db()
    assert response.headers["Location"] == url("document", summary.document_id)


@pytest.mark.parametrize(
    ("move", "data", "field"),
    [
        ("put_on_agenda", {"agenda-on": "28.1.2025"}, "agenda-body"),
        ("put_on_agenda", {"agenda-body": "Aluehallitus", "agenda-on": "28.13.2025"}, "agenda-on"),
        ("note", {"note-body": "Aluehallitus", "note-on": "28.1.2025"}, "note-section"),
        ("note", {"note-body": "Aluehallitus", "note-on": "28.1.2025", "note-section": "§"}, "note-section"),
        ("note", {"note-body": "Aluehallitus", "note-on": "1.1.2100", "note-section": "12"}, "note-on"),
        ("publish", {}, "publish-on"),
    ],
)
def test_a_form_that_cannot_be_accepted(
    move: str, data: dict[str, str], field: str, summary: Summary, coordinator: User, client_for: ClientFor
) -> None:
    """The page comes again with what was written, an error by the field and a link to it; nothing changes."""
    put_on_agenda(freeze(summary, by=coordinator), body="Aluevaltuusto", on=MEETING, by=coordinator)
    events = Event.objects.count()
    response = client_for(coordinator).post(url(f"summary_{move}", summary.pk), data)
    assert response.status_code == 422
    page = response.content.decode()
    assert f'href="#{field}"' in page
    assert f'id="{field}_error"' in page
    if body := data.get("note-body"):
        assert f'name="note-body" value="{body}"' in page
    assert Event.objects.count() == events


def test_the_brief_is_what_was_frozen(
    summary: Summary, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """What happens afterwards does not change what the page of a frozen summary tells."""
    summary.notes.create(county_id=summary.county_id, section="agreed", position=1, text="Ennen jäädytystä")
    freeze(summary, by=coordinator)
    summary.notes.update(text="Jäädytyksen jälkeen")
    page = client_for(coordinator).get(url("summary", summary.pk)).content.decode()
    assert "Ennen jäädytystä" in page
    assert "Jäädytyksen jälkeen" not in page


# --- Documents ------------------------------------------------------------------------------------------------


@pytest.fixture
def ready(checking: Minutes, settings: object, tmp_path: Path) -> Document:
    """A document whose file is in its place."""
    settings.DOCUMENTS_ROOT = tmp_path  # type: ignore[attr-defined]
    document = checking.document
    assert document is not None
    content = b"%PDF-1.7 document"
    path = path_of(document)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    Document.objects.filter(pk=document.pk).update(
        state="ready",
        ready_at=timezone.now(),
        leased_until=None,
        size=len(content),
        pages=3,
        sha256="c" * 64,
        file_name="pöytäkirja-hankasalmi.pdf",
    )
    document.refresh_from_db()
    return document


def test_download(ready: Document, editor: User, client_for: ClientFor) -> None:
    """The file under its Finnish name, for the browser of who asked alone; and who took it is logged, once."""
    client = client_for(editor)
    response = client.get(url("document_download", ready.pk))
    assert b"".join(response) == b"%PDF-1.7 document"
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=utf-8''p%C3%B6yt%C3%A4kirja-hankasalmi.pdf" in response.headers["Content-Disposition"]
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert Download.objects.get().user == editor
    again = client.get(url("document_download", ready.pk), headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert client.head(url("document_download", ready.pk)).status_code == 200
    assert Download.objects.count() == 1


def test_a_document_that_is_not_ready_is_not_sent(checking: Minutes, editor: User, client_for: ClientFor) -> None:
    """A conflict, and no log of a download that was none."""
    assert client_for(editor).get(url("document_download", checking.document_id)).status_code == 409
    assert not Download.objects.exists()


def test_a_failed_document_tells_why_and_is_made_again(
    checking: Minutes, editor: User, coordinator: User, client_for: ClientFor
) -> None:
    """The reason is for all who see it; the button for the coordinator."""
    Document.objects.filter(minutes=checking).update(state="failed", reason="Levy on täynnä.")
    page, retry = url("document", checking.document_id), url("document_retry", checking.document_id)
    shown = client_for(editor).get(page).content.decode()
    assert "Levy on täynnä." in shown
    assert retry not in shown
    assert retry in client_for(coordinator).get(page).content.decode()
    assert client_for(coordinator).post(retry).headers["Location"] == page
    assert Document.objects.get(minutes=checking).state == Document.State.QUEUED


def test_htmx_gets_the_part_that_changes(checking: Minutes, coordinator: User, client_for: ClientFor) -> None:
    """Not the whole page; and of a finished document nothing that would ask again."""
    client, page = client_for(coordinator), url("document", checking.document_id)
    part = client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "hx-trigger" in part
    Document.objects.filter(minutes=checking).update(state="failed", reason="Levy on täynnä.")
    assert "hx-trigger" not in client.get(page, headers={"HX-Request": "true"}).content.decode()


# --- What pages tell ------------------------------------------------------------------------------------------


def test_every_event_of_the_moves_has_words(
    summary: Summary,
    draft: Minutes,
    round_: Round,
    hankasalmi: Municipality,
    coordinator: User,
    client_for: ClientFor,
) -> None:
    """All moves, and the log tells each."""
    cancel(make_negotiation(round_, [hankasalmi]), reason="Sairastuminen", by=coordinator)
    return_to_draft(send_for_checking(draft, check_by=later(), by=coordinator), by=coordinator)
    minutes = send_for_checking(draft, check_by=later(), by=coordinator)
    for check in minutes.checks.all():
        mark(check, by=coordinator)
    publish(sign_all(minutes, by=coordinator), by=coordinator)
    board.reopen(freeze(summary, by=coordinator), by=coordinator)
    freeze(summary, by=coordinator)
    put_on_agenda(summary, body="Aluehallitus", on=MEETING, by=coordinator)
    board.note(summary, body="Aluehallitus", on=MEETING, section="12", by=coordinator)
    board.publish(summary, on=MEETING, by=coordinator)
    told = Event.objects.filter(subject__startswith="negotiations.").values_list("subject", "verb")
    assert {tuple(row) for row in told} <= set(WORDS)
    for page, count in (
        (url("negotiation_log", draft.negotiation_id), Event.objects.filter(subject__in=NEGOTIATION).count() - 1),
        (url("summary", summary.pk), Event.objects.filter(subject="negotiations.summary").count()),
    ):
        # One event of each page is of the cancelled negotiation, which has a page of its own.
        assert client_for(coordinator).get(page).content.decode().count("<time datetime=") == count


NEGOTIATION = ("negotiations.negotiation", "negotiations.minutes")
TABS = ("negotiation", "negotiation_attendance", "negotiation_workshop", "negotiation_minutes", "negotiation_log")


def test_a_plan_says_that_it_is_one(
    round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """On the round, on each of its tabs, and on its negotiations."""
    negotiation = make_negotiation(round_, [hankasalmi])
    Round.objects.filter(pk=round_.pk).update(plan_as_of=MEETING)
    client = client_for(coordinator)
    pages = [url(name, round_.pk) for name in ("round", "round_schedule", "round_groups", "round_workshops")]
    tabs = [url(name, negotiation.pk) for name in TABS]
    for page in (*pages, *tabs):
        assert "28.1.2025" in client.get(page).content.decode()


def test_what_waits_for_the_coordinator(
    draft: Minutes, summary: Summary, coordinator: User, client_for: ClientFor
) -> None:
    """Each thing for as long as it waits, with the way to it."""
    client, home = client_for(coordinator), url("county_home")
    waiting = f'<a class="queue__act" href="{url("negotiation_minutes", draft.negotiation_id)}">'
    assert waiting in client.get(home).content.decode()
    send_for_checking(draft, check_by=later(), by=coordinator)
    assert waiting not in client.get(home).content.decode()
    Minutes.objects.filter(pk=draft.pk).update(check_by=timezone.localdate() - timedelta(days=1))
    assert waiting in client.get(home).content.decode()
    for check in draft.checks.all():
        mark(check, by=coordinator)
    assert waiting in client.get(home).content.decode()
    publish(sign_all(draft, by=coordinator), by=coordinator)
    page = client.get(home).content.decode()
    assert waiting not in page
    assert f'<a class="queue__act" href="{url("summary", summary.pk)}">' in page


def test_municipal_home_has_the_next_negotiation_and_what_to_check(
    checking: Minutes, round_: Round, hankasalmi: Municipality, editor: User, reader: User, client_for: ClientFor
) -> None:
    """One's own only; and to be marked only by those who may."""
    soon = timezone.localdate() + timedelta(days=3)
    coming = make_negotiation(round_, [hankasalmi], day=soon, title="Tuleva neuvottelu")
    page = client_for(editor).get(url("county_home")).content.decode()
    assert url("negotiation", coming.pk) in page
    assert url("minutes_check", checking.pk) in page
    assert url("minutes_check", checking.pk) not in client_for(reader).get(url("county_home")).content.decode()


def test_free_and_used_slots(round_: Round, hankasalmi: Municipality, reader: User, client_for: ClientFor) -> None:
    """A reader sees that a slot is used, and by whom only if it is by one's own municipality."""
    from negotiations.demo.building import moment
    from negotiations.models import Slot

    slots = [
        Slot.objects.create(
            county_id=round_.county_id, round=round_, starts_at=moment(day, 8, 15), ends_at=moment(day, 12)
        )
        for day in (MEETING, MEETING + timedelta(days=1), MEETING + timedelta(days=2))
    ]
    make_negotiation(round_, [hankasalmi], day=MEETING, slot=slots[0], title="Oma neuvottelu")
    make_negotiation(round_, [], day=MEETING, slot=slots[1], title="Muiden neuvottelu")
    response = client_for(reader).get(url("round_schedule", round_.pk))
    assert (response.context["used"], response.context["free"]) == (2, 1)
    page = response.content.decode()
    assert "Oma neuvottelu" in page
    assert "Muiden neuvottelu" not in page


def test_language_and_name_of_a_page(coordinator: User, client_for: ClientFor) -> None:
    """What is not translated into Swedish is shown in another language, but the page never breaks."""
    client = client_for(coordinator)
    client.post(reverse("set_language"), {"language": "sv", "next": url("municipalities")})
    page = client.get(url("municipalities")).content.decode()
    assert '<html lang="sv"' in page


def test_every_page_of_the_admin_opens(
    administrator: User, summary: Summary, checking: Minutes, client_for: ClientFor
) -> None:
    """Lists, one row of each and the forms for new ones; what is only looked at has no form for a new one."""
    from django.contrib.admin import site

    client = client_for(administrator)
    for model, model_admin in site._registry.items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"{base}_changelist")).status_code == 200, model
        with scope(county=checking.county):
            row = model._default_manager.first()
        if row is not None:
            assert client.get(reverse(f"{base}_change", args=[row.pk])).status_code == 200, model
        read_only = model in {Event, Download, Document}
        added = client.get(reverse(f"{base}_add")).status_code
        assert added == (403 if read_only or not model_admin.has_add_permission(_request(administrator)) else 200), (
            model
        )


def _request(user: User) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_the_admin_changes_no_state(administrator: User, checking: Minutes, client_for: ClientFor) -> None:
    """It is shown and cannot be sent."""
    address = reverse("admin:negotiations_minutes_change", args=[checking.pk])
    page = client_for(administrator).get(address).content.decode()
    assert 'name="state"' not in page
    assert "field-state" in page


def test_the_admin_changes_nothing_that_checkers_have_read(
    administrator: User, checking: Minutes, client_for: ClientFor
) -> None:
    """Neither the minutes nor what they tell: all is looked at only."""
    client = client_for(administrator)
    with scope(county=checking.county):
        part = checking.negotiation.parts.get()
        item = part.items.all()[0]
    for name, row in (
        ("minutes", checking),
        ("negotiation", checking.negotiation),
        ("part", part),
        ("agendaitem", item),
    ):
        address = reverse(f"admin:negotiations_{name}_change", args=[row.pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {"title": "Muu"}).status_code == 403


@pytest.mark.parametrize(
    ("own", "cookie", "shown"), [("fi", None, "fi"), ("sv", None, "sv"), ("sv", "fi", "fi"), ("fi", "xx", "fi")]
)
def test_the_language_is_ones_own_unless_another_is_chosen(
    own: str, cookie: str | None, shown: str, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """Whatever the browser asks for."""
    User.objects.filter(pk=coordinator.pk).update(language=own)
    client = client_for(coordinator)
    if cookie:
        client.cookies["language"] = cookie
    page = client.get("/keski-suomi/", headers={"accept-language": "en"}).content.decode()
    assert f'<html lang="{shown}"' in page

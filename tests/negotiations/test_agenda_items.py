"""One item of an agenda: its planned fields, what is linked with it and attached to it, and who may see that."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from indicators.models import Area, ImportRun, Indicator, IndicatorValue
from municipalities.models import County, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import AgendaAttachment, AgendaItem, AttachedFile, LegalBasis, Negotiation
from negotiations.sitting import agenda, attachments
from negotiations.sitting.conduct import convene, hold
from negotiations.sitting.item_figures import MOST_APART, linked_indicators
from tests.factories import BOTH, AreaFactory, make_negotiation, make_round
from tests.negotiations.test_attached_files import pdf
from tests.negotiations.test_checking import later
from tests.negotiations.test_negotiations import ClientFor, text_of, url

DAY = date(2024, 1, 31)


@pytest.fixture
def negotiation(in_scope: County, hankasalmi: Municipality) -> Negotiation:
    """A planned negotiation of both duties, with an empty agenda."""
    return make_negotiation(make_round(in_scope), [hankasalmi], bases=BOTH, items=0)


@pytest.fixture
def item(negotiation: Negotiation) -> AgendaItem:
    """An item of its second part."""
    (row,) = agenda.add_items(negotiation.parts.get(legal_basis=LegalBasis.WELFARE), [("Nuoret", "")], by=None)
    return row


@pytest.fixture
def indicator(db: None) -> Indicator:
    """A national indicator."""
    row: Indicator = Indicator.objects.create(
        name_fi="Yksinäisyys", theme="Nuoret", unit=Indicator.Unit.PERCENT, decimals=1
    )
    return row


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def sent(**fields: object) -> dict[str, object]:
    """Return what the form of an item is sent with."""
    return {"title": "Nuoret", "background": "", "presenter": "", "planned_minutes": "", "secrecy_ground": ""} | fields


def value_of(indicator: Indicator, area: Area, year: int, value: float) -> None:
    """Enter a figure."""
    run, _made = ImportRun.objects.get_or_create(
        source="Sotkanet", defaults={"state": ImportRun.State.DONE, "retrieved_on": DAY}
    )
    IndicatorValue.objects.create(indicator=indicator, area=area, year=year, value=value, run=run)


# --- Fields ---------------------------------------------------------------------------------------------------


def test_an_item_is_prepared(item: AgendaItem, client: Client, indicator: Indicator) -> None:
    """Who presents it, how long it takes, why it is not public, by which indicators; and the tab tells it all."""
    page = text_of(client.get(url("agenda_item_edit", item.pk)))
    assert "Yksinäisyys" in page
    fields = sent(
        presenter="Nuorisojohtaja",
        planned_minutes="25",
        secrecy_ground="JulkL 24 § 1 mom 23 k",
        indicators=[indicator.pk],
    )
    assert client.post(url("agenda_item_edit", item.pk), fields).status_code == 302
    item.refresh_from_db()
    assert (item.presenter, item.planned_minutes) == ("Nuorisojohtaja", 25)
    assert not item.is_public
    assert list(item.indicators.all()) == [indicator]
    told = text_of(client.get(url("negotiation", item.part.negotiation_id))).replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        "Esittelijä: Nuorisojohtaja",
        "25 min",
        "Ei julkinen: JulkL 24 § 1 mom 23 k",
        "Yksinäisyys",
        "lukua ei ole tiedossa",
        "Suunniteltu yhteensä 25 min, neuvottelu kestää 3 h 45 min: mahtuu, ja 3 h 20 min jää.",
    ):
        assert words in told, words
    made = text_of(client.get(url("negotiation_agenda", item.part.negotiation_id)))
    assert "1 tunnusluku" in made
    assert "Esittelijä: Nuorisojohtaja" in made


@pytest.mark.parametrize("minutes", ["0", "-5", "601", "9" * 40, "kymmenen", "1.5"])
def test_a_time_that_will_not_do_is_told(item: AgendaItem, client: Client, minutes: str) -> None:
    """At its field; nothing is saved."""
    refused = client.post(url("agenda_item_edit", item.pk), sent(title="Toinen", planned_minutes=minutes))
    assert refused.status_code == 422
    assert "Anna aika kokonaisina minuutteina, 1–600." in text_of(refused)
    item.refresh_from_db()
    assert (item.title, item.planned_minutes) == ("Nuoret", None)


def test_bad_choices_and_texts_are_refused(
    item: AgendaItem, client: Client, in_scope: County, keski_uusimaa: County
) -> None:
    """An indicator of another county, none at all, a measure not open here, a sign that no text has."""
    theirs = Indicator.objects.create(name_fi="Toisten", theme="Muut", owner=keski_uusimaa.area)
    address = url("agenda_item_edit", item.pk)
    assert "Toisten" not in text_of(client.get(address))
    for fields in (
        {"indicators": [theirs.pk]},
        {"indicators": ["x"]},
        {"indicators": ["9" * 30]},
        {"measures_followed": [1]},
        {"title": "a\x00b"},
        {"title": "x" * 201},
        {"presenter": "x" * 151},
        {"secrecy_ground": "x" * 201},
    ):
        assert client.post(address, sent(**fields)).status_code == 422, fields
    item.refresh_from_db()
    assert item.title == "Nuoret"
    assert not item.indicators.exists()


def test_two_who_edit_one_item_see_each_other(item: AgendaItem, client: Client, indicator: Indicator) -> None:
    """What only the other has changed stays theirs; what both have is shown with both."""
    page = client.get(url("agenda_item_edit", item.pk))
    seen = page.context["form"]["seen"].value()
    assert (
        client.post(
            url("agenda_item_edit", item.pk), sent(presenter="Ensimmäinen", indicators=[indicator.pk], seen=seen)
        ).status_code
        == 302
    )
    clash = client.post(url("agenda_item_edit", item.pk), sent(presenter="Toinen", seen=seen))
    assert clash.status_code == 409
    assert "Ensimmäinen" in text_of(clash)
    item.refresh_from_db()
    assert item.presenter == "Ensimmäinen"
    assert client.post(url("agenda_item_edit", item.pk), sent(background="Uusi tausta", seen=seen)).status_code == 302
    item.refresh_from_db()
    assert (item.presenter, item.background) == ("Ensimmäinen", "Uusi tausta")
    assert list(item.indicators.all()) == [indicator]


# --- Figures --------------------------------------------------------------------------------------------------


def test_the_latest_figures_of_the_municipalities_are_shown(
    item: AgendaItem, client: Client, indicator: Indicator, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    """Of those that are parties; never another's."""
    item.indicators.add(indicator)
    value_of(indicator, hankasalmi.area, 2022, 12.5)
    value_of(indicator, hankasalmi.area, 2023, 14.4)
    value_of(indicator, joutsa.area, 2023, 99.0)
    told = text_of(client.get(url("negotiation", item.part.negotiation_id))).replace("\N{NO-BREAK SPACE}", " ")
    assert "Hankasalmi <strong>14,4 %</strong>" in told
    assert "(2023)" in told
    assert "12,5" not in told
    assert "99" not in told.partition('id="asialista"')[2].partition("</section>")[0]


def test_many_municipalities_have_one_figure(indicator: Indicator, in_scope: County) -> None:
    """Together; and a survey without theirs shows the county's once."""
    areas: list[Any] = [AreaFactory(kind=Area.Kind.MUNICIPALITY) for _number in range(MOST_APART + 1)]
    population = Indicator.objects.create(name_fi="Väestö", theme="Väestö", sotkanet_id=127, unit=Indicator.Unit.COUNT)
    for area in areas:
        value_of(indicator, area, 2023, 10.0)
        value_of(population, area, 2023, 1000.0)

    def shown(chosen: list[Area]) -> tuple[list[str], list[float | None]]:
        found = linked_indicators(
            [indicator], chosen, in_scope.area, year=2024, language="fi", together="Kunnat yhteensä"
        )[indicator.pk]
        return [row.area for row in found.figures], [row.value for row in found.figures]

    assert shown(areas) == (["Kunnat yhteensä"], [10.0])
    assert len(shown(areas[:2])[0]) == 2
    assert shown([]) == ([], [])
    assert linked_indicators([], areas, in_scope.area, year=2024, language="fi", together="") == {}
    Indicator.objects.filter(pk=indicator.pk).update(survey=Indicator.Survey.SCHOOL)
    indicator.refresh_from_db()
    IndicatorValue.objects.filter(indicator=indicator).delete()
    value_of(indicator, in_scope.area, 2023, 11.0)
    assert shown(areas[:2]) == ([in_scope.area.name_fi], [11.0])


# --- What is attached -----------------------------------------------------------------------------------------


def attach(client: Client, item: AgendaItem, title: str = "Liite", **fields: object) -> AgendaAttachment:
    """Attach something in the browser."""
    answer = client.post(url("agenda_attachment_new", item.pk), {"title": title, "secrecy_ground": "", **fields})
    assert answer.status_code == 302, text_of(answer)
    row: AgendaAttachment = AgendaAttachment.objects.latest("pk")
    return row


def test_a_file_is_attached_and_had(item: AgendaItem, client: Client) -> None:
    """With its title on the tab; to be saved, as it came."""
    content = pdf()
    row = attach(client, item, "Tilannekatsaus", upload=SimpleUploadedFile("../tilanne.PDF", content))
    assert row.file is not None
    assert (row.file.name, row.file.media_type, row.position) == ("tilanne.pdf", "application/pdf", 1)
    told = text_of(client.get(url("negotiation", item.part.negotiation_id)))
    assert "Tilannekatsaus" in told
    assert url("agenda_attachment_file", row.pk) in told
    answer = client.get(url("agenda_attachment_file", row.pk))
    assert answer.content == content
    assert answer["Content-Disposition"] == 'attachment; filename="tilanne.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    without = attach(client, item, "Suullinen selvitys")
    assert client.get(url("agenda_attachment_file", without.pk)).status_code == 404


def test_a_file_that_will_not_do_is_told_at_its_field(item: AgendaItem, client: Client) -> None:
    """Nothing is kept; with another error the file is asked for again."""
    address = url("agenda_attachment_new", item.pk)
    for name, content, words in (
        ("a.html", b"<script>", "ei voi liittää"),
        ("a.pdf", b"%PDF-1.4 x", "on rikki"),
        ("a.txt", b"", "tyhjä"),
    ):
        refused = client.post(address, {"title": "Liite", "upload": SimpleUploadedFile(name, content)})
        assert refused.status_code == 422
        assert words in text_of(refused)
        assert 'href="#id_upload"' in text_of(refused)
    refused = client.post(address, {"title": "", "upload": SimpleUploadedFile("a.pdf", pdf())})
    assert "Valitse tiedosto uudelleen" in text_of(refused)
    assert not AttachedFile.objects.exists()
    assert not AgendaAttachment.objects.exists()


def test_an_attachment_is_changed(item: AgendaItem, client: Client) -> None:
    """Title, ground, another file, none; the former file stays as it was for what else has it."""
    row = attach(client, item, upload=SimpleUploadedFile("a.pdf", pdf()))
    address = url("agenda_attachment", row.pk)
    assert "Nyt liitteenä: a.pdf" in text_of(client.get(address))
    fields = {"title": "Uusi nimi", "secrecy_ground": "JulkL 24 § 1 mom 23 k"}
    assert client.post(address, fields).status_code == 302
    row.refresh_from_db()
    assert (row.title, row.secrecy_ground, row.file is None) == ("Uusi nimi", "JulkL 24 § 1 mom 23 k", False)
    other = SimpleUploadedFile("b.txt", b"teksti")
    assert client.post(address, {**fields, "upload": other, "without_file": "on"}).status_code == 422
    assert client.post(address, {**fields, "upload": SimpleUploadedFile("b.txt", b"teksti")}).status_code == 302
    row.refresh_from_db()
    assert str(row.file) == "b.txt"
    assert client.post(address, {**fields, "without_file": "on"}).status_code == 302
    row.refresh_from_db()
    assert row.file is None
    assert "Ei julkinen: JulkL 24 § 1 mom 23 k" in text_of(client.get(url("negotiation", item.part.negotiation_id)))


def test_attachments_are_put_in_order_removed_and_brought_back(item: AgendaItem, client: Client) -> None:
    """Numbered from one throughout; the file comes back with its attachment."""

    def titles() -> str:
        rows = list(item.attachments.order_by("position"))
        assert [row.position for row in rows] == list(range(1, len(rows) + 1))
        return "".join(row.title for row in rows)

    a, b, c = (attach(client, item, title) for title in "ABC")
    AgendaAttachment.objects.filter(pk=b.pk).update(
        file=attachments.store_file(item.county_id, SimpleUploadedFile("b.txt", b"b"))
    )
    client.post(url("agenda_attachment_move", c.pk), {"direction": "up"})
    client.post(url("agenda_attachment_move", a.pk), {"direction": "up"})
    assert titles() == "ACB"
    assert client.post(url("agenda_attachment_move", a.pk), {"direction": "x"}).status_code == 404
    page = client.post(url("agenda_attachment_remove", c.pk), follow=True)
    assert titles() == "AB"
    undo = page.context["undo"]
    client.post(undo.url, {"token": undo.token})
    assert titles() == "ACB"
    page = client.post(url("agenda_attachment_remove", b.pk), follow=True)
    undo = page.context["undo"]
    client.post(undo.url, {"token": undo.token})
    assert str(item.attachments.get(title="B").file) == "b.txt"
    assert client.post(url("agenda_attachment_restore", item.pk), {"token": "x"}).status_code == 409
    log = text_of(client.get(url("negotiation_log", item.part.negotiation_id)))
    for words in ("lisäsi asialistalle liitteen", "muutti asialistan liitettä", "poisti asialistan liitteen"):
        assert words in log


def test_an_item_has_so_many_attachments_at_most(item: AgendaItem, client: Client) -> None:
    """One more is refused, and told."""
    AgendaAttachment.objects.bulk_create(
        AgendaAttachment(county_id=item.county_id, item=item, position=number, title="x")
        for number in range(1, attachments.MOST_ATTACHMENTS + 1)
    )
    refused = client.post(url("agenda_attachment_new", item.pk), {"title": "Vielä yksi"})
    assert refused.status_code == 422
    assert "enintään 30 liitettä" in text_of(refused)


def test_who_may_see_what_is_not_public(
    item: AgendaItem,
    client: Client,
    client_for: ClientFor,
    editor: User,
    reader: User,
    second_editor: User,
    board_member: User,
    outsider: User,
) -> None:
    """The coordinator and the parties' own people; to others neither the item nor its file is there."""
    AgendaItem.objects.filter(pk=item.pk).update(title="Salainen asia", secrecy_ground="JulkL 24 § 1 mom 23 k")
    row = attach(client, item, "Salainen liite", secrecy_ground="JulkL", upload=SimpleUploadedFile("a.pdf", pdf()))
    page, file = url("negotiation", item.part.negotiation_id), url("agenda_attachment_file", row.pk)
    for user in (editor, reader):
        told = text_of(client_for(user).get(page))
        assert "Salainen asia" in told
        assert "Salainen liite" in told
        assert client_for(user).get(file).status_code == 200
        assert client_for(user).post(url("agenda_attachment", row.pk), {"title": "x"}).status_code == 403
        assert client_for(user).get(url("agenda_attachment_new", item.pk)).status_code == 403
    for user in (second_editor, board_member, outsider):
        assert client_for(user).get(page).status_code == 404
        assert client_for(user).get(file).status_code == 404
        assert client_for(user).get(url("agenda_attachment", row.pk)).status_code == 404
    assert client_for(None).get(file).status_code == 302


def test_the_agenda_locked_locks_its_attachments(item: AgendaItem, coordinator: User, client: Client) -> None:
    """As the rules and the pages have it."""
    row = attach(client, item)
    (minutes,) = open_minutes(hold(convene(item.part.negotiation, by=None), by=None), by=None)
    attachments.move_attachment(row, steps=1, by=None)
    send_for_checking(minutes, check_by=later(), by=coordinator)
    item.part.negotiation.refresh_from_db()
    for do in (
        lambda: attachments.add_attachment(item, "x", by=None),
        lambda: attachments.change_attachment(row, fields=["title"], by=None),
        lambda: attachments.move_attachment(row, steps=1, by=None),
        lambda: attachments.remove_attachment(row, by=None),
        lambda: agenda.defer_item(item, by=None),
        lambda: agenda.undefer_item(item, by=None),
    ):
        with pytest.raises(NotAllowedNow):
            do()
    for name, pk in (
        ("agenda_attachment_new", item.pk),
        ("agenda_attachment", row.pk),
        ("agenda_attachment_remove", row.pk),
    ):
        assert client.post(url(name, pk), {"title": "x"}).status_code == 409


def test_attachments_come_in_the_order_of_the_agenda(negotiation: Negotiation, client: Client) -> None:
    """Of the parts, the items and among each item's; in one query, without the files' content."""
    for part in negotiation.parts.order_by("-position"):
        for row in reversed(agenda.add_items(part, [(f"{part.position}A", ""), (f"{part.position}B", "")], by=None)):
            for number in (1, 2):
                attach(client, row, f"{row.title}{number}", upload=SimpleUploadedFile("a.txt", row.title.encode()))
    with CaptureQueriesContext(connection) as queries:
        found = agenda.agenda_attachments(negotiation)
        assert [row.title for row in found] == ["1A1", "1A2", "1B1", "1B2", "2A1", "2A2", "2B1", "2B2"]
        assert {row.file.name for row in found if row.file} == {"a.txt"}
    assert len(queries) == 1
    assert '"content"' not in queries.captured_queries[0]["sql"]


def test_three_linked_items_cost_what_one_does(
    negotiation: Negotiation, client: Client, indicator: Indicator, hankasalmi: Municipality
) -> None:
    """On the tab and where the agenda is made, with figures, measures and attachments."""
    value_of(indicator, hankasalmi.area, 2023, 14.0)

    def cost(name: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url(name, negotiation.pk)).status_code == 200
        return len(queries)

    def add(count: int) -> None:
        part = negotiation.parts.get(legal_basis=LegalBasis.WELFARE)
        for row in agenda.add_items(part, [("A", "")] * count, by=None):
            row.indicators.add(indicator)
            attach(client, row, upload=SimpleUploadedFile("a.txt", b"a"))

    add(1)
    pages = ("negotiation", "negotiation_agenda")
    for page in pages:
        cost(page)
    one = [cost(page) for page in pages]
    add(2)
    assert [cost(page) for page in pages] == one
    assert max(one) <= 27

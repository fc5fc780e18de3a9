"""A county's templates of agendas: made, copied, edited, removed; agendas begun from one and saved as one."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from municipalities.models import County, Municipality, User
from municipalities.moves import NotAllowedNow
from negotiations.models import AgendaItem, AgendaTemplate, AgendaTemplateItem, LegalBasis, Negotiation
from negotiations.sitting import agenda_templates as rules
from negotiations.sitting.agenda import add_items
from negotiations.sitting.agenda_templates import MOST_NAME, USUAL, Matter
from negotiations.sitting.beginning import begin_from
from tests.factories import BOTH, make_negotiation, make_round
from tests.negotiations.test_negotiations import ClientFor, text_of, url

WELFARE, COOPERATION = LegalBasis.WELFARE, LegalBasis.COOPERATION
MATTERS = (Matter("Avaus", "", "Puheenjohtaja", 5), Matter("Nuoret", "Taustaa."), Matter("Ikääntyneet"))


@pytest.fixture
def template(in_scope: County) -> AgendaTemplate:
    """A template with three items."""
    row = AgendaTemplate(county=in_scope, legal_basis=WELFARE, name="Kuntakohtaiset")
    return rules.save_template(row, matters=MATTERS, by=None)


@pytest.fixture
def negotiation(in_scope: County, hankasalmi: Municipality) -> Negotiation:
    """A planned negotiation of both duties, with an empty agenda."""
    return make_negotiation(make_round(in_scope), [hankasalmi], bases=BOTH, items=0)


@pytest.fixture
def client(coordinator: User, client_for: ClientFor) -> Client:
    """The coordinator's."""
    return client_for(coordinator)


def titles(template: AgendaTemplate) -> list[str]:
    """Return the items in their order, having seen that the numbers run from one."""
    rows = list(AgendaTemplateItem.objects.filter(template=template).order_by("position"))
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    return [row.title for row in rows]


def matter(template: AgendaTemplate, title: str) -> AgendaTemplateItem:
    """Return an item."""
    row: AgendaTemplateItem = AgendaTemplateItem.objects.get(template=template, title=title)
    return row


# --- Rules ----------------------------------------------------------------------------------------------------


def test_the_usual_items_cover_what_the_sources_ask() -> None:
    """Of 14 §: interfaces, goals, knowledge base, groups and counterparts; of 6-7 §: what the source lists."""
    for language, words in (
        (
            "fi",
            (
                (
                    "sivistystoimi",
                    "varautuminen",
                    "työllisyyden",
                    "kotoutuminen",
                    "Puitesopimuksen ja strategioiden",
                    "tietopohja",
                    "vastinparit",
                ),
                (
                    "Kuntakorttien",
                    "Painopisteet",
                    "Kuntien toimenpiteet",
                    "Hyvinvointialueen toimenpiteet",
                    "indikaattorit",
                    "aikataulut",
                ),
            ),
        ),
        (
            "sv",
            (
                (
                    "bildning",
                    "beredskap",
                    "sysselsättning",
                    "integration",
                    "Ramavtalets och strategiernas",
                    "kunskapsunderlag",
                    "motparter",
                ),
                (
                    "kommunkorten",
                    "Tyngdpunkter",
                    "Kommunernas åtgärder",
                    "Välfärdsområdets åtgärder",
                    "indikatorer",
                    "Tidsplaner",
                ),
            ),
        ),
    ):
        for basis, wanted in zip((COOPERATION, WELFARE), words, strict=True):
            told = " ".join(f"{one.title} {one.background}" for one in USUAL[language][basis])
            assert [word for word in wanted if word.lower() not in told.lower()] == []


@given(st.text(min_size=1, max_size=MOST_NAME), st.integers(0, 12))
def test_a_free_name_is_free_and_fits(name: str, taken: int) -> None:
    """However many have it already."""
    names: set[str] = set()
    for _number in range(taken):
        names.add(rules.free_of(name, names))
    free = rules.free_of(name, names)
    assert free not in names
    assert len(free) <= MOST_NAME
    assert len(names) == taken


def test_a_template_is_copied_and_the_copy_is_its_own(template: AgendaTemplate) -> None:
    """Under a name of its own; what is changed in the one is not in the other."""
    copy, again = rules.copy_template(template, by=None), rules.copy_template(template, by=None)
    assert [copy.name, again.name] == ["Kuntakohtaiset 2", "Kuntakohtaiset 3"]
    assert rules.matters_of(copy) == list(MATTERS)
    rules.remove_matter(matter(copy, "Nuoret"), by=None)
    assert titles(copy) == ["Avaus", "Ikääntyneet"]
    assert titles(template) == ["Avaus", "Nuoret", "Ikääntyneet"]


def test_a_template_removed_comes_back(template: AgendaTemplate) -> None:
    """With its items, under a name that is free now."""
    kept = rules.remove_template(template, by=None)
    assert not AgendaTemplateItem.objects.exists()
    taken = AgendaTemplate(county=County.objects.get(slug="keski-suomi"), legal_basis=WELFARE)
    taken.name = "Kuntakohtaiset"
    rules.save_template(taken, by=None)
    back = rules.restore_template(taken.county, kept, by=None)
    assert (back.name, rules.matters_of(back)) == ("Kuntakohtaiset 2", list(MATTERS))


def test_the_items_of_a_template_are_moved_removed_and_brought_back(template: AgendaTemplate) -> None:
    """Numbered from one throughout, never past the ends, and never too many."""
    rules.place_matter(matter(template, "Ikääntyneet"), number=1, by=None)
    assert titles(template) == ["Ikääntyneet", "Avaus", "Nuoret"]
    rules.place_matter(matter(template, "Ikääntyneet"), number=999, by=None)
    rules.place_matter(matter(template, "Avaus"), number=-5, by=None)
    assert titles(template) == ["Avaus", "Nuoret", "Ikääntyneet"]
    gone = matter(template, "Nuoret")
    kept = rules.remove_matter(gone, by=None)
    assert titles(template) == ["Avaus", "Ikääntyneet"]
    rules.restore_matter(template, kept, by=None)
    assert titles(template) == ["Avaus", "Nuoret", "Ikääntyneet"]
    assert matter(template, "Nuoret").background == "Taustaa."
    with pytest.raises(NotAllowedNow):
        rules.place_matter(gone, number=1, by=None)
    with pytest.raises(ValidationError):
        rules.add_matters(template, [Matter("x")] * 98, by=None)


def test_an_agenda_is_begun_from_a_template(template: AgendaTemplate, negotiation: Negotiation) -> None:
    """Of the same duty, an empty one; the template stays as it is."""
    part = negotiation.parts.get(legal_basis=WELFARE)
    with pytest.raises(NotAllowedNow):
        begin_from(negotiation.parts.get(legal_basis=COOPERATION), template, by=None)
    added = begin_from(part, template, by=None)
    assert [(row.title, row.background, row.presenter, row.planned_minutes) for row in added] == list(MATTERS)
    with pytest.raises(NotAllowedNow):
        begin_from(part, template, by=None)
    assert titles(template) == ["Avaus", "Nuoret", "Ikääntyneet"]


def test_what_a_template_keeps_of_an_agenda(negotiation: Negotiation) -> None:
    """Not what came from before, and nothing that is not public."""
    part = negotiation.parts.get(legal_basis=WELFARE)
    _kept, carried, secret = add_items(part, [("Nuoret", "Taustaa."), ("Siirretty", ""), ("Salainen", "")], by=None)
    origin = add_items(negotiation.parts.get(legal_basis=COOPERATION), [("x", "")], by=None)[0]
    AgendaItem.objects.filter(pk=carried.pk).update(deferred_from=origin)
    AgendaItem.objects.filter(pk=secret.pk).update(secrecy_ground="JulkL 24 §")
    items = AgendaItem.objects.filter(part=part).prefetch_related("measures_followed").order_by("position")
    assert rules.matters_from(items) == [Matter("Nuoret", "Taustaa.")]


# --- In the browser -------------------------------------------------------------------------------------------


def test_a_template_is_made_in_the_browser(client: Client, in_scope: County) -> None:
    """Named, filled, its items edited, moved and removed; each step can be undone."""
    assert "Hyvinvointialueella ei ole tähän vielä omaa pohjaa" in text_of(client.get(url("agenda_templates")))
    refused = client.post(url("agenda_template_new"), {"name": "", "language": "fi"})
    assert refused.status_code == 422
    assert "Valitse lakiperuste." in text_of(refused)
    made = client.post(url("agenda_template_new"), {"name": "Oma", "legal_basis": WELFARE.value, "language": "fi"})
    template = AgendaTemplate.objects.get()
    assert made.headers["Location"] == url("agenda_template", template.pk)
    again = client.post(url("agenda_template_new"), {"name": "Oma", "legal_basis": WELFARE.value, "language": "fi"})
    assert again.status_code == 422
    assert "Samanniminen pohja on jo olemassa" in text_of(again)
    assert client.post(url("agenda_template_add", template.pk), {"titles": ""}).status_code == 422
    full = client.post(url("agenda_template_add", template.pk), {"titles": "\n".join("x" * 101)})
    assert full.status_code == 422
    client.post(url("agenda_template_add", template.pk), {"titles": "1 § Avaus\n2 § Nuoret\n3 § Talous"})
    assert titles(template) == ["Avaus", "Nuoret", "Talous"]
    row = matter(template, "Nuoret")
    client.post(
        url("agenda_template_item", row.pk),
        {"title": "Nuoret", "background": "Taustaa.", "presenter": "Johtaja", "planned_minutes": "20"},
    )
    page = text_of(client.post(url("agenda_template_item_move", row.pk), {"direction": "down"}, follow=True))
    assert titles(template) == ["Avaus", "Talous", "Nuoret"]
    assert "20 min" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "Esittelijä: Johtaja" in page
    assert "Siirrä alas" in page.split("autofocus")[1][:200]
    client.post(url("agenda_template_item_move", row.pk), {"number": "1"})
    assert titles(template) == ["Nuoret", "Avaus", "Talous"]
    for sent in ({}, {"direction": "x"}, {"number": "²"}, {"number": "99999"}):
        assert client.post(url("agenda_template_item_move", row.pk), sent).status_code == 404
    undo = client.post(url("agenda_template_item_remove", row.pk), follow=True).context["undo"]
    assert titles(template) == ["Avaus", "Talous"]
    client.post(undo.url, {"token": undo.token})
    assert titles(template) == ["Nuoret", "Avaus", "Talous"]
    client.post(
        url("agenda_template_edit", template.pk), {"name": "Uusi", "legal_basis": COOPERATION.value, "language": "fi"}
    )
    template.refresh_from_db()
    assert (template.name, template.legal_basis) == ("Uusi", COOPERATION.value)
    undo = client.post(url("agenda_template_remove", template.pk), follow=True).context["undo"]
    assert not AgendaTemplate.objects.exists()
    client.post(undo.url, {"token": undo.token})
    assert titles(AgendaTemplate.objects.get()) == ["Nuoret", "Avaus", "Talous"]


def test_the_usual_agenda_is_copied(client: Client, in_scope: County) -> None:
    """As a template of the county's own; one of which there is none is not found."""
    answer = client.post(url("agenda_template_usual", "welfare-fi"), follow=True)
    template = AgendaTemplate.objects.get()
    assert "Kopio on ”Asialista, 6–7 §”" in text_of(answer)
    assert titles(template) == [one.title for one in USUAL["fi"][WELFARE]]
    assert client.post(url("agenda_template_usual", "welfare-en")).status_code == 404
    page = text_of(client.post(url("agenda_template_copy", template.pk), follow=True))
    assert "Kopio on ”Asialista, 6–7 § 2”" in page


def test_a_county_of_one_language_is_not_asked_for_it(client: Client, in_scope: County) -> None:
    """One of two is, and has the usual agendas of both."""
    assert 'id="id_language"' not in text_of(client.get(url("agenda_template_new")))
    assert "Kontaktytor" not in text_of(client.get(url("agenda_templates")))
    County.objects.filter(pk=in_scope.pk).update(languages=["fi", "sv"])
    assert 'id="id_language"' in text_of(client.get(url("agenda_template_new")))
    assert "Kontaktytor" in text_of(client.get(url("agenda_templates")))
    sent = {"name": "Mall", "legal_basis": WELFARE.value, "language": "sv"}
    client.post(url("agenda_template_new"), sent)
    assert AgendaTemplate.objects.get().language == "sv"


def test_an_agenda_is_begun_from_and_saved_as_a_template_in_the_browser(
    template: AgendaTemplate, negotiation: Negotiation, client: Client, keski_uusimaa: County
) -> None:
    """Offered for an empty part of the same duty; a template of another county is not found."""
    welfare, cooperation = (negotiation.parts.get(legal_basis=basis) for basis in (WELFARE, COOPERATION))
    assert text_of(client.get(url("negotiation_agenda", negotiation.pk))).count("Aloita pohjasta") == 1
    with scope(county=keski_uusimaa):
        theirs = AgendaTemplate.objects.create(county=keski_uusimaa, legal_basis=WELFARE, name="Toisten")
    address = url("agenda_usual", negotiation.pk)
    for wanted in (theirs.pk, "x", "9" * 30):
        assert client.post(address, {"part": welfare.pk, "template": wanted}).status_code == 404
    assert client.post(address, {"part": cooperation.pk, "template": template.pk}).status_code == 409
    client.post(address, {"part": welfare.pk, "template": template.pk})
    assert [row.title for row in welfare.items.all()] == ["Avaus", "Nuoret", "Ikääntyneet"]
    empty = AgendaTemplate.objects.create(county=negotiation.county, legal_basis=COOPERATION, name="Tyhjä")
    told = text_of(client.post(address, {"part": cooperation.pk, "template": empty.pk}, follow=True))
    assert "Pohjassa ei ole vielä kohtia" in told
    save = url("agenda_save_as_template", negotiation.pk, welfare.pk)
    assert "Pohjaan tulee 3 kohtaa." in text_of(client.get(save))
    assert client.post(save, {"name": "Kuntakohtaiset"}).status_code == 422
    client.post(save, {"name": "Syksyn pohja"})
    assert rules.matters_of(AgendaTemplate.objects.get(name="Syksyn pohja")) == list(MATTERS)
    other = make_negotiation(make_round(negotiation.county, name="Toinen"), [])
    assert client.get(url("agenda_save_as_template", other.pk, welfare.pk)).status_code == 404


def test_more_templates_cost_no_more_queries(template: AgendaTemplate, client: Client) -> None:
    """One or three, with their items."""

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(url("agenda_templates"))
        return len(queries)

    cost()
    one = cost()
    rules.copy_template(template, by=None)
    rules.copy_template(template, by=None)
    assert cost() == one
    assert one <= 12

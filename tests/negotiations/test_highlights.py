"""Highlights of a negotiation: suggested from figures and cards, taken, written, ordered, removed and brought back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django_scopes import scope

from indicators.models import ImportRun, Indicator, IndicatorSet, IndicatorValue
from municipalities.cards.content import CardContent, Proposal, freeze
from municipalities.models import Card, CardVersion, CardYear, County, Event, Municipality, Priority, User
from municipalities.moves import NotAllowedNow
from negotiations.log import HIGHLIGHTS, log_of
from negotiations.models import DismissedSuggestion, Highlight, Negotiation
from negotiations.planning.highlights import keeping
from negotiations.planning.highlights.keeping import by_priority, highlights_of
from negotiations.planning.highlights.rules import OLDEST
from negotiations.planning.highlights.suggesting import (
    Suggestion,
    figures_of,
    priorities_on,
    proposals_of,
    suggestions_by_rule,
)
from negotiations.planning.material.preread import send_material
from tests.factories import make_municipality, make_negotiation, make_priority, make_round

MIND = "Mielen hyvinvointi"
YEAR = 2024
Kind = Highlight.Kind


@pytest.fixture
def mind(in_scope: County) -> Priority:
    """A priority that indicators have as their theme."""
    return make_priority(in_scope, MIND)


@pytest.fixture
def towns(in_scope: County, hankasalmi: Municipality, joutsa: Municipality) -> list[Municipality]:
    """Six municipalities: three of the group, three others, in the order of their names."""
    others = [
        make_municipality(in_scope, str(code), name, 20_000)
        for code, name in enumerate(("Keuruu", "Laukaa", "Muurame", "Äänekoski"), 900)
    ]
    for row in (hankasalmi, joutsa):
        row.population = 20_000
        row.save()
    return [hankasalmi, joutsa, *others]


@pytest.fixture
def negotiation(in_scope: County, towns: list[Municipality]) -> Negotiation:
    """A negotiation of 2024 with three of the six."""
    return make_negotiation(make_round(in_scope), towns[:3])


@pytest.fixture
def run(db: None) -> ImportRun:
    """An import of real figures."""
    return ImportRun.objects.create(source="sotkanet", label="Sotkanet", retrieved_on=date(2024, 5, 2))


def indicator(**fields: Any) -> Indicator:
    """Make an indicator of the priority in which less is better."""
    values = {"name_fi": "Ahdistuneisuus, % oppilaista", "theme": MIND, "polarity": "lower"}
    row: Indicator = Indicator.objects.create(**(values | fields))
    return row


def give(
    of: Indicator,
    run: ImportRun,
    county: County,
    towns: Sequence[Municipality],
    values: Sequence[float | None],
    *,
    whole: float | None,
    year: int = YEAR,
    people: float = 1_000,
) -> None:
    """Give the county and its municipalities a figure of a year, each of so many people."""

    def row(area_id: int, value: float | None, count: float) -> IndicatorValue:
        absolute = None if value is None else value * count / 100
        status = "missing" if value is None else "ok"
        return IndicatorValue(
            indicator=of, run=run, area_id=area_id, year=year, value=value, absolute=absolute, status=status
        )

    rows = [row(town.area_id, value, people) for town, value in zip(towns, values, strict=True)]
    if whole is not None:
        rows.append(row(county.area_id, whole, people * len(towns)))
    IndicatorValue.objects.bulk_create(rows)


def fetched(negotiation: Negotiation) -> Negotiation:
    """Return the negotiation as a view has it."""
    return Negotiation.objects.select_related("round").get(pk=negotiation.pk)


def suggested(negotiation: Negotiation) -> list[Suggestion]:
    """Return what the figures suggest."""
    shown = fetched(negotiation)
    return suggestions_by_rule(shown, shown.county, priorities_on(shown))


WORSE = (30.0, 32.0, 28.0, 20.0, 20.0, 20.0)


@pytest.fixture
def gap(
    negotiation: Negotiation, mind: Priority, run: ImportRun, in_scope: County, towns: list[Municipality]
) -> Indicator:
    """An indicator in which the three are worse than the county."""
    row = indicator()
    give(row, run, in_scope, towns, WORSE, whole=25.0)
    return row


# --- From figures -------------------------------------------------------------------------------------------------


def test_a_gap_is_suggested_with_its_figures(negotiation: Negotiation, gap: Indicator, mind: Priority) -> None:
    """The sentence in the negotiation's language, and what a chart needs, municipalities by their names."""
    with translation.override("en"):
        (one,) = suggested(negotiation)
    assert (one.key, one.kind, one.priority) == (f"gap-{gap.pk}-2024", Kind.GAP, mind)
    assert one.text.replace("\N{NO-BREAK SPACE}", " ") == (
        "Ahdistuneisuus, % oppilaista: tilanne on kuntaryhmässä heikompi kuin koko hyvinvointialueella. Luku oli"
        " kuntaryhmässä 30,0 % ja koko hyvinvointialueella 25,0 % vuonna 2024. Luku on hyvinvointialueen lukua suurempi"
        " kaikissa kolmessa kunnassa."
    )
    (behind,) = one.figures
    assert (behind.indicator, behind.year, behind.first_year) == (gap.pk, 2024, 2024)
    assert (behind.county, behind.unit_label, behind.decimals, behind.is_example) == (25.0, "%", 1, False)
    assert behind.group == pytest.approx(30.0)
    assert [(place.name, place.value) for place in behind.municipalities] == [
        ("Hankasalmi", 30.0),
        ("Joutsa", 32.0),
        ("Keuruu", 28.0),
    ]


def test_nothing_from_small_numbers(
    negotiation: Negotiation, mind: Priority, run: ImportRun, in_scope: County, towns: list[Municipality]
) -> None:
    """The same figures of twelve people each are chance; and so they are where their number is not known."""
    few = indicator()
    give(few, run, in_scope, towns, WORSE, whole=25.0, people=12)
    assert suggested(negotiation) == []
    for municipality in towns:
        municipality.population = 0
        municipality.save()
    IndicatorValue.objects.update(absolute=None)
    assert suggested(negotiation) == []


def test_the_county_of_unknown_people_counts_as_many_as_its_parts(
    negotiation: Negotiation, mind: Priority, run: ImportRun, in_scope: County, towns: list[Municipality]
) -> None:
    """Its source does not tell, and it has no population of its own: chance is counted all the same."""
    row = indicator()
    give(row, run, in_scope, towns, WORSE, whole=25.0, people=12)
    IndicatorValue.objects.filter(area=in_scope.area).update(absolute=None)
    assert suggested(negotiation) == []


def test_several_years_say_what_one_cannot(
    negotiation: Negotiation, mind: Priority, run: ImportRun, in_scope: County, towns: list[Municipality]
) -> None:
    """Taken together they rest on enough people, and say so."""
    row = indicator()
    for year in (2022, 2023, 2024):
        give(row, run, in_scope, towns, WORSE, whole=25.0, year=year, people=100)
    (one,) = suggested(negotiation)
    assert "keskimäärin vuosina 2022–2024" in one.text
    assert (one.figures[0].first_year, one.figures[0].year, one.key) == (2022, 2024, f"gap-{row.pk}-2024")
    IndicatorValue.objects.exclude(year=2024).delete()
    assert suggested(negotiation) == []


def test_a_county_without_figures_of_municipalities_suggests_nothing(
    negotiation: Negotiation, mind: Priority, run: ImportRun, in_scope: County, towns: list[Municipality]
) -> None:
    """A survey that has the county's figure only, though a card shows it at the municipalities."""
    row = indicator(survey="adult")
    give(row, run, in_scope, towns, [None] * 6, whole=40.0)
    give(row, run, in_scope, towns, [None] * 6, whole=20.0, year=2020)
    assert suggested(negotiation) == []


@pytest.mark.parametrize(
    "fields", [{"polarity": "neutral"}, {"unit": "COUNT"}, {"theme": "Väestö ja elinolot"}], ids=str
)
def test_what_is_neither_better_nor_comparable_nor_of_a_priority_is_not_suggested(
    fields: dict[str, str], gap: Indicator, negotiation: Negotiation
) -> None:
    """The same figures else."""
    assert len(suggested(negotiation)) == 1
    Indicator.objects.filter(pk=gap.pk).update(**fields)
    assert suggested(negotiation) == []


def test_the_countys_own_indicators_count_and_anothers_do_not(
    gap: Indicator, negotiation: Negotiation, in_scope: County, keski_uusimaa: County
) -> None:
    """Whose they are."""
    Indicator.objects.filter(pk=gap.pk).update(owner=in_scope.area)
    assert len(suggested(negotiation)) == 1
    Indicator.objects.filter(pk=gap.pk).update(owner=keski_uusimaa.area)
    assert suggested(negotiation) == []


def test_old_figures_and_those_after_the_negotiation_are_left_out(gap: Indicator, negotiation: Negotiation) -> None:
    """At most so many years before its year."""
    IndicatorValue.objects.update(year=YEAR - OLDEST)
    assert len(suggested(negotiation)) == 1
    IndicatorValue.objects.update(year=YEAR - OLDEST - 1)
    assert suggested(negotiation) == []
    IndicatorValue.objects.update(year=YEAR + 1)
    assert suggested(negotiation) == []


def test_real_and_illustrative_figures_are_not_compared(
    gap: Indicator, negotiation: Negotiation, in_scope: County
) -> None:
    """The county's an example, the municipalities' real: what can be compared is computed of the municipalities."""
    example = ImportRun.objects.create(source="example", label="Esimerkki", retrieved_on=date(2024, 5, 2))
    IndicatorValue.objects.filter(area=in_scope.area).update(run=example, value=1.0)
    (real,) = suggested(negotiation)
    assert real.figures[0].county == pytest.approx(25.0)
    assert "Esimerkkiaineistoa" not in real.text
    IndicatorValue.objects.update(run=example)
    (shown,) = suggested(negotiation)
    assert shown.figures[0].is_example and shown.figures[0].county == 1.0
    assert shown.text.endswith(" (Esimerkkiaineistoa.)")


def test_a_worsening_is_of_those_that_have_both_years(
    negotiation: Negotiation, mind: Priority, run: ImportRun, in_scope: County, towns: list[Municipality]
) -> None:
    """One that has none of the earlier year is left out of both; nothing where the last change was for the better."""
    row = indicator()
    give(row, run, in_scope, towns, (10.0, 12.0, None, 19.0, 20.0, 21.0), whole=15.0, year=2020)
    give(row, run, in_scope, towns, (20.0, 22.0, 5.0, 22.0, 20.0, 21.0), whole=20.0)
    (one,) = suggested(negotiation)
    assert one.kind == Kind.WORSENING
    before = one.figures[0].before
    assert before is not None
    assert (before.years.first, before.group, before.group_now, before.municipalities) == (2020, 11.0, 21.0, 2)
    assert (before.county, before.county_now) == (15.0, 20.0)
    assert "joista on luku molemmilta ajankohdilta" in one.text
    give(row, run, in_scope, towns, (40.0, 40.0, 40.0, 19.0, 20.0, 21.0), whole=20.0, year=2023)
    assert Kind.WORSENING not in {each.kind for each in suggested(negotiation)}


def test_the_figures_behind_are_those_that_the_words_tell(
    negotiation: Negotiation, mind: Priority, run: ImportRun, in_scope: County, towns: list[Municipality]
) -> None:
    """A change to this year, though against the county only several years together say anything."""
    row = indicator()
    for year, value in ((2020, 10.0), (2022, 24.0), (2023, 26.0), (2024, 28.0)):
        give(row, run, in_scope, towns, (value,) * 3 + (20.0,) * 3, whole=value - 4, year=year, people=150)
    (one,) = suggested(negotiation)
    behind = one.figures[0]
    assert one.kind == Kind.WORSENING
    assert "28,0\N{NO-BREAK SPACE}% vuonna 2024" in one.text
    assert "myös heikompi kuin koko hyvinvointialueella" in one.text
    assert (behind.first_year, behind.year, behind.group, behind.county) == (2024, 2024, 28.0, 24.0)
    assert {place.value for place in behind.municipalities} == {28.0}


def test_at_most_three_of_a_kind_the_strongest_first(
    gap: Indicator, negotiation: Negotiation, run: ImportRun, in_scope: County, towns: list[Municipality]
) -> None:
    """Whatever their units."""
    for number, unit in enumerate(("PERCENT", "PER_1000", "PERCENT", "PER_1000"), 1):
        other = indicator(name_fi=f"Muu {number}", unit=unit)
        give(other, run, in_scope, towns, (22.0 + number, 24.0, 23.0, 20.0, 20.0, 20.0), whole=21.0, people=30_000)
    found = suggested(negotiation)
    assert [one.kind for one in found] == [Kind.GAP] * 3
    assert "Muu 1" not in " ".join(one.text for one in found)


@pytest.mark.parametrize("lacking", ["municipalities", "priorities"])
def test_nothing_to_suggest_from(lacking: str, gap: Indicator, negotiation: Negotiation, mind: Priority) -> None:
    """No municipality, or no priority on the day of the negotiation."""
    if lacking == "municipalities":
        negotiation.parties.exclude(municipality=None).delete()
    else:
        Priority.objects.filter(pk=mind.pk).update(ends_on=date(2023, 12, 31))
    assert suggested(negotiation) == []


# --- From cards ---------------------------------------------------------------------------------------------------


def send_card(municipality: Municipality, proposals: Sequence[Proposal], *, year: int = YEAR, number: int = 1) -> Card:
    """Make a version of a municipality's card with these proposals, as it was sent."""
    indicator_set = IndicatorSet.objects.get_or_create(owner=None, name="Luvut", version="1")[0]
    county = municipality.county
    assert county is not None
    card_year, _new = CardYear.objects.get_or_create(
        county=county, year=year, defaults={"indicator_set": indicator_set}
    )
    card: Card = Card.objects.get_or_create(
        county=county, card_year=card_year, municipality=municipality, defaults={"state": Card.State.SENT}
    )[0]
    content = CardContent(
        municipality=str(municipality),
        code=municipality.area.code,
        county=str(county),
        year=year,
        population=municipality.population,
        set_name="Luvut",
        figures=(),
        sources=(),
        features="",
        strengths=(),
        weaknesses=(),
        opportunities=(),
        threats=(),
        proposals=tuple(proposals),
        plans=(),
        contacts=(),
        language="fi",
    )
    frozen, digest = freeze(content)
    CardVersion.objects.create(county=county, card=card, number=number, content=frozen, sha256=digest)
    return card


def test_municipalities_propose_by_the_last_version_that_was_sent(
    negotiation: Negotiation, mind: Priority, towns: list[Municipality]
) -> None:
    """Of this year and of its parties; a proposal that stays as it was stays the same one."""
    first, second, *_rest, outside = towns
    send_card(first, [Proposal("Vanha.", MIND, mind.pk), Proposal("Sama.", MIND, mind.pk)])
    keys = {one.text: one.key for one in proposals_of(fetched(negotiation), [mind])}
    send_card(first, [Proposal("Sama.", MIND, None), Proposal("Uusi.", "Muu", 999_999)], number=2)
    send_card(second, [Proposal("Viime vuonna.", "", None)], year=2023)
    send_card(outside, [Proposal("Ei osapuoli.", "", None)])
    found = proposals_of(fetched(negotiation), [mind])
    assert [(one.text, one.priority, one.municipality, one.kind) for one in found] == [
        ("Sama. (Hankasalmi)", mind, "Hankasalmi", Kind.PROPOSAL),
        ("Uusi. (Hankasalmi)", None, "Hankasalmi", Kind.PROPOSAL),
    ]
    assert found[0].key == keys["Sama. (Hankasalmi)"]
    assert all(len(one.key) <= 80 for one in found)


# --- Kept ---------------------------------------------------------------------------------------------------------


def test_a_suggestion_is_taken_once_with_its_figures(
    gap: Indicator, negotiation: Negotiation, mind: Priority, coordinator: User
) -> None:
    """Those stay as they were; one that was dismissed is so no more."""
    (one,) = suggested(negotiation)
    assert keeping.dismiss(negotiation, one.key, by=coordinator)
    assert not keeping.dismiss(negotiation, one.key, by=coordinator)
    row = keeping.take(negotiation, one, by=coordinator)
    IndicatorValue.objects.all().delete()
    row = Highlight.objects.get(pk=row.pk)
    assert (row.kind, row.priority, row.text, row.suggestion) == (Kind.GAP, mind, one.text, one.key)
    assert figures_of(row) == one.figures
    assert not DismissedSuggestion.objects.exists()
    with pytest.raises(NotAllowedNow):
        keeping.take(negotiation, one, by=coordinator)


def test_two_who_take_at_once_take_it_once(
    transactional_db: None, gap: Indicator, negotiation: Negotiation, coordinator: User, in_scope: County
) -> None:
    """The second is told."""
    (one,) = suggested(negotiation)
    refused: list[BaseException] = []

    def take() -> None:
        try:
            with scope(county=in_scope):
                keeping.take(negotiation, one, by=coordinator)
        except NotAllowedNow as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Highlight.objects.count(), len(refused)) == (1, 1)


def write(negotiation: Negotiation, text: str, priority: Priority | None, by: User) -> Highlight:
    """Write a highlight."""
    return keeping.add(negotiation, Highlight(text=text, priority=priority), by=by)


def test_highlights_are_ordered_within_their_priority(
    negotiation: Negotiation, mind: Priority, coordinator: User, in_scope: County
) -> None:
    """Those of no priority come last; a removed one comes back to its place."""
    other = make_priority(in_scope, "Arki", position=1)
    a, b, c, d = (
        write(negotiation, text, of, coordinator) for text, of in (("a", mind), ("b", other), ("c", mind), ("d", None))
    )

    def texts(priorities: Sequence[Priority] = ()) -> list[tuple[str, str]]:
        groups = by_priority(highlights_of(negotiation), priorities)
        return [(str(of.priority or "-"), "".join(row.text for row in of.highlights)) for of in groups]

    assert texts() == [(MIND, "ac"), ("Arki", "b"), ("-", "d")]
    assert not keeping.move(a, up=True, by=coordinator)
    assert not keeping.move(b, up=False, by=coordinator)
    assert keeping.move(c, up=True, by=coordinator)
    assert texts() == [(MIND, "ca"), ("Arki", "b"), ("-", "d")]
    removed = keeping.remove(Highlight.objects.get(pk=c.pk), by=coordinator)
    assert texts() == [(MIND, "a"), ("Arki", "b"), ("-", "d")]
    assert not keeping.move(c, up=False, by=coordinator)
    keeping.restore(negotiation, removed, by=coordinator)
    assert texts() == [(MIND, "ca"), ("Arki", "b"), ("-", "d")]
    d.priority = mind
    keeping.change(d, fields=["priority"], by=coordinator)
    assert texts([mind, other]) == [(MIND, "cad"), ("Arki", "b")]
    b.delete()
    assert texts([mind, other]) == [(MIND, "cad"), ("Arki", "")]


def test_what_was_taken_again_is_not_brought_back(gap: Indicator, negotiation: Negotiation, coordinator: User) -> None:
    """Nor what is of a priority that is no more."""
    (one,) = suggested(negotiation)
    removed = keeping.remove(keeping.take(negotiation, one, by=coordinator), by=coordinator)
    keeping.take(negotiation, one, text="Toisin.", by=coordinator)
    with pytest.raises(NotAllowedNow):
        keeping.restore(negotiation, removed, by=coordinator)
    with pytest.raises(NotAllowedNow):
        keeping.restore(negotiation, keeping.RemovedHighlight(999_999, "own", "x", 1, "", []), by=coordinator)


def test_everything_is_told_in_the_log_without_texts(
    gap: Indicator, negotiation: Negotiation, mind: Priority, coordinator: User
) -> None:
    """Ids and codes alone."""
    (one,) = suggested(negotiation)
    keeping.dismiss(negotiation, one.key, by=coordinator)
    keeping.recall(negotiation, one.key, by=coordinator)
    assert not keeping.recall(negotiation, one.key, by=coordinator)
    taken = keeping.take(negotiation, one, by=coordinator)
    own = write(negotiation, "Oma nosto.", mind, coordinator)
    keeping.move(own, up=True, by=coordinator)
    keeping.change(own, fields=["text"], by=coordinator)
    keeping.change(own, fields=[], by=coordinator)
    keeping.restore(negotiation, keeping.remove(taken, by=coordinator), by=coordinator)
    events = Event.objects.filter(subject="negotiations.negotiation", verb__in=HIGHLIGHTS)
    assert sorted(event.verb for event in events) == sorted(HIGHLIGHTS)
    assert all(isinstance(v, int) or v == one.key for event in events for v in event.payload.values())
    with translation.override("fi"):
        words = [happened.words for happened in log_of([negotiation])]
    assert "Coordinator otti ehdotuksen nostoksi." in words


# --- Pages --------------------------------------------------------------------------------------------------------


def path(name: str, pk: int) -> str:
    """Return an address in the county."""
    return reverse(name, args=["keski-suomi", pk])


def keys(response: Any) -> list[str]:
    """Return the keys of what can be taken on the page."""
    return [one.key for section in response.context["sections"] for one in (*section.suggestions, *section.proposals)]


def test_the_tab_takes_dismisses_and_calls_back(
    gap: Indicator,
    negotiation: Negotiation,
    mind: Priority,
    towns: list[Municipality],
    coordinator: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """One suggestion and one proposal."""
    send_card(towns[0], [Proposal("Uimahalli.", MIND, mind.pk)])
    client = client_for(coordinator)
    tab = path("negotiation_material", negotiation.pk)
    page = client.get(tab)
    suggestion, proposal = keys(page)
    assert (suggestion, proposal.split("-")[0]) == (f"gap-{gap.pk}-2024", "proposal")
    assert "Näin ehdotukset syntyvät" in page.content.decode()
    client.post(path("highlight_dismiss", negotiation.pk), {"ehdotus": suggestion})
    page = client.get(tab)
    assert (keys(page), [one.key for one in page.context["dismissed"]]) == ([proposal], [suggestion])
    client.post(path("highlight_recall", negotiation.pk), {"ehdotus": suggestion})
    taken = client.post(path("highlight_take", negotiation.pk), {"ehdotus": suggestion})
    row = Highlight.objects.get()
    assert taken.headers["Location"] == f"{tab}#nosto-{row.pk}"
    assert client.post(path("highlight_take", negotiation.pk), {"ehdotus": suggestion}).status_code == 409
    client.post(path("highlight_take", negotiation.pk), {"ehdotus": proposal})
    page = client.get(tab)
    assert (keys(page), page.context["dismissed"]) == ([], [])
    assert [row.text for row in page.context["sections"][0].of.highlights][1] == "Uimahalli. (Hankasalmi)"
    assert client.post(path("highlight_take", negotiation.pk), {"ehdotus": "gap-1-1999"}).status_code == 404


def test_a_suggestion_is_edited_before_it_is_taken(
    gap: Indicator, negotiation: Negotiation, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """It keeps its figures and its kind; the priority may be taken away."""
    client = client_for(coordinator)
    (one,) = suggested(negotiation)
    address = path("highlight_new", negotiation.pk) + f"?ehdotus={one.key}"
    assert client.get(address).context["form"]["text"].value() == one.text
    assert client.post(address, {"text": ""}).status_code == 422
    assert client.post(address, {"text": "Omin sanoin.", "priority": ""}).status_code == 302
    row = Highlight.objects.get()
    assert (row.text, row.priority, row.kind, row.suggestion) == ("Omin sanoin.", None, Kind.GAP, one.key)
    assert figures_of(row) == one.figures
    assert client.get(path("highlight_new", negotiation.pk) + "?ehdotus=x").status_code == 404


def test_a_proposal_too_long_is_shortened_first(
    negotiation: Negotiation,
    mind: Priority,
    towns: list[Municipality],
    coordinator: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """Nothing of it is lost: it is in the form."""
    send_card(towns[0], [Proposal("x" * 1_001, MIND, mind.pk)])
    client = client_for(coordinator)
    (key,) = keys(client.get(path("negotiation_material", negotiation.pk)))
    taken = client.post(path("highlight_take", negotiation.pk), {"ehdotus": key})
    form = client.get(taken.headers["Location"]).context["form"]
    assert form["text"].value() == "x" * 1_001 + " (Hankasalmi)"
    assert not Highlight.objects.exists()


def test_a_highlight_is_written_edited_moved_removed_and_brought_back(
    negotiation: Negotiation, mind: Priority, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """As the county writes it."""
    client = client_for(coordinator)
    for text in ("Eka.", "Toka."):
        client.post(path("highlight_new", negotiation.pk), {"text": text, "priority": mind.pk})
    first, second = highlights_of(negotiation)
    client.post(path("highlight_move", second.pk), {"suunta": "ylos"})
    assert [row.text for row in highlights_of(negotiation)] == ["Toka.", "Eka."]
    client.post(path("highlight_edit", first.pk), {"text": "Ensin.", "priority": mind.pk})
    client.post(path("highlight_remove", first.pk))
    undo = client.get(path("negotiation_material", negotiation.pk)).context["undo"]
    assert [row.text for row in highlights_of(negotiation)] == ["Toka."]
    client.post(undo.url, {"token": undo.token})
    assert [row.text for row in highlights_of(negotiation)] == ["Toka.", "Ensin."]
    assert client.post(undo.url, {"token": "x"}).status_code == 409


def test_the_parties_read_what_was_confirmed_and_no_draft_nor_suggestion(
    gap: Indicator,
    negotiation: Negotiation,
    mind: Priority,
    towns: list[Municipality],
    coordinator: User,
    editor: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """What another municipality proposes in its card is the county's to read."""
    send_card(towns[1], [Proposal("Naapurin ehdotus.", MIND, mind.pk)])
    client = client_for(editor)
    tab = path("negotiation_material", negotiation.pk)
    with translation.override("fi"):
        empty = client.get(tab).content.decode()
    assert "ei ole vielä vahvistanut" in empty
    assert "Naapurin" not in empty and "Ahdistuneisuus" not in empty and "Ota nostoksi" not in empty
    row = write(negotiation, "Nosto.", mind, coordinator)
    assert "Nosto." not in client.get(tab).content.decode()
    send_material(negotiation, by=coordinator)
    write(negotiation, "Vielä kesken.", mind, coordinator)
    page = client.get(tab).content.decode()
    assert "Nosto." in page and "Vielä kesken." not in page
    assert client.get(path("highlight_edit", row.pk)).status_code == 403


def test_an_empty_tab_says_why(
    in_scope: County, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """No municipalities, no priorities, no highlights."""
    negotiation = make_negotiation(make_round(in_scope), [])
    page = client_for(coordinator).get(path("negotiation_material", negotiation.pk)).content.decode()
    for words in ("Nostoja ei ole vielä.", "osapuolissa ei ole kuntia", "ei ole painopisteitä neuvottelupäivänä"):
        assert words in page


@pytest.mark.parametrize("role", ["coordinator", "editor"])
def test_one_municipality_and_three_cost_the_same(
    role: str,
    gap: Indicator,
    mind: Priority,
    run: ImportRun,
    in_scope: County,
    towns: list[Municipality],
    coordinator: User,
    editor: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """And one highlight, card and indicator as many of them."""
    client = client_for({"coordinator": coordinator, "editor": editor}[role])
    counts, sizes = [], []
    for number in (1, 3):
        negotiation = make_negotiation(make_round(in_scope, name=f"Kierros {number}"), towns[:number])
        for town in towns[:number]:
            send_card(town, [Proposal("Ehdotus.", MIND, mind.pk)] * number, number=number)
            write(negotiation, "Nosto.", mind, coordinator)
        for each in range(number):
            keeping.dismiss(negotiation, f"gap-{each}-2024", by=coordinator)
            give(indicator(name_fi=f"Muu {number} {each}"), run, in_scope, towns, WORSE, whole=25.0)
        address = path("negotiation_material", negotiation.pk)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address)
        counts.append(len(queries))
        sizes.append(len(response.content))
    assert counts[0] == counts[1]
    assert sizes[0] < sizes[1]

"""One row and three rows cost the same: every list, for each role that has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope

from indicators.models import ImportRun, Indicator, IndicatorSet, IndicatorSetItem, IndicatorValue
from municipalities.models import County, Municipality, MunicipalityGroup, Sector, User
from negotiations.demo.building import add_head_counts, moment, organisation
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import (
    CoreGroup,
    FeedbackNote,
    LegalBasis,
    Measure,
    Minutes,
    MinutesAttachment,
    Negotiation,
    Observation,
    Party,
    Round,
    RoundStage,
    Slot,
    StatedFigure,
    Summary,
    ThemeColumn,
    WorkshopTheme,
)
from negotiations.reporting.board import freeze, open_summary, put_on_agenda
from tests.factories import make_held, make_municipality, make_negotiation, make_round
from tests.negotiations.test_board import MEETING
from tests.negotiations.test_checking import later

BOTH = (LegalBasis.COOPERATION, LegalBasis.WELFARE)


class World:
    """A county that grows: each call adds one more row to every list."""

    def __init__(self, county: County, own: Municipality, by: User) -> None:
        self.county, self.own, self.by = county, own, by
        self.rows = 0
        with scope(county=county):
            self.round: Round = make_round(county, legal_bases=list(BOTH), year=timezone.localdate().year)
            self.negotiation: Negotiation = make_held(self.round, [own], by=by, bases=BOTH)
            self.minutes: Minutes = open_minutes(self.negotiation, by=by)[0]
            self.summary: Summary = open_summary(self.round, by=by)
            self.theme = WorkshopTheme.objects.create(county=county, round=self.round, position=100, name="Teema")
            self.set = IndicatorSet.objects.create(owner=county.area, name="Luvut", version="1")
            self.run = ImportRun.objects.create(source="example", label="Luvut", retrieved_on=MEETING)

    def grow(self) -> None:
        """Add one more of everything that some page lists."""
        self.rows += 1
        n, county = self.rows, self.county
        with scope(county=county):
            other = make_municipality(county, f"8{n:02}", f"Kunta {n}")
            association = organisation(county, f"Yhdistys {n}", Sector.ORGANISATION)
            group = MunicipalityGroup.objects.create(county=county, year=self.round.year, name=f"Ryhmä {n}", position=n)
            group.municipalities.set([self.own, other])
            self._sitting(n, other, group)
            self._rest_of_the_round(n)
            self._one_more_summary(n)
            self._widen_the_negotiation(n, other)
            Party.objects.create(county=county, negotiation=self.negotiation, organisation=association)
            self._figure(n, other)

    def _sitting(self, n: int, other: Municipality, group: MunicipalityGroup) -> None:
        """Add a negotiation that was held and is being checked, and one to come."""
        held = make_held(self.round, [self.own, other], by=self.by, bases=BOTH, group=group)
        add_head_counts(held, {Sector.COUNTY: 4, Sector.MUNICIPALITY: 6})
        core = CoreGroup.objects.create(
            county=self.county, round=self.round, name=f"Ydinryhmä {n}", sector=Sector.COUNTY, size=1
        )
        core.negotiations.set([held])
        (minutes,) = open_minutes(held, by=self.by)
        send_for_checking(minutes, check_by=later(), by=self.by)
        Minutes.objects.filter(pk=minutes.pk).update(check_by=timezone.localdate() - timedelta(days=1))
        soon = timezone.localdate() + timedelta(days=n)
        slot = Slot.objects.create(
            county=self.county, round=self.round, starts_at=moment(soon, 8, 15), ends_at=moment(soon, 12)
        )
        make_negotiation(self.round, [self.own, other], day=soon, slot=slot, bases=BOTH, group=group)
        free = soon + timedelta(days=30)
        Slot.objects.create(
            county=self.county, round=self.round, starts_at=moment(free, 8, 15), ends_at=moment(free, 12)
        )
        Measure.objects.create(
            county=self.county,
            negotiation=held,
            municipality=self.own,
            text="Toimenpide",
            responsible_sector=Sector.MUNICIPALITY,
            responsible="Kunta",
        )

    def _rest_of_the_round(self, n: int) -> None:
        """Add a stage, a theme with a column and observations, feedback and a stated figure."""
        county, round_ = self.county, self.round
        RoundStage.objects.create(county=county, round=round_, position=n, name=f"Vaihe {n}")
        theme = WorkshopTheme.objects.create(county=county, round=round_, position=n, name=f"Teema {n}")
        for parent, position in ((theme, 1), (self.theme, n)):
            column = ThemeColumn.objects.create(county=county, theme=parent, position=position, title="Sarake")
            Observation.objects.create(
                county=county, column=column, negotiation=self.negotiation, position=1, text="Havainto"
            )
        FeedbackNote.objects.create(
            county=county, round=round_, given_on=MEETING, occasion="Palaute", position=n, text="Teksti"
        )
        StatedFigure.objects.create(county=county, round=round_, sectors=list(Sector)[:n], value=7, source="Lähde")

    def _one_more_summary(self, n: int) -> None:
        """Add a round of its own with a summary that is on an agenda of the past, and so waits to be noted."""
        round_ = make_round(self.county, name=f"Kierros {n}", year=2000 + n)
        make_held(round_, [self.own], by=self.by)
        summary = freeze(open_summary(round_, by=self.by), by=self.by)
        put_on_agenda(summary, body="Aluehallitus", on=MEETING, by=self.by)

    def _widen_the_negotiation(self, n: int, other: Municipality) -> None:
        """Add a party, an item with a measure, an attachment and a mark to the negotiation with a page of its own."""
        county, negotiation = self.county, self.negotiation
        party = Party.objects.create(county=county, negotiation=negotiation, municipality=other)
        part = negotiation.parts.all()[0]
        item = part.items.create(county=county, position=100 + n, title=f"Asia {n}")
        for measured in (item, None):
            Measure.objects.create(
                county=county,
                negotiation=negotiation,
                agenda_item=measured,
                municipality=other,
                text="Toimenpide",
                responsible_sector=Sector.MUNICIPALITY,
                responsible="Kunta",
            )
        negotiation.attendances.create(county=county, sector=Sector.MUNICIPALITY, role=f"Rooli {n}", municipality=other)
        self.minutes.checks.create(county=county, party=party)
        MinutesAttachment.objects.create(county=county, minutes=self.minutes, position=n, title="Liite")

    def _figure(self, n: int, other: Municipality) -> None:
        """Add an indicator with figures of two municipalities and the county."""
        indicator = Indicator.objects.create(name_fi=f"Indikaattori {n}", theme=f"Aihe {n}")
        IndicatorSetItem.objects.create(indicator_set=self.set, indicator=indicator, position=n)
        IndicatorValue.objects.bulk_create(
            IndicatorValue(indicator=indicator, area=area, run=self.run, year=year, value=10.0 + year % 7)
            for area in (self.own.area, other.area, self.county.area)
            for year in (2021, 2023)
        )


@pytest.fixture
def world(keski_suomi: County, hankasalmi: Municipality, coordinator: User) -> World:
    """The county of the cast with one row in every list."""
    grown = World(keski_suomi, hankasalmi, coordinator)
    grown.grow()
    return grown


LISTS = [
    ("county_home", "", ("coordinator", "editor", "board_member")),
    ("rounds", "", ("coordinator", "reader")),
    ("duty", "", ("coordinator",)),
    ("measures", "", ("coordinator", "editor")),
    ("negotiations", "", ("coordinator", "editor")),
    ("round", "round", ("coordinator", "editor")),
    ("round_schedule", "round", ("coordinator", "reader")),
    ("round_groups", "round", ("coordinator", "reader")),
    ("round_year", "round", ("coordinator", "reader")),
    ("round_workshops", "round", ("coordinator", "reader")),
    ("negotiation", "negotiation", ("coordinator", "editor")),
    ("negotiation_attendance", "negotiation", ("coordinator", "editor")),
    ("negotiation_workshop", "negotiation", ("coordinator", "editor")),
    ("negotiation_minutes", "negotiation", ("coordinator",)),
    ("municipalities", "", ("coordinator",)),
    ("municipality", "own", ("coordinator", "editor", "board_member")),
    ("documents", "", ("coordinator", "editor")),
    ("summaries", "", ("coordinator", "board_member")),
    ("summary", "summary", ("coordinator",)),
]


def test_three_rows_cost_what_one_does(
    world: World, client_for: Callable[[User | None], Client], request: pytest.FixtureRequest
) -> None:
    """The number of queries stays, though each page grows."""

    def costs() -> dict[tuple[str, str], tuple[int, int]]:
        found = {}
        for name, of, shown_to in LISTS:
            args: list[object] = [world.county.slug]
            if of == "own":
                args.append(world.own.area.code)
            elif of:
                args.append(getattr(world, of).pk)
            for role in shown_to:
                client = clients[role]
                with CaptureQueriesContext(connection) as queries:
                    response = client.get(reverse(name, args=args))
                assert response.status_code == 200, name
                found[name, role] = (len(queries), len(response.content))
        return found

    roles = sorted({role for *_page, roles in LISTS for role in roles})
    clients = {role: client_for(request.getfixturevalue(role)) for role in roles}
    costs()  # what is read once a process, such as content types, is read here
    one = costs()
    world.grow()
    world.grow()
    three = costs()
    # One that shows no more rows would prove nothing.
    assert [page for page in one if three[page][1] <= one[page][1]] == []
    more = {page: (one[page][0], three[page][0]) for page in one if three[page][0] != one[page][0]}
    assert more == {}

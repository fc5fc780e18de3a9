"""What is measured: a county with as many rows in every list as is asked for.

Most rows are put in whole: here only reading is measured, and the way to a state is what the tests are for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.db import connection
from django.utils import timezone
from django_scopes import scope

from indicators.models import ImportPart, ImportRun, Indicator, IndicatorSet, IndicatorSetItem, IndicatorValue
from municipalities.models import (
    Card,
    CardBundle,
    CardBundleItem,
    CardEntry,
    CardVersion,
    CardYear,
    County,
    Document,
    Event,
    Membership,
    Municipality,
    MunicipalityGroup,
    Organisation,
    Person,
    Priority,
    Sector,
    User,
)
from negotiations.demo.building import moment
from negotiations.minutes.checking import open_minutes
from negotiations.models import (
    AgendaItem,
    AgendaTemplate,
    AgendaTemplateItem,
    Attendance,
    FeedbackNote,
    LegalBasis,
    Measure,
    Minutes,
    Negotiation,
    Observation,
    Party,
    Round,
    RoundStage,
    Slot,
    Summary,
    ThemeColumn,
    WorkshopNote,
    WorkshopTheme,
)
from negotiations.reporting.board import open_summary
from negotiations.reporting.summary import request_summary_document
from negotiations.sitting.workshop_day.opening import numbered, open_workshop
from tests.factories import make_county, make_held, make_municipality, make_negotiation, make_round, make_user

BOTH = (LegalBasis.COOPERATION, LegalBasis.WELFARE)
# Four of ten negotiations of the round are still ahead.
AHEAD = 0.4
# The matrix has a column for each municipality; with a row for each as well, its cells would grow by the square.
INDICATORS_SHOWN = 4
YEARS_OF_FIGURES = range(2020, 2025)


@dataclass(frozen=True)
class World:
    """A county with `rows` rows in every list, and the rows that have a page of their own."""

    rows: int
    county: County
    users: dict[str, User]
    own: Municipality
    round: Round
    negotiation: Negotiation
    minutes: Minutes
    summary: Summary
    document: Document
    measure: Measure
    group: MunicipalityGroup
    organisation: Organisation
    person: Person
    indicator: Indicator
    indicator_set: IndicatorSet
    item: IndicatorSetItem
    bundle: CardBundle
    run: ImportRun
    stage: RoundStage
    template: AgendaTemplate


def build(slug: str, code: str, rows: int) -> World:
    """Make a county of its own with so many rows in every list."""
    county = make_county(code, f"Alue {slug}", slug)
    municipalities = [make_municipality(county, f"{code}-{n:03}", f"Kunta {slug} {n:03}") for n in range(rows)]
    own = municipalities[0]
    users = {
        role.value: make_user(f"{role.value}@{slug}.example", role, county, place)
        for role, place in (
            (Membership.Role.COORDINATOR, None),
            (Membership.Role.MUNICIPAL_EDITOR, own),
            (Membership.Role.BOARD_MEMBER, None),
        )
    }
    by = users["coordinator"]
    with scope(county=county):
        organisations, people = _register(county, rows)
        groups = _groups(county, municipalities)
        round_ = make_round(county, legal_bases=list(BOTH), year=timezone.localdate().year, name="Suuri kierros")
        negotiations = _negotiations(round_, municipalities, groups, by)
        negotiation = negotiations[0]
        minutes = open_minutes(negotiation, by=by)[0]
        measure = _of_one_negotiation(negotiation, municipalities, organisations, people)
        _of_the_round(round_, negotiations, municipalities)
        template = _of_the_day(negotiation, rows, by)
        stage = RoundStage.objects.filter(round=round_)[0]
        summary, document = _summaries_and_documents(round_, negotiations, rows, by)
    item, run = _figures(county, municipalities)
    with scope(county=county):
        bundle = _cards(county, municipalities, item.indicator_set, document, by)
    with connection.cursor() as cursor:
        # The embedded server that gives up durability for speed does not look at its tables by itself.
        cursor.execute("ANALYZE")
    return World(
        rows=rows,
        county=county,
        users=users,
        own=own,
        round=round_,
        negotiation=negotiation,
        minutes=minutes,
        summary=summary,
        document=document,
        measure=measure,
        group=groups[0],
        organisation=organisations[0],
        person=people[0],
        indicator=item.indicator,
        indicator_set=item.indicator_set,
        item=item,
        run=run,
        bundle=bundle,
        stage=stage,
        template=template,
    )


def _cards(
    county: County, municipalities: list[Municipality], chosen: IndicatorSet, document: Document, by: User
) -> CardBundle:
    """Add the cards of this year: that of each municipality begun, and all but the first one sent and in a bundle."""
    year = CardYear.objects.create(county=county, year=timezone.localdate().year, indicator_set=chosen)
    cards = Card.objects.bulk_create(
        Card(county=county, card_year=year, municipality=place, state=Card.State.SENT if number else Card.State.DRAFT)
        for number, place in enumerate(municipalities)
    )
    CardEntry.objects.bulk_create(
        CardEntry(county=county, card=card, section=section, text="Järjestöt ovat mukana.")
        for card in cards
        for section in (CardEntry.Section.STRENGTH, CardEntry.Section.THREAT)
    )
    versions = CardVersion.objects.bulk_create(
        CardVersion(county=county, card=card, number=1, content={}, sha256="0" * 64) for card in cards[1:]
    )
    bundle = CardBundle.objects.create(county=county, card_year=year, title="Kuntakortit", asked_by=by)
    CardBundleItem.objects.bulk_create(
        CardBundleItem(county=county, bundle=bundle, version=version, document=document) for version in versions
    )
    return bundle


def _register(county: County, rows: int) -> tuple[list[Organisation], list[Person]]:
    organisations = Organisation.objects.bulk_create(
        Organisation(county=county, sector=Sector.COMPANY, name=f"Yhdistys {n:03}") for n in range(rows)
    )
    people = Person.objects.bulk_create(
        Person(county=county, name=f"Henkilö {n:03}", role="hyvinvointikoordinaattori", sector=Sector.COMPANY)
        for n in range(rows)
    )
    today = timezone.localdate()
    Priority.objects.bulk_create(
        Priority(
            county=county,
            name=f"Painopiste {n}",
            starts_on=today - timedelta(days=500),
            ends_on=today + timedelta(days=500),
        )
        for n in range(3)
    )
    return organisations, people


def _groups(county: County, municipalities: list[Municipality]) -> list[MunicipalityGroup]:
    year = timezone.localdate().year
    groups = MunicipalityGroup.objects.bulk_create(
        MunicipalityGroup(county=county, year=year, name=f"Ryhmä {n:03}", position=n)
        for n in range(len(municipalities))
    )
    through: Any = MunicipalityGroup.municipalities.through
    through.objects.bulk_create(
        through(municipalitygroup_id=group.pk, municipality_id=municipality.pk)
        for n, group in enumerate(groups)
        for municipality in {municipalities[n], municipalities[n - 1]}
    )
    return groups


def _negotiations(
    round_: Round, municipalities: list[Municipality], groups: list[MunicipalityGroup], by: User
) -> list[Negotiation]:
    """Put the negotiations of the round in: the county's own municipality is a party to each."""
    today, own, made = timezone.localdate(), municipalities[0], []
    slots = Slot.objects.bulk_create(
        Slot(
            county_id=round_.county_id,
            round=round_,
            starts_at=moment(day, 8, 15),
            ends_at=moment(day, 12),
        )
        for n in range(len(municipalities))
        for day in [today + timedelta(days=n - int((1 - AHEAD) * len(municipalities)))]
    )
    for slot, other, group in zip(slots, municipalities, groups, strict=True):
        day = timezone.localdate(slot.starts_at)
        fields: dict[str, Any] = {"day": day, "bases": BOTH, "slot": slot, "group": group}
        parties = list(dict.fromkeys([own, other]))
        made.append(
            make_held(round_, parties, by=by, **fields) if day < today else make_negotiation(round_, parties, **fields)
        )
    held = [negotiation for negotiation in made if negotiation.state == Negotiation.State.HELD]
    Attendance.objects.bulk_create(
        Attendance(county_id=round_.county_id, negotiation=negotiation, sector=sector, is_head_count=True, count=count)
        for negotiation in held
        for sector, count in ((Sector.COUNTY, 7), (Sector.MUNICIPALITY, 9), (Sector.ORGANISATION, 2))
    )
    for negotiation in held[1:]:
        open_minutes(negotiation, by=by)
    return made


def _of_one_negotiation(
    negotiation: Negotiation,
    municipalities: list[Municipality],
    organisations: list[Organisation],
    people: list[Person],
) -> Measure:
    """Put in what the page of one negotiation lists."""
    county_id, part = negotiation.county_id, negotiation.parts.all()[0]
    Party.objects.bulk_create(
        Party(county_id=county_id, negotiation=negotiation, organisation=organisation) for organisation in organisations
    )
    items = AgendaItem.objects.bulk_create(
        AgendaItem(county_id=county_id, part=part, position=100 + n, title=f"Asia {n}", agreed="Sovittiin.")
        for n in range(len(municipalities))
    )
    Attendance.objects.bulk_create(
        Attendance(
            county_id=county_id,
            negotiation=negotiation,
            sector=Sector.COMPANY,
            person=person,
            name=person.name,
            role=person.role,
            organisation_name="Yhdistys",
        )
        for person in people
    )
    measures = Measure.objects.bulk_create(
        Measure(
            county_id=county_id,
            negotiation=negotiation,
            agenda_item=item,
            municipality=municipality,
            text="Kunta ja alue sopivat yhteisestä toimenpiteestä.",
            responsible_sector=Sector.MUNICIPALITY,
            responsible="Kunta",
        )
        for item, municipality in zip(items, municipalities, strict=True)
    )
    return measures[0]


def _of_the_day(negotiation: Negotiation, rows: int, by: User) -> AgendaTemplate:
    """Put in agendas of the county's own, and a workshop with its notes on the board; return one of the agendas."""
    county_id = negotiation.county_id
    templates = AgendaTemplate.objects.bulk_create(
        AgendaTemplate(county_id=county_id, legal_basis=BOTH[n % 2], name=f"Pohja {n}") for n in range(rows)
    )
    AgendaTemplateItem.objects.bulk_create(
        AgendaTemplateItem(county_id=county_id, template=templates[0], position=n, title=f"Asia {n}")
        for n in range(1, rows + 1)
    )
    workshop = open_workshop(negotiation, numbered(2, "fi"), by=by)
    group, column = workshop.groups.all()[0], ThemeColumn.objects.filter(theme__round=negotiation.round)[0]
    WorkshopNote.objects.bulk_create(
        WorkshopNote(county_id=county_id, workshop=workshop, group=group, column=column, key=uuid4(), text=f"Lappu {n}")
        for n in range(rows)
    )
    return templates[0]


def _of_the_round(round_: Round, negotiations: list[Negotiation], municipalities: list[Municipality]) -> None:
    """Put in what the other pages of the round list."""
    county_id, rows = round_.county_id, len(negotiations)
    RoundStage.objects.bulk_create(
        RoundStage(county_id=county_id, round=round_, position=n, name=f"Vaihe {n}") for n in range(1, rows + 1)
    )
    theme = WorkshopTheme.objects.create(county_id=county_id, round=round_, position=1, name="Teema")
    column = ThemeColumn.objects.create(county_id=county_id, theme=theme, position=1, title="Sarake")
    Observation.objects.bulk_create(
        Observation(county_id=county_id, column=column, negotiation=negotiation, position=n, text="Havainto")
        for n, negotiation in enumerate(negotiations, start=1)
    )
    FeedbackNote.objects.bulk_create(
        FeedbackNote(
            county_id=county_id,
            round=round_,
            given_on=round_.starts_on,
            occasion="Palaute",
            position=n,
            text="Teksti",
        )
        for n in range(1, rows + 1)
    )
    # Measures of his own municipality, over many negotiations.
    Measure.objects.bulk_create(
        Measure(
            county_id=county_id,
            negotiation=negotiation,
            municipality=municipalities[0],
            text="Toimenpide",
            responsible_sector=Sector.MUNICIPALITY,
            responsible="Kunta",
        )
        for negotiation in negotiations
    )


def _summaries_and_documents(
    round_: Round, negotiations: list[Negotiation], rows: int, by: User
) -> tuple[Summary, Document]:
    """Put in as many rounds, each with a summary that is frozen, and as many ready documents as there are rows."""
    county_id = round_.county_id
    summary = open_summary(round_, by=by)
    real = request_summary_document(summary, variant="draft", by=by)
    ready = {"state": Document.State.READY, "ready_at": timezone.now(), "size": 150_000, "sha256": "0" * 64}
    documents = Document.objects.bulk_create(
        Document(
            county_id=county_id,
            key=hashlib.sha256(f"{county_id} {n}".encode()).hexdigest(),
            kind=real.kind,
            variant=real.variant,
            language=real.language,
            template_version=real.template_version,
            title=f"Asiakirja {n}",
            file_name=f"asiakirja-{n}.pdf",
            context=real.context,
            pages=20,
            **ready,
        )
        for n in range(rows)
    )
    further = Round.objects.bulk_create(
        Round(
            county_id=county_id,
            name=f"Kierros {n}",
            year=2024 - n % 8,
            form=Round.Form.GROUPS,
            legal_bases=[LegalBasis.WELFARE],
            starts_on=date(2024 - n % 8, 9, 1),
            ends_on=date(2024 - n % 8, 12, 1),
        )
        for n in range(1, rows)
    )
    Summary.objects.bulk_create(
        Summary(
            county_id=county_id,
            round=other,
            document=document,
            state=Summary.State.READY,
            frozen_at=timezone.now(),
        )
        for other, document in zip(further, documents, strict=False)
    )
    Event.objects.bulk_create(
        Event(
            county_id=county_id,
            subject=summary._meta.label_lower,
            subject_id=summary.pk,
            verb="opened",
            at=timezone.now(),
            user=by,
            payload={},
        )
        for _ in range(5)
    )
    return summary, documents[0]


def _figures(county: County, municipalities: list[Municipality]) -> tuple[IndicatorSetItem, ImportRun]:
    """Put in as many indicators of the county's own, sets of them and imports of their figures as there are rows.

    The first set and the first import have all of the indicators. Only few have figures, in every municipality; they
    are what the county shows first.
    """
    rows = len(municipalities)
    indicators = Indicator.objects.bulk_create(
        Indicator(
            owner=county.area,
            name_fi=f"Tunnusluku {n:03}",
            theme=f"Aihe {n % 5}",
            polarity=Indicator.Polarity.LOWER,
        )
        for n in range(rows)
    )
    sets = IndicatorSet.objects.bulk_create(
        IndicatorSet(owner=county.area, name=f"Joukko {n:03}", version="1") for n in range(rows)
    )
    shown = sets[1]
    items = IndicatorSetItem.objects.bulk_create(
        IndicatorSetItem(indicator_set=of, indicator=indicator, position=position)
        for of in sets
        for position, indicator in enumerate(indicators if of == sets[0] else indicators[:INDICATORS_SHOWN], start=1)
    )
    County.objects.filter(pk=county.pk).update(indicator_set=shown)
    runs = ImportRun.objects.bulk_create(
        ImportRun(
            owner=county.area,
            source=ImportRun.Source.SPREADSHEET,
            label=f"Luvut {n}",
            retrieved_on=date(2026, 1, 1),
            state=ImportRun.State.DONE,
            finished_at=timezone.now(),
        )
        for n in range(rows)
    )
    ImportPart.objects.bulk_create(
        ImportPart(
            run=run,
            indicator=indicator,
            first_year=YEARS_OF_FIGURES[0],
            last_year=YEARS_OF_FIGURES[-1],
            state=ImportPart.State.DONE,
        )
        for run in runs
        for indicator in (indicators if run == runs[0] else indicators[:1])
    )
    IndicatorValue.objects.bulk_create(
        IndicatorValue(
            indicator=indicator,
            area_id=municipality.area_id,
            run=runs[0],
            year=year,
            value=(place * 7 + year) % 101,
        )
        for indicator in indicators[:INDICATORS_SHOWN]
        for place, municipality in enumerate(municipalities)
        for year in YEARS_OF_FIGURES
    )
    return items[0], runs[0]

"""The duty to negotiate of one county and of all 21, with ten years of rounds: as many queries, and how much longer.

The municipalities are those of the reference data. Every year has a round in each county: in turns with each
municipality on its own and in groups of some four, of which in every third both duties were dealt with; one in twenty
was cancelled, from one in twenty a municipality stayed away, and a fifth of the last year is still ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from municipalities.models import County, Municipality, Organisation, Sector
from negotiations.followup.duty import read, read_all
from negotiations.models import Attendance, LegalBasis, Negotiation, Part, Party, Round
from tests.bench.figures import Figure, Section, median, ms, timed

LAST_YEAR = 2032
TODAY = date(LAST_YEAR, 10, 15)
MOST_TIMES = 25.0
GROUP = 4
State, Participation = Negotiation.State, Party.Participation


def measure(*, years: int, repetitions: int) -> Section:
    """Fill ten years of all counties, and read the duty of one and of all by turns. Needs the reference data."""
    with scopes_disabled():
        counties = list(County.objects.filter(area__code__regex=r"^\d\d$").order_by("area__order"))
        made = sum(_fill(county, range(LAST_YEAR - years + 1, LAST_YEAR + 1)) for county in counties)
        municipalities = dict(_sizes(counties))
    with connection.cursor() as cursor:
        # The embedded server that gives up durability for speed does not look at its tables by itself.
        cursor.execute("ANALYZE")
    # The one in the middle by size: with 308 municipalities in 21 counties a small one would flatter the comparison.
    one = sorted(counties, key=lambda county: (municipalities[county.pk], county.pk))[len(counties) // 2]
    queries = (_queries([one]), _queries(counties))
    alone, every, page = [], [], []
    for _ in range(repetitions):
        alone.append(timed(lambda: read_all([one], year=LAST_YEAR, today=TODAY)))
        every.append(timed(lambda: read_all(counties, year=LAST_YEAR, today=TODAY)))
        with scope(county=one):
            page.append(timed(lambda: read(one, today=TODAY, with_others=True, with_terms=True, with_outside=True)))
    found = read_all(counties, year=LAST_YEAR, today=TODAY)
    told = [coverage for duty in found.values() for coverage in duty.coverages]
    one_ms, all_ms = median(alone), median(every)
    sizes = municipalities[one.pk], sum(municipalities.values())
    of = f"{one}: {sizes[0]} municipalities, {ms(one_ms)}; all {sizes[1]}, {ms(all_ms)}"
    raw = {"one": alone, "all": every, "page": page, "negotiations": made}
    return Section(
        "duty",
        f"The duty to negotiate: one county and all {len(counties)}, {years} years of rounds, {made} negotiations",
        (
            Figure("all counties, times one", all_ms / one_ms, "x", MOST_TIMES, of, raw),
            Figure("further queries for all", queries[1] - queries[0], "", 0, f"{queries[0]}, {queries[1]}"),
            Figure("one county, in a year and its term", one_ms * 1000, "ms"),
            Figure("all counties, in a year and its term", all_ms * 1000, "ms"),
            Figure("one county's page: a year and every term", median(page) * 1000, "ms"),
        ),
        [f"met towards {sum(coverage.done for coverage in told)} of {sum(coverage.total for coverage in told)}"],
    )


def _sizes(counties: list[County]) -> Iterator[tuple[int, int]]:
    for county in counties:
        yield county.pk, county.municipalities.count()


def _queries(counties: list[County]) -> int:
    with CaptureQueriesContext(connection) as captured:
        read_all(counties, year=LAST_YEAR, today=TODAY)
    return len(captured)


def _fill(county: County, years: range) -> int:
    """Enter a round for each of these years; return how many negotiations that makes."""
    municipalities = list(Municipality.objects.filter(county=county).order_by("area__order"))
    organisations = Organisation.objects.bulk_create(
        Organisation(county=county, name=f"Järjestö {number}", sector=Sector.ORGANISATION) for number in range(5)
    )
    made = 0
    for year in years:
        size = GROUP if year % 2 else 1
        groups = [municipalities[start : start + size] for start in range(0, len(municipalities), size)]
        bases = list(LegalBasis) if year % 3 == 0 else [LegalBasis.WELFARE]
        round_ = Round.objects.create(
            county=county,
            year=year,
            name=f"Mittaus {year}",
            form=Round.Form.GROUPS if size > 1 else Round.Form.MUNICIPALITIES,
            legal_bases=bases,
            starts_on=date(year, 8, 1),
            ends_on=date(year, 12, 15),
        )
        made += len(_sittings(round_, groups, organisations, bases))
    return made


def _sittings(
    round_: Round, groups: list[list[Municipality]], organisations: list[Organisation], bases: list[LegalBasis]
) -> list[Negotiation]:
    own, number = {"county_id": round_.county_id}, count(1)
    first = len(groups) - len(groups) // 5 if round_.year == LAST_YEAR else len(groups)
    rows = []
    for place in range(len(groups)):
        ahead = place >= first
        day = date(round_.year, 11, 1) if ahead else date(round_.year, 8, 15)
        day += timedelta(days=place)
        state = State.PLANNED if ahead else State.CANCELLED if place % 20 == 19 else State.HELD
        rows.append(
            Negotiation(
                **own,
                round=round_,
                title=f"Neuvottelu {place}",
                precision=Negotiation.Precision.DAY,
                earliest=day,
                latest=day,
                state=state,
                state_reason="Sairastuminen" if state == State.CANCELLED else "",
            )
        )
    negotiations = Negotiation.objects.bulk_create(rows)
    parties, parts, attendances = [], [], []
    for negotiation, members in zip(negotiations, groups, strict=True):
        held = negotiation.state == State.HELD
        came = Participation.TOOK_PART if held else Participation.INVITED
        parties.append(Party(**own, negotiation=negotiation, participation=came))
        for municipality in members:
            away = held and next(number) % 20 == 0
            participation = Participation.STAYED_AWAY if away else came
            parties.append(
                Party(**own, negotiation=negotiation, municipality=municipality, participation=participation)
            )
        parties += [
            Party(**own, negotiation=negotiation, organisation=organisation, participation=came)
            for organisation in organisations
        ]
        parts += [
            Part(**own, negotiation=negotiation, position=place, legal_basis=basis, dealt_with=held)
            for place, basis in enumerate(bases, start=1)
        ]
        if held:
            attendances += [
                Attendance(**own, negotiation=negotiation, sector=sector, is_head_count=True, count=6)
                for sector in (Sector.COUNTY, Sector.MUNICIPALITY, Sector.ORGANISATION, Sector.PARISH)
            ]
    Party.objects.bulk_create(parties)
    Part.objects.bulk_create(parts)
    Attendance.objects.bulk_create(attendances)
    return negotiations

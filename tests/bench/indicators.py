"""The pages of figures of a real county, a card among them, with few and with many figures in the
table: the same pages, the same content.

What they show does not change: 22 municipalities, their county and the country, 40 indicators, 22 years. What grows is
the rest of the table, up to what a whole country's import of 100 indicators leaves behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice

from django.db import connection, transaction
from django.db.models import Q
from django.urls import reverse
from django_scopes import scope

from indicators.importing import Row, write_values
from indicators.models import Area, ImportRun, Indicator, IndicatorSet, IndicatorSetItem, IndicatorValue
from municipalities.cards.keeping import add_line, start
from municipalities.cards.lifecycle import open_year
from municipalities.models import Card, CardYear, County, Membership, Municipality, User
from tests.bench.asking import Site, cookie_of, watched
from tests.bench.figures import Figure, Section, median, ms
from tests.factories import make_user

MOST_QUERIES = 12
MOST_QUERIES_OF_A_CARD = 15
MOST_TIMES = 1.3
COUNTY = "09"  # Keski-Suomi, of 22 municipalities
LAST_YEAR = 2024
GENDERS = ("total", "male", "female")
TABLE, BESIDE = IndicatorValue._meta.db_table, "figures_beside"


@dataclass
class Asked:
    """A page asked for again and again with a table of one size."""

    queries: int
    sizes: set[int] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    in_queries: list[float] = field(default_factory=list)


def measure(*, shown: int, further: int, years: int, few: int, repetitions: int) -> Section:
    """Open the pages with `few` figures in the table and with those of all municipalities.

    The matrix has `shown` indicators; `further` others come with many figures. All are of so many `years`. Nothing of
    it stays but the user.
    """
    county = County.objects.select_related("area").get(area__code=COUNTY)
    own, others = _areas(county)
    made = Indicator.objects.bulk_create(
        Indicator(name_fi=f"Tunnusluku {number:03}", theme=f"Aihe {number % 5}", polarity=Indicator.Polarity.LOWER)
        for number in range(shown + further)
    )
    run = ImportRun.objects.create(source=ImportRun.Source.SOTKANET, label="bench", retrieved_on=date(2026, 1, 1))
    indicator_set = IndicatorSet.objects.create(owner=county.area, name="Mitattu", version="1")
    IndicatorSetItem.objects.bulk_create(
        IndicatorSetItem(indicator_set=indicator_set, indicator=indicator, position=position)
        for position, indicator in enumerate(made[:shown], start=1)
    )
    user = make_user("figures@bench.example", Membership.Role.COORDINATOR, county)
    card = _card(county, indicator_set, user)
    paths = {
        "matrix": f"{reverse('figures', args=[county.slug])}?joukko={indicator_set.pk}",
        "indicator": reverse("indicator", args=[county.slug, made[0].pk]),
        "card": reverse("card", args=[county.slug, LAST_YEAR, card.municipality.area.code]),
    }
    period = range(LAST_YEAR - years + 1, LAST_YEAR + 1)
    needed = _rows(made[:shown], own, period)
    filling = islice(_rows(made[:shown], others, period), max(0, few - shown * len(own) * years * len(GENDERS)))
    # In the order of an import, so that what is shown lies as scattered as it would.
    whole = _rows(made, [*own, *others], period)
    in_table: list[int] = []
    with _beside():
        for rows in (chain(needed, filling), whole):
            _fill(run, rows)
            in_table.append(IndicatorValue.objects.count())
            _swap()
        found = _ask(paths, user, repetitions)
    IndicatorValue.objects.filter(run=run).delete()
    with scope(county=county):
        card.delete()
        CardYear.objects.filter(indicator_set=indicator_set).delete()
    indicator_set.delete()
    Indicator.objects.filter(pk__in=[indicator.pk for indicator in made]).delete()
    run.delete()
    return _section(found, in_table, shown=shown)


def _card(county: County, indicator_set: IndicatorSet, user: User) -> Card:
    """Begin a card on which are the indicators, for the user to fill, with a few lines in each list."""
    municipality = Municipality.objects.filter(county=county).select_related("area")[0]
    Membership.objects.create(
        user=user, role=Membership.Role.MUNICIPAL_EDITOR, county=county, municipality=municipality
    )
    with scope(county=county):
        card_year = open_year(county, LAST_YEAR, indicator_set=indicator_set, due_on=None, by=user)
        card = start(card_year, municipality, by=user)
        for name in ("strength", "weakness", "opportunity", "threat", "proposal"):
            for number in range(3):
                add_line(card, name, by=user, text=f"Rivi {number}")
    return card


def _areas(county: County) -> tuple[list[int], list[int]]:
    """Return the areas that a county's pages show, itself and the country among them, and all other municipalities.

    With figures of the country the page of an indicator need not compute them of all municipalities.
    """
    # The real ones: other measurements make municipalities of their own.
    real = Area.objects.filter(kind=Area.Kind.MUNICIPALITY, valid_to=None, code__regex=r"^\d{3}$").order_by("code")
    own = Q(parent=county.area)
    country = Area.objects.get(kind=Area.Kind.COUNTRY)
    return (
        [*real.filter(own).values_list("pk", flat=True), county.area_id, country.pk],
        list(real.exclude(own).values_list("pk", flat=True)),
    )


def _rows(indicators: Sequence[Indicator], areas: Sequence[int], years: Iterable[int]) -> Iterator[Row]:
    for indicator in indicators:
        for area in areas:
            for year in years:
                for gender in GENDERS:
                    value = float((indicator.pk * 31 + area * 7 + year * 3) % 1009) / 10
                    yield Row(indicator.pk, area, year, value, value * 50, "ok", gender)


@contextmanager
def _beside() -> Iterator[None]:
    """Keep a second table of figures, with what is in the first one now, for the block to swap with it.

    Both sizes can so be measured by turns: what else the machine does then slows either as much.
    """
    columns = "indicator_id, area_id, run_id, year, gender, value, absolute, status"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {BESIDE} (LIKE {TABLE} INCLUDING ALL)")
        cursor.execute(f"INSERT INTO {BESIDE} ({columns}) SELECT {columns} FROM {TABLE}")  # noqa: S608
    yield
    # After a failure the bench ends, and its database goes.
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {BESIDE}")


def _swap() -> None:
    """Let the two tables of figures change places."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name, becomes in ((TABLE, "swapped"), (BESIDE, TABLE), ("swapped", BESIDE)):
            cursor.execute(f"ALTER TABLE {name} RENAME TO {becomes}")


def _fill(run: ImportRun, rows: Iterable[Row]) -> None:
    """Put figures into the table, and leave it as the server's own keeping does."""
    write_values(run, rows)
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {TABLE}")


def _ask(paths: dict[str, str], user: User, repetitions: int) -> tuple[dict[str, Asked], dict[str, Asked]]:
    """Ask for the pages, with few figures and with many by turns. Raises RuntimeError where one does not open."""
    site, cookie = Site(), cookie_of(user)
    found: tuple[dict[str, Asked], dict[str, Asked]] = ({}, {})
    for turn in range(repetitions + 1):
        for asked in found:
            for name, path in paths.items():
                # The first time after the tables have changed places warms.
                if turn == 0:
                    asked[name] = Asked(len(site.queries(path, cookie)))
                if (answer := site.ask(path, cookie)).status != 200:
                    raise RuntimeError(f"{path}: {answer.status}")
                with watched() as watch:
                    answer = site.ask(path, cookie)
                asked[name].sizes.add(answer.size)
                if turn:
                    asked[name].seconds.append(answer.seconds)
                    asked[name].in_queries.append(watch.seconds["query outside"])
            _swap()
    return found


def _section(found: tuple[dict[str, Asked], dict[str, Asked]], in_table: Sequence[int], *, shown: int) -> Section:
    few, many = found
    figures = []
    for name in few:
        first, then = few[name], many[name]
        if len(first.sizes | then.sizes) != 1:
            raise RuntimeError(f"The page {name} was to stay the same: {first.sizes}, {then.sizes}")
        spent = f"{ms(median(then.seconds))} / {ms(median(first.seconds))}"
        in_queries = f"{ms(median(then.in_queries))} / {ms(median(first.in_queries))}"
        figures += [
            Figure(
                f"time, many / few figures, {name}",
                median(then.seconds) / median(first.seconds),
                "x",
                MOST_TIMES,
                f"{spent}, of that in queries {in_queries}",
                {"few": vars(first) | {"sizes": list(first.sizes)}, "many": vars(then) | {"sizes": list(then.sizes)}},
            ),
            Figure(
                f"queries, {name}",
                max(first.queries, then.queries),
                "queries",
                MOST_QUERIES_OF_A_CARD if name == "card" else MOST_QUERIES,
                f"{then.queries} / {first.queries}",
            ),
        ]
    return Section(
        "figures",
        f"The pages of {shown} indicators with {in_table[0]:,} and with {in_table[1]:,} figures in the table",
        figures,
    )

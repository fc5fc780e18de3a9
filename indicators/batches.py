"""Scheduled batches: run by run, indicator by indicator, to be taken up again where they were cut off.

What all sources share comes first, then Sotkanet's own; Statistics Finland's is in population.py.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from indicators.importing import ImpossibleRows, Row, Tally, write_values
from indicators.loading import LICENCE, SOTKANET_CITATION
from indicators.models import Area, ImportPart, ImportRun, Indicator, IndicatorValue, Rejection
from indicators.pxweb import PxWebError
from indicators.sotkanet import Answer, Description, Region, Sotkanet, SotkanetError

log = logging.getLogger(__name__)

# Calls at a time: few, as the source asks.
CALLS = 3
# Any number that nothing else takes: the lock of the one import that goes on.
LOCK = 611_613
COUNTS = ("rows_read", "rows_added", "rows_changed", "rows_unchanged", "rows_rejected")
# What Sotkanet calls the kinds of areas that are known here.
CATEGORIES: dict[str, tuple[str, ...]] = {
    "MAA": (Area.Kind.COUNTRY,),
    "HYVINVOINTIALUE": (Area.Kind.COUNTY, Area.Kind.CITY_ORGANISER, Area.Kind.AUTONOMOUS),
    "KUNTA": (Area.Kind.MUNICIPALITY,),
}

# What Sotkanet calls the units that are known here.
UNITS: dict[str, str] = {unit.value.replace("_", ""): unit.value for unit in Indicator.Unit}
# What an indicator means is asked with its figures, and may wait for the next time if it is not answered.
ATTEMPTS_OF_TEXTS = 2
# Where an indicator belongs until somebody says it better.
OTHER_THEME = "Muut tunnusluvut"

State = ImportPart.State


class ImportGoingOn(Exception):
    """Another import is going on: one is enough."""


# --- What all sources share -------------------------------------------------------------------------------------------


def begin(source: ImportRun.Source, *, citation: str, indicators: Iterable[Indicator], years: range) -> ImportRun:
    """Return a new run of a source, with a part for each of these indicators, to be read for these years."""
    now = timezone.localtime()
    with transaction.atomic():
        run = ImportRun.objects.create(
            source=source,
            label=f"{now.day}.{now.month}.{now.year} {now:%H.%M}",
            retrieved_on=timezone.localdate(),
            licence=LICENCE,
            citation=citation,
        )
        ImportPart.objects.bulk_create(
            ImportPart(run=run, indicator=indicator, first_year=years[0], last_year=years[-1])
            for indicator in indicators
        )
    return run


def unfinished(source: ImportRun.Source = ImportRun.Source.SOTKANET) -> ImportRun | None:
    """Return the source's latest run that has parts to be read still, if any: it was cut off, or some of it failed."""
    return (
        ImportRun.objects.filter(source=source)
        .exclude(state=ImportRun.State.DONE)
        .order_by("-started_at", "-pk")
        .first()
    )


@contextmanager
def alone() -> Iterator[None]:
    """Hold the lock of the one import that goes on. Raises ImportGoingOn when another holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (free,) = cursor.fetchone()
        if not free:
            raise ImportGoingOn(_("Another import is going on. Wait for it to end."))
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def goes_on() -> bool:
    """Return whether an import is being carried out now, by anybody: a run that says so may have been cut off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'"
            " AND (classid, objid, objsubid) = (0, %s, 1)"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [LOCK],
        )
        (held,) = cursor.fetchone()
    return bool(held)


@contextmanager
def failing(part: ImportPart) -> Iterator[None]:
    """Enter why a part failed when what is done for it does; the others are left alone."""
    try:
        yield
    except (SotkanetError, PxWebError, ImpossibleRows) as error:
        log.warning("%s of import %d failed: %s", _number(part), part.run_id, error)
        part.state, part.reason, part.finished_at = State.FAILED, str(error), timezone.now()
        part.save(update_fields=["state", "reason", "finished_at"])


def settle(
    part: ImportPart, tally: Tally, rejected: Mapping[Rejection.Reason, Mapping[str, int]], *, read: int
) -> None:
    """Enter that a part is done: what came of the rows read, and what was left out, by reason and how many rows."""
    confirm(part, tally.read)
    part.rejections.all().delete()
    Rejection.objects.bulk_create(
        Rejection(part=part, reason=reason, what=what, rows=rows)
        for reason, counted in rejected.items()
        for what, rows in sorted(counted.items())
    )
    part.state, part.reason, part.finished_at = State.DONE, "", timezone.now()
    part.rows_read = read
    part.rows_added, part.rows_changed, part.rows_unchanged = tally.added, tally.changed, tally.unchanged
    part.rows_rejected = read - tally.read
    part.save()


def confirm(part: ImportPart, given: int) -> None:
    """Enter that the indicator's figures of these years are as the source gives them today.

    Unless there are some that it gives no more: they stay, and are of the day on which they were last seen to be given.
    """
    years = range(part.first_year, part.last_year + 1)
    real = IndicatorValue.objects.filter(indicator=part.indicator_id, year__gte=years[0], year__lte=years[-1])
    there = real.exclude(run__source=ImportRun.Source.EXAMPLE).count()
    if there != given:
        log.warning("%s: %d figures are there, %d are given", _number(part), there, given)
        return
    Indicator.objects.filter(pk=part.indicator_id).update(
        read_on=timezone.localdate(), read_from=years[0], read_to=years[-1]
    )


def close(run: ImportRun) -> ImportRun:
    """Add the parts up, and call the run done when all of them are."""
    sums = run.parts.aggregate(**{name: Sum(name, default=0) for name in COUNTS})
    for name in COUNTS:
        setattr(run, name, sums[name])
    done = not run.parts.exclude(state=State.DONE).exists()
    run.state = ImportRun.State.DONE if done else ImportRun.State.INCOMPLETE
    run.finished_at = timezone.now()
    run.save()
    return run


def _number(part: ImportPart) -> str:
    return f"indicator {part.indicator.sotkanet_id or part.indicator.statfin_code}"


# --- Sotkanet ---------------------------------------------------------------------------------------------------------


def plan(*, years: range, sotkanet_ids: Sequence[int] | None = None) -> ImportRun:
    """Return a new run, with a part for each indicator: of all that have an id of Sotkanet's, or of these.

    Raises LookupError for an id that no indicator has.
    """
    indicators = Indicator.objects.filter(sotkanet_id__isnull=False).order_by("sotkanet_id")
    if sotkanet_ids is not None:
        indicators = indicators.filter(sotkanet_id__in=sotkanet_ids)
        if missing := set(sotkanet_ids) - set(indicators.values_list("sotkanet_id", flat=True)):
            raise LookupError(f"No indicator has the Sotkanet id {', '.join(map(str, sorted(missing)))}.")
    return begin(ImportRun.Source.SOTKANET, citation=SOTKANET_CITATION, indicators=indicators, years=years)


def add_indicators(source: Sotkanet, sotkanet_ids: Sequence[int]) -> list[Indicator]:
    """Add to the catalogue those of these that it does not have, as Sotkanet describes them, and return them.

    Which way is better, and the theme, Sotkanet does not tell: they are for people to say. Raises SotkanetError for an
    id that Sotkanet does not have, and for a unit that is not known here: a figure must not be shown in a wrong one.
    """
    known = set(Indicator.objects.filter(sotkanet_id__in=sotkanet_ids).values_list("sotkanet_id", flat=True))
    described = [source.describe(number) for number in sotkanet_ids if number not in known]
    for told in described:
        if told.unit not in UNITS:
            raise SotkanetError(
                _("Indicator %(id)d has the unit %(unit)s, which is not known here.")
                % {"id": told.id, "unit": told.unit}
            )
    return Indicator.objects.bulk_create(
        Indicator(
            sotkanet_id=told.id,
            name_fi=told.names["fi"][:300],
            name_sv=told.names["sv"][:300],
            name_en=told.names["en"][:300],
            theme=OTHER_THEME,
            unit=UNITS[told.unit],
            decimals=told.decimals,
            producer=told.producer[:200],
            **_texts_of(told),
        )
        for told in described
    )


def _texts_of(told: Description) -> dict[str, str]:
    """Return the texts that Sotkanet has, by the fields of the indicator that keep them."""
    return {
        f"{kind}_{language}": text
        for kind, by_language in told.texts.items()
        for language, text in by_language.items()
        if text
    }


def carry_out(run: ImportRun, source: Sotkanet, *, told: Callable[[ImportPart], None] = lambda part: None) -> ImportRun:
    """Read and write every part of the run that is not done yet; each is told of when it has ended.

    With its figures an indicator's texts are brought up to date. A part that fails says why and leaves the others
    alone. Raises SotkanetError when not even the regions can be had, and ImportGoingOn when another import is at it.
    """
    with alone():
        areas = area_of_regions(source.regions())
        parts = list(run.parts.exclude(state=State.DONE).select_related("indicator").order_by("indicator__sotkanet_id"))
        with ThreadPoolExecutor(CALLS, thread_name_prefix="sotkanet") as pool:
            asked = {pool.submit(_ask, source, part): part for part in parts}
            try:
                for answered in as_completed(asked):
                    part = asked.pop(answered)
                    _finish(part, answered, areas)
                    told(part)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return close(run)


def area_of_regions(regions: Sequence[Region]) -> dict[int, int]:
    """Return the areas known here by Sotkanet's ids, which are found by category and code, and may change.

    A municipality that is no more has no region: history is told under the present division.
    """
    places = {
        (kind, code): pk for kind, code, pk in Area.objects.filter(valid_to=None).values_list("kind", "code", "pk")
    }
    found = {}
    for region in regions:
        for kind in CATEGORIES.get(region.category, ()):
            if (pk := places.get((kind, region.code))) is not None:
                found[region.id] = pk
    return found


def _ask(source: Sotkanet, part: ImportPart) -> tuple[Answer, Description | None]:
    # In a thread of its own: it must not touch the database.
    number = part.indicator.sotkanet_id
    assert number is not None  # noqa: S101 - plan() chooses by it
    answer = source.values(number, range(part.first_year, part.last_year + 1))
    try:
        return answer, source.describe(number, attempts=ATTEMPTS_OF_TEXTS)
    except SotkanetError as error:
        log.warning("the texts of indicator %s were not had: %s", number, error)
        return answer, None


def _finish(part: ImportPart, answered: Future[tuple[Answer, Description | None]], areas: dict[int, int]) -> None:
    """Write what was answered and how it went, or that it failed; one or the other as a whole."""
    with failing(part), transaction.atomic():
        answer, told = answered.result()
        _write(part, answer, areas)
        if told is not None:
            _bring_texts_up_to_date(part.indicator, told)


def _bring_texts_up_to_date(indicator: Indicator, told: Description) -> None:
    """Keep the texts as Sotkanet has them now. One that it does not have stays as it is."""
    changed = {name: text for name, text in _texts_of(told).items() if getattr(indicator, name) != text}
    if changed:
        Indicator.objects.filter(pk=indicator.pk).update(**changed)


def _write(part: ImportPart, answer: Answer, areas: dict[int, int]) -> None:
    unknown = Counter(str(row.region) for row in answer.observations if row.region not in areas)
    known = [row for row in answer.observations if row.region in areas]
    tally = write_values(
        part.run,
        (
            Row(
                part.indicator_id,
                areas[row.region],
                row.year,
                row.value,
                row.absolute,
                IndicatorValue.Status.OK,
                row.gender,
            )
            for row in known
        ),
    )
    settle(
        part,
        tally,
        {Rejection.Reason.REGION: unknown, Rejection.Reason.VALUE: Counter(answer.unreadable)},
        read=len(answer.observations) + len(answer.unreadable),
    )

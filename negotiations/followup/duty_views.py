"""The page of the duty to negotiate: how it stands with each municipality, and by what negotiations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from municipalities.access import CountyRequest
from municipalities.models import Municipality
from municipalities.tables import Choice, Column, Kind, Table
from negotiations.followup import duty as duties
from negotiations.followup.duty import NAMES_SHOWN, Coverage, Duty, Earlier, Evidence, Others, Position, Standing
from negotiations.models import LegalBasis
from negotiations.permissions import can_edit, can_read_duty


@dataclass(frozen=True)
class Line:
    """The municipalities that stand in one way, as the home page tells them."""

    standing: Standing
    names: list[str]

    @property
    def shown(self) -> str:
        """The first names."""
        return ", ".join(self.names[:NAMES_SHOWN])

    @property
    def more(self) -> int:
        """How many names are left out."""
        return max(len(self.names) - NAMES_SHOWN, 0)


@dataclass(frozen=True)
class CoverageShown:
    """How the duty of one legal basis stands, as the home page and the head of the table tell it."""

    coverage: Coverage
    period: str
    lines: list[Line]


def coverages_shown(duty: Duty) -> list[CoverageShown]:
    """Return the duty as a page tells it: of each basis how many have been met, and who have not and why."""
    return [
        CoverageShown(
            coverage,
            coverage.period_words,
            [
                Line(standing, [str(municipality) for municipality in duty.named(coverage, standing)])
                for standing in duties.URGENCY
                if standing != Standing.DONE and coverage.count(standing)
            ],
        )
        for coverage in duty.coverages
    ]


@dataclass(frozen=True)
class Standpoint:
    """A cell of the table: how the duty stands, by what negotiation, and with what other actors."""

    position: Position
    others: Others | None

    @property
    def decisive(self) -> Evidence | None:
        """The negotiation by which it stands so."""
        return self.position.decisive

    @property
    def day(self) -> date | None:
        """The day by which it sorts."""
        decisive = self.position.decisive
        shows = {Standing.DONE, Standing.PLANNED}
        return decisive.sitting.latest if decisive and decisive.standing in shows else None


@dataclass(frozen=True)
class Told:
    """A negotiation among all that is known: what it says, who else was there, and whose it was before a merger."""

    evidence: Evidence
    others: Others | None = None
    before: Earlier | None = None


@dataclass(frozen=True)
class Account:
    """All that is known of one duty towards a municipality in one period."""

    position: Position
    period: str
    told: list[Told]


@dataclass(frozen=True)
class DutyRow:
    """A municipality in the table of the duty: how each basis stands, and all that is known of it."""

    municipality: Municipality
    # None where it did not exist in the period.
    cells: tuple[Standpoint | None, ...]
    accounts: tuple[Account, ...]

    @property
    def evidence_count(self) -> int:
        """How many negotiations say something of its duty: one that was for both duties is one."""
        return len({told.evidence.sitting.negotiation for account in self.accounts for told in account.told})


@dataclass(frozen=True)
class TermShown:
    """A council term and how the duty of 14 § stood or stands in it."""

    coverage: Coverage
    # A year by which it can be chosen; None where it is the one shown, or no year of it can be chosen.
    year: int | None


class YearChoice(Choice[Any]):
    """The year of the table. The rows are read for it, so that it narrows nothing; there is always one."""

    def field(self) -> forms.Field:
        """Return the field, in which a year is always chosen: the first one unless another is."""
        return forms.ChoiceField(
            label=str(self.label), required=False, choices=[(str(v), str(w)) for v, w in self.choices]
        )


@require_safe
def duty(request: CountyRequest, county: str) -> HttpResponse:
    """Show how the duty to negotiate stands, municipality by municipality, in the year that the address tells.

    Of 14 § also in the other council terms, and of each municipality every negotiation that says something of it.
    """
    access, today = request.access, timezone.localdate()
    access.require(can_read_duty(access))
    years = _years(today)
    asked = request.GET.get("vuosi", "")
    year = int(asked) if asked in map(str, years) else today.year
    covers_all = can_edit(access)
    towards = (
        None if covers_all else list(duties.municipalities_of(request.county).filter(pk__in=access.municipality_ids))
    )
    found = duties.read(
        request.county,
        today=today,
        year=year,
        towards=towards,
        with_others=True,
        with_terms=True,
        with_outside=covers_all,
    )
    table = Table(
        request,
        [_row(found, municipality) for municipality in found.municipalities],
        _columns(found),
        name=_("Duty to negotiate %(year)s") % {"year": year},
        filters=_filters(years, this_year=today.year),
        sort="kunta",
    )
    context = {
        "table": table,
        "year": year,
        "shown": coverages_shown(found),
        "terms": _terms(found, years, today) if covers_all else [],
        "outside": found.outside,
        "covers_all": covers_all,
        "term_unknown": len(found.coverages) < len(LegalBasis),
    }
    return table.file() or render(request, "negotiations/duty.html", context)


def _years(today: date) -> list[int]:
    """Return the years that can be chosen, the latest first: also those between in which nothing was negotiated.

    They are what one has to see; years before the county's first negotiation here are of another book-keeping.
    """
    known = duties.years(today=today)
    return list(range(known[0], known[-1] - 1, -1))


def _row(found: Duty, municipality: Municipality) -> DutyRow:
    cells = tuple(_standpoint(coverage, coverage.find(municipality.pk)) for coverage in found.coverages)
    accounts = (_account(each, each.find(municipality.pk)) for each in (*found.coverages, *_further_terms(found)))
    return DutyRow(municipality, cells, tuple(account for account in accounts if account is not None))


def _further_terms(found: Duty) -> list[Coverage]:
    """Return 14 § in the terms that have begun, but for the one that the year shows."""
    shown = {coverage.period for coverage in found.coverages}
    return [coverage for coverage in found.terms if coverage.period not in shown]


def _standpoint(coverage: Coverage, position: Position | None) -> Standpoint | None:
    if position is None:
        return None
    decisive = position.decisive
    # 612/2021 § 7: together with other actors, so who they were is told with the negotiation that met the duty.
    tells = coverage.basis == LegalBasis.WELFARE and decisive is not None and decisive.standing == Standing.DONE
    return Standpoint(position, coverage.others.get(decisive.sitting.negotiation) if tells and decisive else None)


def _account(coverage: Coverage, position: Position | None) -> Account | None:
    return Account(position, coverage.period_words, list(_told(coverage, position))) if position else None


def _told(coverage: Coverage, position: Position) -> Iterator[Told]:
    for evidence in position.evidence:
        yield Told(evidence, coverage.others_at(evidence))
    for earlier in position.before:
        yield Told(earlier.evidence, coverage.others_at(earlier.evidence), earlier)


def _terms(found: Duty, years: Iterable[int], today: date) -> list[TermShown]:
    """Return the council terms, the latest first, each with a year by which it can be chosen."""
    periods = [coverage.period for coverage in found.terms]
    by_year = {year: duties.term_at(periods, year, today=today) for year in years}
    further = _further_terms(found)
    return [
        TermShown(
            coverage,
            next((year for year, term in by_year.items() if term == coverage.period and coverage in further), None),
        )
        for coverage in found.terms
    ]


def _columns(found: Duty) -> tuple[Column[DutyRow], ...]:
    columns: list[Column[DutyRow]] = [
        Column(
            "kunta",
            _("Municipality"),
            lambda row: str(row.municipality),
            order=lambda row: row.municipality.area.order,
        )
    ]
    # Out of the f-strings below, in which makemessages would not see them.
    day, reason, negotiation = _("day"), _("reason"), _("negotiation")
    others, attendances = _("other actors that took part"), _("attendances of other actors")
    for place, coverage in enumerate(found.coverages):
        is_term = coverage.basis == LegalBasis.COOPERATION
        key, label = ("kausi", "14 §") if is_term else ("vuosittain", "6–7 §")
        columns += [
            Column(
                key,
                f"{label}, {coverage.period_words}",
                lambda row, place=place: _standing_words(row.cells[place]),  # type: ignore[misc]
                order=lambda row, place=place: _order(row.cells[place]),  # type: ignore[misc]
                kind=Kind.STATE,
            ),
            Column(
                f"{key}-paiva",
                f"{label}: {day}",
                lambda row, place=place: row.cells[place].day if row.cells[place] else None,  # type: ignore[misc]
                kind=Kind.DAY,
                shown=False,
            ),
            Column(
                f"{key}-peruste",
                f"{label}: {reason}",
                lambda row, place=place: _reason(row.cells[place]),  # type: ignore[misc]
                shown=False,
            ),
            Column(
                f"{key}-neuvottelu",
                f"{label}: {negotiation}",
                lambda row, place=place: _title(row.cells[place]),  # type: ignore[misc]
                shown=False,
            ),
        ]
        if not is_term:
            columns += [
                Column(
                    f"{key}-muut",
                    f"{label}: {others}",
                    lambda row, place=place: _others_of(row.cells[place], "names"),  # type: ignore[misc]
                    shown=False,
                ),
                Column(
                    f"{key}-osallistujat",
                    f"{label}: {attendances}",
                    lambda row, place=place: _others_of(row.cells[place], "sectors"),  # type: ignore[misc]
                    shown=False,
                ),
            ]
    return tuple(columns)


def _standing_words(cell: Standpoint | None) -> str:
    return capfirst(cell.position.words) if cell else ""


def _order(cell: Standpoint | None) -> tuple[int, date]:
    """What is most urgent comes first, and of what was done the oldest; last what is not reckoned with."""
    if cell is None:
        return len(duties.URGENCY), date.min
    return duties.URGENCY.index(cell.position.standing), cell.day or date.min


def _reason(cell: Standpoint | None) -> str:
    return cell.position.reason if cell else ""


def _title(cell: Standpoint | None) -> str:
    return cell.decisive.sitting.title if cell and cell.decisive else ""


def _others_of(cell: Standpoint | None, what: str) -> str:
    if cell is None or cell.others is None:
        return ""
    return ", ".join(cell.others.came) if what == "names" else cell.others.by_sector


def _filters(years: list[int], *, this_year: int) -> tuple[Choice[DutyRow], ...]:
    ordered = [this_year, *(year for year in years if year != this_year)]
    standings = Choice[DutyRow](
        "tilanne",
        _("State"),
        [(standing.value, standing.words) for standing in Standing],
        of=lambda row, value: any(cell is not None and cell.position.standing == value for cell in row.cells),
    )
    year = YearChoice("vuosi", _("Year"), [(str(year), str(year)) for year in ordered], of=lambda row, value: True)
    return (year, standings)

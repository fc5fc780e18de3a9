"""Tells how the duty to negotiate stands, in a county or in all of them: as a table, or as JSON for other programs."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from municipalities.models import County, Municipality
from negotiations.followup.duty import Coverage, Duty, Evidence, Others, Position, Standing, read_all
from negotiations.models import LegalBasis

# Years in which the program can reckon: those a date of the register can be of.
FIRST_YEAR, LAST_YEAR = 2000, 2100


class Command(BaseCommand):
    """Reads across counties, so that it is for whoever runs the installation. Changes nothing.

    With --json it prints one object. Keys are only ever added; days are ISO 8601, and a time that is known only to
    days or months is an interval of its first and its last day, "2026-11-01/2026-11-30":

        {"today": day, "year": number, "counties": [{"code", "slug", "name",
          "duties": [{                              of each legal basis whose period is known, in the order of the law
            "basis": "611/2021-14" or "612/2021-6-7", "sections": in words, "from": day, "to": day,
            "counts": {"total", "done", "planned", "not_known", "stayed_away", "missing", "merged"},
                                                    "total" is all but "merged"
            "municipalities": [{                    by name; only those that existed in the period
              "code", "name", "standing": one of the counts' keys, "reason": in words,
              "done_on", "planned_on", "stayed_away_on": interval or null,
              "merged_into": name or null, "ended_on": day or null,
              "evidence": [{                        each negotiation that says something, the weightiest first
                "negotiation": id, "title", "state": planned, convened, held or cancelled,
                "participation": invited, took_part or stayed_away, "dealt_with": whether the basis was,
                "earliest": day, "latest": day, "standing", "reason": in words,
                "others": null, or of a held negotiation of 6-7 § {"organisations": names of those that came,
                          "invited": names, "attendances": {sector: number}}}],
              "before_merger": [as evidence, with "municipality": whose it was]}]}],
          "outside_register": [{"name", "ended_on", "merged_into"}]}]}
                                                    former municipalities of the time that nothing is known of
    """

    help = "Tell with which municipalities a county has negotiated in a year and in its council term."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the county or all of them, the year, and how it is told."""
        parser.add_argument("county", nargs="?", metavar="COUNTY", help="the county's name in addresses, or its code")
        parser.add_argument("--all", action="store_true", help="all counties")
        parser.add_argument("--year", type=int, help="the calendar year (default: the current one)")
        parser.add_argument("--json", action="store_true", help="as JSON, for other programs")
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default="fi",
            help="the language of the words (default: fi)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and print. Raises CommandError, which names the counties there are, for one that is not known."""
        today = timezone.localdate()
        year: int = today.year if options["year"] is None else options["year"]
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise CommandError(f"Give a year from {FIRST_YEAR} to {LAST_YEAR}.")
        counties = _counties(options["county"], everything=options["all"])
        with translation.override(options["language"]):
            found = read_all(counties, year=year, today=today)
            if options["json"]:
                told = {
                    "today": today.isoformat(),
                    "year": year,
                    "counties": [_county(county, found[county.pk]) for county in counties],
                }
                self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1))
            else:
                for line in _lines(counties, found, year):
                    self.stdout.write(line)


def _counties(asked: str | None, *, everything: bool) -> list[County]:
    known = list(County.objects.select_related("area").order_by("area__order"))
    if bool(asked) == everything:
        raise CommandError("Name one county, or give --all.")
    if everything:
        return known
    found = [county for county in known if asked in (county.slug, county.area.code)]
    if not found:
        names = ", ".join(f"{county.slug} ({county.area.code})" for county in known)
        raise CommandError(f"There is no county {asked}. " + (f"There are: {names}." if names else "There are none."))
    return found


# --- As JSON ------------------------------------------------------------------------------------------------


def _county(county: County, duty: Duty) -> dict[str, Any]:
    by_pk = {municipality.pk: municipality for municipality in duty.municipalities}
    return {
        "code": county.area.code,
        "slug": county.slug,
        "name": county.area.name,
        "duties": [_coverage(coverage, by_pk) for coverage in duty.coverages],
        "outside_register": [
            {"name": life.name, "ended_on": _day(life.ends_on), "merged_into": life.into or None}
            for life in duty.outside
        ],
    }


def _coverage(coverage: Coverage, municipalities: dict[int, Municipality]) -> dict[str, Any]:
    return {
        "basis": coverage.basis.value,
        "sections": coverage.basis.sections,
        "from": coverage.period.starts_on.isoformat(),
        "to": coverage.period.ends_on.isoformat(),
        "counts": {
            "total": coverage.total,
            **{standing.value: coverage.count(standing) for standing in Standing},
        },
        "municipalities": [
            _position(position, municipalities[position.municipality], coverage) for position in coverage.positions
        ],
    }


def _position(position: Position, municipality: Municipality, coverage: Coverage) -> dict[str, Any]:
    return {
        "code": municipality.area.code,
        "name": municipality.area.name,
        "standing": position.standing.value,
        "reason": position.reason,
        "done_on": _interval(position.negotiated),
        "planned_on": _interval(position.planned),
        "stayed_away_on": _interval(position.missed),
        "merged_into": position.life.into or None,
        "ended_on": _day(position.life.ends_on),
        "evidence": [_evidence(each, coverage) for each in position.evidence],
        "before_merger": [
            {**_evidence(each.evidence, coverage), "municipality": each.life.name} for each in position.before
        ],
    }


def _evidence(evidence: Evidence, coverage: Coverage) -> dict[str, Any]:
    sitting = evidence.sitting
    return {
        "negotiation": sitting.negotiation,
        "title": sitting.title,
        "state": str(sitting.state),
        "participation": str(sitting.participation),
        "dealt_with": sitting.dealt_with,
        "earliest": sitting.earliest.isoformat(),
        "latest": sitting.latest.isoformat(),
        "standing": evidence.standing.value,
        "reason": evidence.reason,
        "others": _others(coverage.others_at(evidence)),
    }


def _others(others: Others | None) -> dict[str, Any] | None:
    if others is None:
        return None
    return {
        "organisations": list(others.came),
        "invited": list(others.invited),
        "attendances": {str(sector): count for sector, count in others.attendances},
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _interval(evidence: Evidence | None) -> str | None:
    if evidence is None:
        return None
    days = dict.fromkeys((evidence.sitting.earliest, evidence.sitting.latest))
    return "/".join(day.isoformat() for day in days)


# --- As a table ---------------------------------------------------------------------------------------------


def _lines(counties: Iterable[County], duties: dict[int, Duty], year: int) -> Iterator[str]:
    for place, county in enumerate(counties):
        duty = duties[county.pk]
        if place:
            yield ""
        yield county.area.name
        if not any(coverage.basis == LegalBasis.COOPERATION for coverage in duty.coverages):
            yield _("The council term of that year is not known, so that section 14 is not shown.")
        for coverage in duty.coverages:
            yield ""
            yield _("%(sections)s, %(period)s: negotiated with %(done)s of %(total)s municipalities") % {
                "sections": coverage.basis.sections,
                "period": coverage.period_words,
                "done": coverage.done,
                "total": coverage.total,
            }
            yield from _table(coverage, {row.pk: str(row) for row in duty.municipalities})
        for life in duty.outside:
            yield ""
            yield life.outside_words


def _table(coverage: Coverage, names: dict[int, str]) -> Iterator[str]:
    rows = [(_("Municipality"), _("State"), capfirst(_("reason")))]
    for position in coverage.positions:
        reason = position.reason
        decisive = position.decisive
        others = coverage.others_at(decisive) if decisive else None
        if others:
            reason = f"{reason} {capfirst(others.words)}."
        for earlier in position.before:
            before = _("Before the merger, %(name)s:") % {"name": earlier.life.name}
            reason = f"{reason} {before} {earlier.evidence.reason}"
        rows.append((names[position.municipality], capfirst(position.standing.words), reason))
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, state, reason in rows:
        yield f"  {name:<{first}}  {state:<{second}}  {reason}".rstrip()

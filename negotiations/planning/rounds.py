"""Rounds: opened, changed, removed, and filled with the negotiations that their form asks for."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, OuterRef, Subquery
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from municipalities.events import record, record_each
from municipalities.models import CouncilTerm, County, Municipality, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import LegalBasis, Negotiation, Part, Party, Round, Slot, Summary
from negotiations.planning.groups import Division, Strays, division_of, strays

Form = Round.Form
State = Negotiation.State

# --- Opened, changed, removed ---------------------------------------------------------------------------------


def proposed_name(word: str, year: int) -> str:
    """Return the name that a round has unless told otherwise: the county's word for many, and the year."""
    plural = {"neuvottelu": "t", "förhandling": "ar", "negotiation": "s"}
    ending = next((ending for stem, ending in plural.items() if word.endswith(stem)), "")
    return f"{capfirst(word)}{ending} {year}"


def term_of(bases: Iterable[str], starts_on: date) -> CouncilTerm | None:
    """Return the term of the county council that a round belongs to; none where 14 § is not among its bases.

    611/2021 § 14: the county negotiates with every municipality at least once in the council's term.
    """
    if LegalBasis.COOPERATION not in bases:
        return None
    return CouncilTerm.objects.filter(
        body=CouncilTerm.Body.COUNTY, starts_on__lte=starts_on, ends_on__gte=starts_on
    ).first()


@transaction.atomic
def open_round(round_: Round, *, by: User | None, at: datetime | None = None) -> Round:
    """Save a new round."""
    round_.term = round_.term or term_of(round_.legal_bases, round_.starts_on)
    round_.save()
    record(round_, "opened", by=by, at=at)
    return round_


@transaction.atomic
def change_round(round_: Round, *, fields: Sequence[str], by: User | None, at: datetime | None = None) -> Round:
    """Save a round of which these fields have been changed.

    Raises ValidationError where what has been made in it would no longer be true: another year while its negotiations
    are of that year's groups, and "only the plan is known" once something has been held.
    """
    negotiations = Negotiation.objects.filter(round=round_)
    if "year" in fields and negotiations.filter(group__isnull=False).exists():
        raise ValidationError(
            {"year": _("The negotiations of the round are of that year's municipality groups: the year stays.")}
        )
    if "plan_as_of" in fields and round_.plan_as_of and negotiations.filter(state=State.HELD).exists():
        raise ValidationError(
            {"plan_as_of": _("Something in the round has been held already, so more than the plan is known of it.")}
        )
    round_.term = (round_.term or term_of(round_.legal_bases, round_.starts_on)) if _has_term(round_) else None
    round_.save()
    if fields:
        record(round_, "changed", by=by, at=at, fields=sorted(fields))
    return round_


def _has_term(round_: Round) -> bool:
    return LegalBasis.COOPERATION in round_.legal_bases


def in_the_way(round_: Round) -> list[tuple[str, int]]:
    """Return what a round has already, which keeps it from being removed: names of the things and how many there are.

    Times for negotiations are not in the way: they are made from a rule, and again when wanted. One query.
    """
    names, counts = [], []
    for relation in Round._meta.related_objects:
        model, field = relation.related_model, relation.field.name
        if not isinstance(model, type) or model is Slot:
            continue
        rows = model._default_manager.filter(**{field: OuterRef("pk")}).order_by().values(field)
        names.append(str(model._meta.verbose_name_plural))
        counts.append(Subquery(rows.annotate(how_many=Count("pk")).values("how_many")))
    found = Round.objects.filter(pk=round_.pk).values_list(*counts).first() or ()
    return [(name, count) for name, count in zip(names, found, strict=False) if count]


@transaction.atomic
def remove_round(round_: Round, *, by: User | None, at: datetime | None = None) -> None:
    """Remove a round in which nothing has been made yet. Raises NotAllowedNow, saying what is in the way."""
    round_ = locked(round_)
    if things := in_the_way(round_):
        raise NotAllowedNow(why_not_removed(things))
    record(round_, "removed", by=by, at=at, year=round_.year)
    round_.delete()


def why_not_removed(things: Iterable[tuple[str, int]]) -> str:
    """Say what keeps a round from being removed."""
    listed = ", ".join(f"{name} ({count})" for name, count in things)
    return _("The round cannot be removed, because it has already: %(things)s.") % {"things": listed}


# --- Filled ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sitting:
    """A negotiation as far as filling looks at it: its title, its municipalities, and the group that they are."""

    title: str
    municipalities: frozenset[int]
    group: int | None = None


@dataclass(frozen=True)
class FillPlan:
    """What filling a round would make, and what one should know before that."""

    missing: Sequence[Sitting]
    municipalities: Mapping[int, str]
    # Of a round in groups: municipalities in no group or in several.
    strays: Strays
    group_count: int

    @property
    def is_doubtful(self) -> bool:
        """Whether it is to be gone on with only knowingly: someone would be left out or negotiated with twice."""
        return bool(self.missing) and self.strays.any

    def names(self, sitting: Sitting) -> list[str]:
        """Return the names of the municipalities of a negotiation, in their order."""
        return [name for pk, name in self.municipalities.items() if pk in sitting.municipalities]


def wanted(
    form: str,
    municipalities: Mapping[int, str],
    division: Division,
    *,
    themes: Sequence[str] = (),
    region_title: str = "",
) -> list[Sitting]:
    """Return the negotiations that a round of this form asks for. Municipalities are told by id, with their names."""
    everyone = frozenset(municipalities)
    if form == Form.MUNICIPALITIES:
        return [Sitting(name, frozenset({pk})) for pk, name in municipalities.items()]
    if form == Form.GROUPS:
        members = division.members()
        return [
            Sitting(name, frozenset(members[group]) & everyone, group)
            for group, name in division.names.items()
            if frozenset(members[group]) & everyone
        ]
    if form == Form.REGION:
        return [Sitting(region_title, everyone)] if everyone else []
    # A theme typed twice is one.
    unique: dict[str, str] = {}
    for theme in themes:
        unique.setdefault(theme.casefold(), theme)
    return [Sitting(theme, everyone) for theme in unique.values()]


def missing(
    form: str, asked: Iterable[Sitting], there: Iterable[Sitting], municipalities: Mapping[int, str]
) -> list[Sitting]:
    """Return those asked for that nothing there stands for yet. What is cancelled should not be given as there."""
    there, everyone = list(there), frozenset(municipalities)
    if form == Form.MUNICIPALITIES:
        # Two small ones may have been put together; a meeting of all is not what this round is made of.
        of_some = [other.municipalities for other in there if len(everyone) < 2 or not other.municipalities >= everyone]
        met = frozenset[int]().union(*of_some)
        return [one for one in asked if not one.municipalities <= met]
    if form == Form.GROUPS:
        groups = {other.group for other in there if other.group is not None}
        ungrouped = {other.municipalities for other in there if other.group is None}
        return [one for one in asked if one.group not in groups and one.municipalities not in ungrouped]
    if form == Form.REGION:
        return [one for one in asked if not any(other.municipalities >= one.municipalities for other in there)]
    titles = {other.title.casefold() for other in there}
    return [one for one in asked if one.title.casefold() not in titles]


def fill_plan(
    round_: Round,
    *,
    themes: Sequence[str] = (),
    rows: Iterable[Municipality] | None = None,
    division: Division | None = None,
) -> FillPlan:
    """Return what filling the round would make now. A few queries, however many there are.

    Fewer where the county's municipalities in their order, and the groups of the round's year, are at hand already.
    """
    if rows is None:
        rows = Municipality.objects.filter(county_id=round_.county_id).select_related("area").order_by("area__order")
    municipalities = {row.pk: row.area.name_in(round_.language) for row in rows}
    in_groups = round_.form == Form.GROUPS
    if not in_groups:
        division = Division({}, {})
    elif division is None:
        division = division_of(round_.year)
    # The county is read only where its word is needed.
    region_title = _region_title(round_.county, round_.language) if round_.form == Form.REGION else ""
    asked = wanted(round_.form, municipalities, division, themes=themes, region_title=region_title)
    return FillPlan(
        missing=missing(round_.form, asked, _there(round_), municipalities),
        municipalities=municipalities,
        strays=strays(division, municipalities) if in_groups and division.names else Strays((), ()),
        group_count=len(division.names),
    )


def _region_title(county: County, language: str) -> str:
    with translation.override(language):
        return _("Region-wide %(word)s") % {"word": county.negotiation_word}


def _there(round_: Round) -> list[Sitting]:
    """Return the negotiations that stand for what the round's form asks for.

    One about a theme or a service is beside them, but in a round by theme, where it is known by its topic as well as by
    its title, which may have been changed since.
    """
    rows = Negotiation.objects.filter(round=round_).exclude(state=State.CANCELLED)
    if round_.form != Form.THEMES:
        rows = rows.filter(topic_kind=Negotiation.Topic.NONE)
    members: dict[int, set[int]] = defaultdict(set)
    parties = Party.objects.filter(negotiation__in=rows.order_by(), municipality__isnull=False).order_by()
    for negotiation, municipality in parties.values_list("negotiation_id", "municipality_id"):
        members[negotiation].add(municipality)
    return [
        Sitting(name, frozenset(members.get(pk, ())), group)
        for pk, title, topic, group in rows.values_list("pk", "title", "topic", "group_id")
        for name in dict.fromkeys((title, topic or title))
    ]


@transaction.atomic
def fill(
    round_: Round, *, themes: Sequence[str] = (), by: User | None, at: datetime | None = None
) -> Sequence[Negotiation]:
    """Make the negotiations that the round's form asks for and that it does not have. Repeatable.

    Each has the county and its municipalities as parties and a part for each legal basis of the round; of its time
    only the months of the round are known. Raises NotAllowedNow once the round's summary has been frozen.
    """
    round_ = locked(round_)
    if Summary.objects.filter(round=round_).exclude(state=Summary.State.DRAFT).exists():
        raise NotAllowedNow(_("The summary of the round is ready, so nothing is added to the round any more."))
    sittings = fill_plan(round_, themes=themes).missing
    earliest, latest = whole_months(round_.starts_on, round_.ends_on)
    by_theme = round_.form == Form.THEMES
    made: list[Negotiation] = Negotiation.objects.bulk_create(
        Negotiation(
            county_id=round_.county_id,
            round=round_,
            group_id=sitting.group,
            title=sitting.title[:200],
            topic_kind=Negotiation.Topic.THEME if by_theme else Negotiation.Topic.NONE,
            topic=sitting.title[:120].rstrip() if by_theme else "",
            language=round_.language,
            precision=Negotiation.Precision.MONTH,
            earliest=earliest,
            latest=latest,
        )
        for sitting in sittings
    )
    county_id = round_.county_id
    Party.objects.bulk_create(
        Party(county_id=county_id, negotiation=negotiation, municipality_id=municipality)
        for negotiation, sitting in zip(made, sittings, strict=True)
        for municipality in (None, *sorted(sitting.municipalities))
    )
    Part.objects.bulk_create(
        Part(county_id=county_id, negotiation=negotiation, position=position, legal_basis=basis)
        for negotiation in made
        for position, basis in enumerate(round_.bases, start=1)
    )
    if made:
        record(round_, "filled", by=by, at=at, count=len(made))
        record_each(made, "created", by=by, at=at)
    return made


def whole_months(starts_on: date, ends_on: date) -> tuple[date, date]:
    """Return the first day of the first month and the last day of the last one."""
    return starts_on.replace(day=1), ends_on.replace(day=calendar.monthrange(ends_on.year, ends_on.month)[1])

"""Municipality groups of a year: who is in which, moved, copied from an earlier year, and what is settled already."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.events import record, record_each
from municipalities.models import County, Municipality, MunicipalityGroup, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import Negotiation, Party

State = Negotiation.State

# --- Who is in which: plain values ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Division:
    """How municipalities are divided into groups: the groups by id with their names, in order; and who is in which.

    A municipality that is in none may be there with no groups, or not be there at all.
    """

    names: Mapping[int, str]
    places: Mapping[int, frozenset[int]]

    def of(self, municipality: int) -> frozenset[int]:
        """Return the groups of a municipality."""
        return self.places.get(municipality, frozenset())

    def members(self) -> dict[int, set[int]]:
        """Return the municipalities of each group."""
        members: dict[int, set[int]] = {group: set() for group in self.names}
        for municipality, groups in self.places.items():
            for group in groups:
                members.setdefault(group, set()).add(municipality)
        return members

    def to_json(self) -> str:
        """Write it for a hidden field of a form."""
        return json.dumps(
            {"names": list(self.names.items()), "places": {str(key): sorted(at) for key, at in self.places.items()}}
        )

    @classmethod
    def from_json(cls, text: str) -> Division | None:
        """Read what `to_json` has written; None where somebody has tampered with it."""
        try:
            data = json.loads(text)
            names = {int(group): str(name) for group, name in data["names"]}
            places = {int(key): frozenset(int(group) for group in at) for key, at in data["places"].items()}
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return None
        return cls(names, places)


# What stands between the names in a list of municipalities.
BETWEEN_NAMES = re.compile(r",\s*|\s+(?:ja|och|and)\s+")


def listed_in(name: str) -> list[str]:
    """Return the names that the name of a group is made of, in lower case; the name alone where it is one."""
    return [part.casefold() for part in BETWEEN_NAMES.split(name) if part]


def only_lists(name: str, members: Iterable[str]) -> bool:
    """Whether the name of a group tells its municipalities and nothing else, so that they need not be told again."""
    return sorted(listed_in(name)) == sorted(member.casefold() for member in members)


@dataclass(frozen=True)
class Strays:
    """Municipalities that are in no group, and those that are in more than one."""

    none: Sequence[int]
    several: Sequence[int]

    @property
    def any(self) -> bool:
        """Whether there are any of either."""
        return bool(self.none or self.several)


def strays(division: Division, municipalities: Iterable[int]) -> Strays:
    """Return which of the municipalities are in no group and which in several."""
    counted = [(municipality, len(division.of(municipality))) for municipality in municipalities]
    return Strays(
        tuple(municipality for municipality, groups in counted if groups == 0),
        tuple(municipality for municipality, groups in counted if groups > 1),
    )


@dataclass(frozen=True)
class Settled:
    """Two people's changes put together, and where they cannot be: names of groups, places of municipalities."""

    division: Division
    names: frozenset[int] = frozenset()
    places: frozenset[int] = frozenset()

    @property
    def is_clear(self) -> bool:
        """Whether nothing is in conflict."""
        return not self.names and not self.places


def settle(seen: Division, now: Division, mine: Division) -> Settled:
    """Put my changes, made on what I saw, on what the others have saved meanwhile.

    What only one has changed is as that one left it; what both have changed differently is in conflict, and is in the
    result as I want it. A group that has been removed meanwhile is not there; moving a municipality into it is a
    conflict too.
    """
    names, name_conflicts = {}, set()
    for group in _ordered(seen, now, mine):
        saw, is_now = seen.names.get(group), now.names[group]
        want = mine.names.get(group, saw)
        if want is None or want == saw:
            names[group] = is_now
            continue
        names[group] = want
        if is_now not in (saw, want):
            name_conflicts.add(group)
    places, place_conflicts = dict(now.places), set()
    for municipality, asked in mine.places.items():
        saw_at, now_at = seen.of(municipality), now.of(municipality)
        if asked == saw_at:
            continue
        places[municipality] = asked & frozenset(now.names)
        if now_at not in (saw_at, asked) or asked - frozenset(now.names):
            place_conflicts.add(municipality)
    return Settled(Division(names, places), frozenset(name_conflicts), frozenset(place_conflicts))


def _ordered(seen: Division, now: Division, mine: Division) -> list[int]:
    """Return the groups there are now, in my order where I have changed it; those that I never saw come last."""
    mine_now = [group for group in mine.names if group in now.names]
    if mine_now == [group for group in seen.names if group in mine_now]:
        return list(now.names)
    return mine_now + [group for group in now.names if group not in mine.names]


def moved(groups: Sequence[int], group: int, by: int) -> list[int]:
    """Return the groups with one of them moved so many places; at the end it stays where it is."""
    if group not in groups:
        return list(groups)
    rest = [other for other in groups if other != group]
    place = min(max(list(groups).index(group) + by, 0), len(rest))
    return [*rest[:place], group, *rest[place:]]


@dataclass(frozen=True)
class Copied:
    """What copying an earlier year's groups makes: the groups with their municipalities, and who is left out."""

    groups: Sequence[tuple[str, frozenset[int]]]
    # No municipality of the county any more.
    gone: frozenset[int]
    # In a group of this year already.
    placed: frozenset[int]


def copied(source: Division, there: Division, municipalities: Collection[int]) -> Copied:
    """Return the groups that copying would add to those there: what is there is left as it is.

    A group of a name that is there already is not made again, nor one that nobody would be in.
    """
    taken = {name.casefold() for name in there.names.values()}
    here, in_some = frozenset(municipalities), {key for key, at in there.places.items() if at}
    members = source.members()
    groups = []
    for group, name in source.names.items():
        mine = frozenset(members[group] & here - in_some)
        if name.casefold() not in taken and mine:
            groups.append((name, mine))
    everyone = frozenset(key for key, at in source.places.items() if at)
    return Copied(groups, everyone - here, frozenset(everyone & here & in_some))


# --- As they are in the database ------------------------------------------------------------------------------


def division_of(year: int) -> Division:
    """Return the groups of a year and their municipalities, in the county of the scope. Two queries."""
    groups = MunicipalityGroup.objects.filter(year=year)
    names = {group.pk: group.name for group in groups}
    places: dict[int, set[int]] = {}
    links = MunicipalityGroup.municipalities.through._default_manager.filter(municipalitygroup_id__in=names)
    for group, municipality in links.values_list("municipalitygroup_id", "municipality_id"):
        places.setdefault(municipality, set()).add(group)
    return Division(names, {municipality: frozenset(at) for municipality, at in places.items()})


def division_in(groups: Iterable[tuple[int, str, Iterable[Municipality]]]) -> Division:
    """Return the division that these groups are: each with its id, its name and its municipalities. No query."""
    names: dict[int, str] = {}
    places: dict[int, set[int]] = {}
    for group, name, members in groups:
        names[group] = name
        for municipality in members:
            places.setdefault(municipality.pk, set()).add(group)
    return Division(names, {municipality: frozenset(at) for municipality, at in places.items()})


def years_with_groups() -> list[int]:
    """Return the years that have groups, in order."""
    return sorted(MunicipalityGroup.objects.order_by().values_list("year", flat=True).distinct())


def held_groups(year: int) -> dict[int, date]:
    """Return the groups of a year that have negotiated, with the last day they did so.

    Their names and municipalities stay: pages and summaries tell by them who negotiated together.
    """
    rows = Negotiation.objects.filter(group__year=year, state=State.HELD).order_by("latest")
    return dict(rows.values_list("group_id", "latest"))


@dataclass
class Divided:
    """What a change of groups has brought along."""

    changed: bool = False
    removed: str = ""
    # Negotiations not yet convened, whose parties follow their group.
    followed: list[Negotiation] = field(default_factory=list)
    # Negotiations whose parties had been invited: these do not change by themselves.
    invited: list[Negotiation] = field(default_factory=list)


def lock_groups(county: County) -> None:
    """Let nobody else change the county's groups until the transaction ends."""
    locked(county)


@transaction.atomic
def divide(
    county: County,
    year: int,
    wanted: Division,
    *,
    new: Sequence[str] = (),
    remove: int | None = None,
    by: User | None,
    at: datetime | None = None,
) -> Divided:
    """Give the groups of a year these names, order and municipalities; add new ones, and remove one.

    The parties of negotiations that are only planned follow their group. Raises NotAllowedNow where a group that has
    negotiated would be changed, or one that has a negotiation removed.
    """
    lock_groups(county)
    now = division_of(year)
    _refuse_rewriting(year, now, wanted, remove)
    outcome = Divided()
    _rename(now, wanted, outcome, by=by, at=at)
    _reorder(now, wanted)
    _move(now, wanted, outcome, by=by, at=at)
    if remove is not None and remove in now.names:
        outcome.removed = wanted.names.get(remove, now.names[remove])
        _remove(remove, by=by, at=at)
        outcome.changed = True
    for position, name in enumerate(new, start=len(now.names) + 1):
        group = MunicipalityGroup.objects.create(county=county, year=year, name=name, position=position)
        record(group, "added", by=by, at=at)
        outcome.changed = True
    return outcome


def _refuse_rewriting(year: int, now: Division, wanted: Division, remove: int | None) -> None:
    before, after = now.members(), wanted.members()
    for group, day in held_groups(year).items():
        same = wanted.names.get(group) == now.names[group] and after.get(group, set()) == before[group]
        if not same or group == remove:
            raise NotAllowedNow(why_settled(now.names[group], day))


def why_settled(name: str, day: date) -> str:
    """Say why a group cannot be changed any more."""
    return _("“%(name)s” negotiated on %(day)s, so its name and its municipalities stay as they were then.") % {
        "name": name,
        "day": timewords.day(day, weekday=False),
    }


def _rename(now: Division, wanted: Division, outcome: Divided, *, by: User | None, at: datetime | None) -> None:
    changed = {group: name for group, name in wanted.names.items() if now.names.get(group, name) != name}
    if not changed:
        return
    outcome.changed = True
    rows = list(MunicipalityGroup.objects.filter(pk__in=changed))
    # By way of names that nobody has: two groups may have changed names with each other.
    for names in ({group: f"\N{REPLACEMENT CHARACTER}{group}" for group in changed}, changed):
        for row in rows:
            row.name = names[row.pk]
        MunicipalityGroup.objects.bulk_update(rows, ["name"])
    for row in rows:
        record(row, "renamed", by=by, at=at)
    # A negotiation that has its title from its group keeps it so until its parties are invited.
    titled = [
        row
        for row in Negotiation.objects.filter(group_id__in=changed, state=State.PLANNED)
        if row.group_id is not None and row.title == now.names[row.group_id]
    ]
    for negotiation in titled:
        negotiation.title = changed[negotiation.group_id or 0]
    Negotiation.objects.bulk_update(titled, ["title"])
    # Calendars know by it that there is something new.
    record_each(titled, "changed", by=by, at=at, fields=["title"])


def _reorder(now: Division, wanted: Division) -> None:
    order = [group for group in wanted.names if group in now.names]
    order += [group for group in now.names if group not in order]
    rows = {row.pk: row for row in MunicipalityGroup.objects.filter(pk__in=order)}
    moved_rows = []
    for position, group in enumerate(order, start=1):
        if rows[group].position != position:
            rows[group].position = position
            moved_rows.append(rows[group])
    MunicipalityGroup.objects.bulk_update(moved_rows, ["position"])


def _move(now: Division, wanted: Division, outcome: Divided, *, by: User | None, at: datetime | None) -> None:
    before, after = now.members(), wanted.members()
    joined = {group: after.get(group, set()) - before[group] for group in before}
    left = {group: before[group] - after.get(group, set()) for group in before}
    touched = [group for group in before if joined[group] or left[group]]
    if not touched:
        return
    outcome.changed = True
    through = MunicipalityGroup.municipalities.through
    gone = {(group, municipality) for group in touched for municipality in left[group]}
    links = through._default_manager.filter(municipalitygroup_id__in=touched)
    ids = [
        pk
        for pk, group, municipality in links.values_list("pk", "municipalitygroup_id", "municipality_id")
        if (group, municipality) in gone
    ]
    through._default_manager.filter(pk__in=ids).delete()
    through._default_manager.bulk_create(
        through(municipalitygroup_id=group, municipality_id=municipality)
        for group in touched
        for municipality in sorted(joined[group])
    )
    for group in MunicipalityGroup.objects.filter(pk__in=touched):
        record(group, "divided", by=by, at=at, joined=sorted(joined[group.pk]), left=sorted(left[group.pk]))
    _follow(touched, joined, left, outcome, by=by, at=at)


def _follow(
    touched: Sequence[int],
    joined: Mapping[int, set[int]],
    left: Mapping[int, set[int]],
    outcome: Divided,
    *,
    by: User | None,
    at: datetime | None,
) -> None:
    """Make the parties of planned negotiations follow their group; tell of those whose parties have been invited."""
    rows = Negotiation.objects.filter(group_id__in=touched, state__in=[State.PLANNED, State.CONVENED])
    parties_to_add: list[Party] = []
    for negotiation in rows.prefetch_related("parties"):
        group: int = negotiation.group_id  # type: ignore[assignment]
        parties = {party.municipality_id: party for party in negotiation.parties.all() if party.municipality_id}
        come = joined[group] - set(parties)
        go = [parties[municipality].pk for municipality in left[group] if municipality in parties]
        if not come and not go:
            continue
        if negotiation.state == State.CONVENED:
            outcome.invited.append(negotiation)
            continue
        Party.objects.filter(pk__in=go).delete()
        parties_to_add += [
            Party(county_id=negotiation.county_id, negotiation=negotiation, municipality_id=municipality)
            for municipality in sorted(come)
        ]
        record(negotiation, "followed_group", by=by, at=at)
        outcome.followed.append(negotiation)
    Party.objects.bulk_create(parties_to_add)


def _remove(pk: int, *, by: User | None, at: datetime | None) -> None:
    group = MunicipalityGroup.objects.get(pk=pk)
    if Negotiation.objects.filter(group=group).exists():
        raise NotAllowedNow(
            _("The group “%(name)s” has a negotiation and cannot be removed. Move its municipalities instead.")
            % {"name": group.name}
        )
    record(group, "removed", by=by, at=at, year=group.year)
    group.delete()


@dataclass(frozen=True)
class CopyOutcome:
    """What copying did: from which year, how many groups and municipalities, and who was left out, by name."""

    source: int | None
    groups: int = 0
    municipalities: int = 0
    gone: Sequence[str] = ()
    placed: Sequence[str] = ()


def source_of_copy(year: int) -> int | None:
    """Return the latest earlier year that has groups."""
    return max((other for other in years_with_groups() if other < year), default=None)


@transaction.atomic
def copy_groups(county: County, year: int, *, by: User | None, at: datetime | None = None) -> CopyOutcome:
    """Add to a year the groups that the latest earlier year with groups has and this one lacks. Repeatable.

    A municipality that is in a group of the year stays where it is; one that the county does not have any more, or
    that has merged into another, is left out.
    """
    lock_groups(county)
    source = source_of_copy(year)
    if source is None:
        return CopyOutcome(None)
    here = set(Municipality.objects.filter(county=county, area__merged_into=None).values_list("pk", flat=True))
    there = division_of(year)
    plan = copied(division_of(source), there, here)
    made: list[MunicipalityGroup] = MunicipalityGroup.objects.bulk_create(
        MunicipalityGroup(county=county, year=year, name=name, position=position)
        for position, (name, _members) in enumerate(plan.groups, start=len(there.names) + 1)
    )
    through = MunicipalityGroup.municipalities.through
    through._default_manager.bulk_create(
        through(municipalitygroup_id=group.pk, municipality_id=municipality)
        for group, (_name, members) in zip(made, plan.groups, strict=True)
        for municipality in sorted(members)
    )
    for group in made:
        record(group, "copied", by=by, at=at, source=source)
    rows = Municipality.objects.filter(pk__in=plan.gone | plan.placed).select_related("area").order_by("area__order")
    names = {row.pk: str(row) for row in rows}
    return CopyOutcome(
        source,
        len(made),
        len(frozenset().union(*(members for _name, members in plan.groups))),
        [name for pk, name in names.items() if pk in plan.gone],
        [name for pk, name in names.items() if pk in plan.placed],
    )

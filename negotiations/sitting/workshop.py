"""The themes of a round's workshops, and what the workshops found under the columns of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from municipalities.events import record
from municipalities.models import Priority, User
from municipalities.moves import NotAllowedNow, locked
from negotiations.models import (
    Negotiation,
    Observation,
    Round,
    ThemeColumn,
    Workshop,
    WorkshopNote,
    WorkshopTheme,
)

MOST_COLUMNS = 4
# Added to positions while they are changed: two rows may not have the same one even for a moment.
ASIDE = 10_000


# --- Themes -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class UsualTheme:
    """A theme that workshops often have, to start from."""

    key: str
    name: str | Promise
    columns: tuple[str | Promise, ...]


PHENOMENA = (gettext_lazy("Phenomena and goals"), gettext_lazy("Cooperation and measures"))
USUAL_THEMES = (
    UsualTheme("perhekeskus", gettext_lazy("Family centre"), PHENOMENA),
    UsualTheme("seniorikeskus", gettext_lazy("Senior centre"), PHENOMENA),
    UsualTheme(
        "hyvinvointitarjotin",
        gettext_lazy("Wellbeing tray"),
        (
            gettext_lazy("Technology and readiness"),
            gettext_lazy("Target groups and communication"),
            gettext_lazy("Cooperation and development"),
        ),
    ),
)


@transaction.atomic
def add_theme(
    round_: Round,
    name: str,
    columns: Sequence[str],
    *,
    key_message: str = "",
    by: User | None,
    at: datetime | None = None,
) -> WorkshopTheme:
    """Add a theme after the others of the round, with one to four columns.

    Raises ValidationError for no column and for too many.
    """
    round_ = locked(round_)
    _require_columns(columns)
    last = WorkshopTheme.objects.filter(round=round_).aggregate(last=Max("position"))["last"] or 0
    theme: WorkshopTheme = WorkshopTheme.objects.create(
        county_id=round_.county_id, round=round_, position=last + 1, name=name, key_message=key_message
    )
    ThemeColumn.objects.bulk_create(
        ThemeColumn(county_id=round_.county_id, theme=theme, position=position, title=title)
        for position, title in enumerate(columns, 1)
    )
    _touch_workshops(round_, at)
    record(round_, "theme_added", by=by, at=at, theme=theme.pk)
    return theme


def _touch_workshops(round_: Round, at: datetime | None) -> None:
    """Have the boards of the round's workshops look at their themes again."""
    Workshop.objects.filter(negotiation__round=round_).update(changed_at=at or timezone.now())


def _require_columns(columns: Sequence[str]) -> None:
    if not columns:
        raise ValidationError(_("Give the theme at least one column."))
    if len(columns) > MOST_COLUMNS:
        raise ValidationError(_("Give the theme at most %(most)s columns.") % {"most": MOST_COLUMNS})


def usual_left(round_: Round, themes: Sequence[WorkshopTheme]) -> list[UsualTheme]:
    """Return the usual themes that a round does not have yet, by their names in its language."""
    have = {theme.name.casefold() for theme in themes}
    with translation.override(round_.language):
        return [usual for usual in USUAL_THEMES if str(usual.name).casefold() not in have]


@transaction.atomic
def add_usual_themes(
    round_: Round, keys: Sequence[str], *, by: User | None, at: datetime | None = None
) -> list[WorkshopTheme]:
    """Add the usual themes of these keys, in the round's language, but those that the round has already."""
    round_ = locked(round_)
    wanted = [usual for usual in usual_left(round_, WorkshopTheme.objects.filter(round=round_)) if usual.key in keys]
    with translation.override(round_.language):
        return [add_theme(round_, str(usual.name), [str(c) for c in usual.columns], by=by, at=at) for usual in wanted]


@transaction.atomic
def change_theme(
    theme: WorkshopTheme, titles: Sequence[str], *, by: User | None, at: datetime | None = None
) -> WorkshopTheme:
    """Save a theme that has been changed, and its columns: each by its place, an empty title for none.

    Raises ValidationError for no column, and for leaving out a column that something was found under.
    """
    locked(theme.round)
    _require_columns([title for title in titles if title])
    theme.save()
    had = {column.position: column for column in ThemeColumn.objects.select_for_update().filter(theme=theme)}
    for position, title in enumerate(titles, 1):
        column = had.get(position)
        if column is None:
            if title:
                ThemeColumn.objects.create(county_id=theme.county_id, theme=theme, position=position, title=title)
        elif not title:
            _require_empty(column)
            column.delete()
        elif column.title != title:
            column.title = title
            column.save(update_fields=["title"])
    # What is left stands in the first places, in its order.
    for position, column in enumerate(ThemeColumn.objects.filter(theme=theme).order_by("position"), 1):
        if column.position != position:
            ThemeColumn.objects.filter(pk=column.pk).update(position=position)
    _touch_workshops(theme.round, at)
    record(theme.round, "theme_changed", by=by, at=at, theme=theme.pk)
    return theme


def _require_empty(column: ThemeColumn) -> None:
    if count := column.notes.count():
        raise ValidationError(
            ngettext(
                "%(count)s note of a workshop has been posted under the column “%(column)s”, so it cannot be left out.",
                "%(count)s notes of workshops have been posted under the column “%(column)s”, so it cannot be left"
                " out.",
                count,
            )
            % {"column": column.title, "count": count}
        )
    if count := column.observations.count():
        raise ValidationError(
            ngettext(
                "The column “%(column)s” has %(count)s finding. Move it to another column before you leave this out.",
                "The column “%(column)s” has %(count)s findings. Move them to another column before you leave this"
                " out.",
                count,
            )
            % {"column": column.title, "count": count}
        )


@dataclass(frozen=True)
class RemovedTheme:
    """What brings a theme back."""

    name: str
    key_message: str
    columns: tuple[str, ...]
    place: int


@transaction.atomic
def remove_theme(theme: WorkshopTheme, *, by: User | None, at: datetime | None = None) -> RemovedTheme:
    """Remove a theme. Returns what brings it back. Raises NotAllowedNow where something was found under it."""
    round_ = locked(theme.round)
    columns = list(ThemeColumn.objects.select_for_update().filter(theme=theme).order_by("position"))
    if count := Observation.objects.filter(column__theme=theme).count():
        raise NotAllowedNow(
            ngettext(
                "The theme “%(theme)s” has %(count)s finding. Remove it or move it under another theme first.",
                "The theme “%(theme)s” has %(count)s findings. Remove them or move them under another theme first.",
                count,
            )
            % {"theme": theme.name, "count": count}
        )
    if count := WorkshopNote.objects.filter(column__theme=theme).count():
        raise NotAllowedNow(
            ngettext(
                "%(count)s note of a workshop has been posted under the theme “%(theme)s”, so it cannot be removed.",
                "%(count)s notes of workshops have been posted under the theme “%(theme)s”, so it cannot be removed.",
                count,
            )
            % {"theme": theme.name, "count": count}
        )
    place = WorkshopTheme.objects.filter(round=round_, position__lt=theme.position).count()
    removed = RemovedTheme(theme.name, theme.key_message, tuple(column.title for column in columns), place)
    _touch_workshops(round_, at)
    record(round_, "theme_removed", by=by, at=at, theme=theme.pk)
    theme.delete()
    return removed


@transaction.atomic
def restore_theme(
    round_: Round, removed: RemovedTheme, *, by: User | None, at: datetime | None = None
) -> WorkshopTheme:
    """Bring back a theme that was removed, to its place."""
    theme = add_theme(round_, removed.name, removed.columns, key_message=removed.key_message, by=by, at=at)
    _renumber(theme, removed.place)
    return theme


@transaction.atomic
def move_theme(theme: WorkshopTheme, *, up: bool, by: User | None, at: datetime | None = None) -> bool:
    """Move a theme before the one above it, or after the one below. Returns whether there was one."""
    round_ = locked(theme.round)
    order = list(WorkshopTheme.objects.filter(round=round_).order_by("position").values_list("pk", flat=True))
    place = order.index(theme.pk) + (-1 if up else 1)
    if not 0 <= place < len(order):
        return False
    _renumber(theme, place)
    _touch_workshops(round_, at)
    record(round_, "theme_moved", by=by, at=at, theme=theme.pk)
    return True


def _renumber(theme: WorkshopTheme, place: int) -> None:
    """Put a theme in its place, from nought, among those of its round, which is locked."""
    themes = WorkshopTheme.objects.filter(round_id=theme.round_id)
    order = [pk for pk in themes.order_by("position").values_list("pk", flat=True) if pk != theme.pk]
    order.insert(place, theme.pk)
    themes.update(position=F("position") + ASIDE)
    for position, pk in enumerate(order, 1):
        WorkshopTheme.objects.filter(pk=pk).update(position=position)


# --- What was found ---------------------------------------------------------------------------------------------


@transaction.atomic
def add_findings(
    found: Mapping[int, Sequence[str]],
    *,
    round_: Round,
    negotiation: Negotiation | None = None,
    group_name: str = "",
    by: User | None,
    at: datetime | None = None,
) -> list[Observation]:
    """Add what was found, by the ids of the columns, each after what is there already; of one negotiation, or of all.

    `group_name`: the group of the workshop that found it, where it is known.

    Two who add at once both get theirs in: the columns are locked meanwhile. Raises ValidationError where a column has
    been removed or is of another round.
    """
    wanted = {pk: texts for pk, texts in found.items() if texts}
    columns = list(locked_columns(round_).filter(pk__in=wanted).order_by("pk"))
    if len(columns) < len(wanted):
        raise ValidationError(_("A column has been removed meanwhile. Open the page again; your text is kept in it."))
    last = last_positions(columns)
    rows = Observation.objects.bulk_create(
        Observation(
            county_id=round_.county_id,
            column=column,
            negotiation=negotiation,
            position=last.get(column.pk, 0) + number,
            text=text,
            group_name=group_name,
        )
        for column in columns
        for number, text in enumerate(wanted[column.pk], 1)
    )
    if rows:
        record(negotiation or round_, "findings_added", by=by, at=at, count=len(rows))
    return rows


def locked_columns(round_: Round | None = None) -> QuerySet[ThemeColumn]:
    """Return the columns of a round's themes, or of all, locked when they are read; phones post to them meanwhile."""
    columns: QuerySet[ThemeColumn] = ThemeColumn.objects.select_for_update(of=("self",), no_key=True)
    return columns if round_ is None else columns.filter(theme__round=round_)


def last_positions(columns: Sequence[ThemeColumn]) -> dict[int, int]:
    """Return the place of the last finding of each of these columns that has any. One query."""
    rows = Observation.objects.filter(column__in=columns).order_by().values_list("column_id")
    return dict(rows.annotate(last=Max("position")))


@transaction.atomic
def change_finding(
    row: Observation, *, fields: Sequence[str], by: User | None, at: datetime | None = None
) -> Observation:
    """Save a finding that has been changed; one moved to another column comes last in it."""
    round_ = row.column.theme.round
    if "column" in fields:
        columns = list(locked_columns(round_).filter(pk=row.column_id))
        row.position = last_positions(columns).get(row.column_id, 0) + 1
    row.save()
    if fields:
        verb = "finding_moved" if list(fields) == ["column"] else "finding_changed"
        record(row.negotiation or round_, verb, by=by, at=at, finding=row.pk)
    return row


@dataclass(frozen=True)
class RemovedFinding:
    """What brings a finding back."""

    text: str
    column: int
    negotiation: int | None
    position: int
    group_name: str = ""
    priority: int | None = None
    # The note of a workshop that it was made of.
    note: int | None = None


@transaction.atomic
def remove_finding(row: Observation, *, by: User | None, at: datetime | None = None) -> RemovedFinding:
    """Remove a finding; the note that it was made of is a key finding no more. Returns what brings it back."""
    note = WorkshopNote.objects.filter(observation=row).values_list("pk", flat=True).first()
    removed = RemovedFinding(
        row.text, row.column_id, row.negotiation_id, row.position, row.group_name, row.priority_id, note
    )
    record(row.negotiation or row.column.theme.round, "finding_removed", by=by, at=at, finding=row.pk)
    row.delete()
    return removed


@transaction.atomic
def restore_finding(
    round_: Round, removed: RemovedFinding, *, by: User | None, at: datetime | None = None
) -> Observation:
    """Bring back a finding that was removed, to its place.

    Raises NotAllowedNow where its column or its negotiation is there no more.
    """
    column = locked_columns(round_).filter(pk=removed.column).first()
    negotiation = Negotiation.objects.filter(round=round_, pk__in=[removed.negotiation or 0]).first()
    if column is None or (removed.negotiation and negotiation is None):
        raise NotAllowedNow(_("This can be undone no more. Add it again by hand."))
    Observation.objects.filter(column=column, position__gte=removed.position).update(position=F("position") + 1)
    row: Observation = Observation.objects.create(
        county_id=round_.county_id,
        column=column,
        negotiation=negotiation,
        position=removed.position,
        text=removed.text,
        group_name=removed.group_name,
        priority=Priority.objects.filter(pk=removed.priority).first() if removed.priority else None,
    )
    if removed.note:
        # Unless it has been hidden or marked anew meanwhile.
        notes = WorkshopNote.objects.filter(pk=removed.note, hidden=WorkshopNote.Hidden.NO, observation=None)
        notes.update(observation=row, changed_at=at or timezone.now())
    record(negotiation or round_, "finding_restored", by=by, at=at, finding=row.pk)
    return row


@transaction.atomic
def move_finding(
    row: Observation, *, up: bool, within: Negotiation | None = None, by: User | None, at: datetime | None = None
) -> bool:
    """Move a finding before the one above it in its column, or after the one below. Returns whether there was one.

    `within` a negotiation, what the other negotiations found stays where it is.
    """
    round_ = row.column.theme.round
    list(locked_columns(round_).filter(pk=row.column_id))
    order = list(Observation.objects.filter(column_id=row.column_id).order_by("position", "id"))
    seen = [one for one in order if within is None or one.negotiation_id == within.pk]
    # Equal rows are the same row: one that somebody has removed meanwhile is not there.
    if row not in seen or not 0 <= (place := seen.index(row) + (-1 if up else 1)) < len(seen):
        return False
    neighbour = seen[place]
    order.remove(row)
    order.insert(order.index(neighbour) + (0 if up else 1), row)
    for position, one in enumerate(order, 1):
        one.position = position
    Observation.objects.bulk_update(order, ["position"])
    record(row.negotiation or round_, "finding_reordered", by=by, at=at, finding=row.pk)
    return True

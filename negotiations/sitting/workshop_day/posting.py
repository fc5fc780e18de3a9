"""What the phones of a workshop do: where they belong by their token, and the notes that they post and take back.

Nobody signs in and no phone is known: a token tells a group and the code by which it joined, and is kept nowhere. It is
good while the workshop is open with that code.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Count, DecimalField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Extract
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_scopes import scopes_disabled

from municipalities.moves import NotAllowedNow
from negotiations.models import WorkshopGroup, WorkshopNote
from negotiations.sitting.workshop_day.opening import OPEN_FOR, is_taking_notes

Hidden = WorkshopNote.Hidden
SALT = "hyte.workshop"
MOST_CHARACTERS = 500
# Signs that are not kept count for nothing, up to so many.
MOST_LOOKED_AT = 20 * MOST_CHARACTERS
# Ids have fewer digits; a database refuses longer numbers.
ID_DIGITS = 18


# --- Tokens -----------------------------------------------------------------------------------------------------


def token_of(group: WorkshopGroup, code: str) -> str:
    """Return what stands in the address of the group's phones that joined by this code."""
    return signing.dumps([group.pk, code], salt=SALT, compress=True)


def read_token(token: str) -> tuple[int, str] | None:
    """Return the id of the group and the code that a token is of; None for one that is not ours."""
    try:
        group, code = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (group, code) if isinstance(group, int) and isinstance(code, str) else None


class NoSuchToken(Exception):
    """The token is not one of ours."""


class OpenNoMore(Exception):
    """The token was good, but the workshop has been closed or has another code now, or the group is no more.

    The group, where there still is one, as `group`.
    """

    def __init__(self, group: WorkshopGroup | None = None) -> None:
        super().__init__()
        self.group = group


def enter(token: str, groups: QuerySet[WorkshopGroup] | None = None, now: datetime | None = None) -> WorkshopGroup:
    """Return the group of a token with its workshop and negotiation, of whichever county. Outside any scope. One query.

    `groups` may be asked more of the same row. Raises NoSuchToken and OpenNoMore.
    """
    found = read_token(token)
    if found is None:
        raise NoSuchToken
    pk, code = found
    with scopes_disabled():
        rows = groups if groups is not None else all_groups()
        group: WorkshopGroup | None = rows.filter(pk=pk).first()
    if group is None or group.workshop.code != code or not is_taking_notes(group.workshop, now or timezone.now()):
        raise OpenNoMore(group)
    return group


def all_groups() -> QuerySet[WorkshopGroup]:
    """Return the groups of every county, with what a phone needs of them. To be called outside any scope."""
    with scopes_disabled():
        rows: QuerySet[WorkshopGroup] = (
            WorkshopGroup.objects.select_related("workshop__negotiation")
            .only(
                "county_id",
                "name",
                "workshop__code",
                "workshop__county_id",
                "workshop__opened_at",
                "workshop__closed_at",
                "workshop__changed_at",
                "workshop__negotiation__county_id",
                "workshop__negotiation__title",
                "workshop__negotiation__language",
                "workshop__negotiation__round_id",
            )
            .order_by()
        )
    return rows


# --- What was sent ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Posted:
    """A note as a phone sent it. The key is the phone's: the same note sent again has the same one."""

    key: UUID
    column: int
    text: str


def tidy(text: str) -> str:
    """Return a text without what cannot be kept or seen: control characters and halves of characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in lines if one == "\n" or unicodedata.category(one) not in {"Cc", "Cs"}).strip()


def read_posted(sent: Mapping[str, Any]) -> Posted:
    """Read what a phone sent.

    Raises ValidationError, for whoever holds the phone: its words are of the language spoken when they are asked for.
    """
    text = sent.get("text")
    # What is far too long is not looked through letter by letter: anybody can send it.
    text = "" if not isinstance(text, str) else tidy(text) if len(text) <= MOST_LOOKED_AT else text
    if not text:
        raise ValidationError(gettext_lazy("Write something first."))
    if len(text) > MOST_CHARACTERS:
        raise ValidationError(
            gettext_lazy("The note has %(count)s characters. Shorten it to at most %(most)s."),
            params={"count": len(text), "most": MOST_CHARACTERS},
        )
    column, key = read_id(sent.get("column")), _read_key(sent.get("key"))
    if column is None or key is None:
        raise ValidationError(gettext_lazy("The note could not be read. Load the page again and send it once more."))
    return Posted(key, column, text)


def _read_key(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def read_id(value: Any) -> int | None:
    """Read an id that was sent, as a number or as its digits; None for what is none."""
    digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= ID_DIGITS else None


def of_form(posted: Posted) -> Posted:
    """Return the note as one of a plain form, whose key was made with the page.

    Going back, one may write another text into the same form: that is another note, and no repetition of the first.
    """
    return Posted(uuid5(posted.key, f"{posted.column}:{posted.text}"), posted.column, posted.text)


# --- Posting ----------------------------------------------------------------------------------------------------

# One statement, as eighty phones post at once: the note is put where the group's workshop is open with the token's code
# and the column is of its round's themes, and not where there is one of the same key. The county is the group's own.
_PUT = """
    INSERT INTO negotiations_workshopnote
        (county_id, workshop_id, group_id, column_id, key, text, hidden, posted_at, changed_at)
    SELECT g.county_id, g.workshop_id, g.id, c.id, %(key)s, %(text)s, '', %(at)s, %(at)s
    FROM negotiations_workshopgroup g
    JOIN negotiations_workshop w ON w.id = g.workshop_id
    JOIN negotiations_negotiation n ON n.id = w.negotiation_id
    JOIN negotiations_themecolumn c ON c.id = %(column)s
    JOIN negotiations_workshoptheme t ON t.id = c.theme_id AND t.round_id = n.round_id
    WHERE g.id = %(group)s AND w.code = %(code)s AND w.closed_at IS NULL AND w.opened_at > %(opened_after)s
    ON CONFLICT (workshop_id, key) DO NOTHING
    RETURNING id
"""


def post(token: str, posted: Posted, at: datetime | None = None) -> tuple[int, bool]:
    """Post a note of the token's group. Returns its id, and whether it is new: sent again, it is there already.

    One query for a new note, two for one sent again. No event is recorded of it, and nothing of who or which phone sent
    it. Outside any scope. Raises NoSuchToken and OpenNoMore, and ValidationError for a column that is not of the
    round's themes.
    """
    found = read_token(token)
    if found is None:
        raise NoSuchToken
    at = at or timezone.now()
    group, code = found
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT,
            {
                "key": posted.key,
                "text": posted.text,
                "at": at,
                "column": posted.column,
                "group": group,
                "code": code,
                "opened_after": at - OPEN_FOR,
            },
        )
        row = cursor.fetchone()
    return (row[0], True) if row else (_there_already(token, posted, at), False)


def _there_already(token: str, posted: Posted, at: datetime) -> int:
    """Return the id of a note that was sent before; raise why it could not be put where there is none. One query."""
    with scopes_disabled():
        same = WorkshopNote.objects.filter(workshop=OuterRef("workshop"), key=posted.key).order_by()
        group: Any = enter(token, all_groups().annotate(known=Subquery(same.values("pk")[:1])), at)
    if group.known is None:
        raise ValidationError(gettext_lazy("The place for the note has been removed meanwhile. Load the page again."))
    known: int = group.known
    return known


# --- Taken back -------------------------------------------------------------------------------------------------


def take_back(group: WorkshopGroup, pk: int, *, at: datetime | None = None) -> WorkshopNote:
    """Take back a note of the group: it is shown no more. Raises NotAllowedNow once the county has used it."""
    note = _own(group, pk)
    note = _show(note, (Hidden.NO, Hidden.BY_GROUP), at)
    if note.hidden == Hidden.NO:
        raise NotAllowedNow(_("The note has been taken further already, so it cannot be taken back."))
    return note


def put_back(group: WorkshopGroup, pk: int, *, at: datetime | None = None) -> WorkshopNote:
    """Show again a note that the group has taken back."""
    return _show(_own(group, pk), (Hidden.BY_GROUP, Hidden.NO), at)


def _own(group: WorkshopGroup, pk: int) -> WorkshopNote:
    row: WorkshopNote | None = WorkshopNote.objects.filter(group=group, pk=pk).first()
    if row is None:
        raise NotAllowedNow(_("This note is not one of your group's."))
    return row


def _show(note: WorkshopNote, change: tuple[str, str], at: datetime | None) -> WorkshopNote:
    """Change how a note is hidden, where it still is as it was; one that the county has hidden stays so."""
    before, after = change
    # In one statement: a moderator may be marking it as a key finding at the same moment.
    WorkshopNote.objects.filter(pk=note.pk, hidden=before, observation=None, measure=None).update(
        hidden=after, changed_at=at or timezone.now()
    )
    note.refresh_from_db()
    return note


# --- What a phone shows -----------------------------------------------------------------------------------------


def digest(group: Any) -> str:
    """Return what changes whenever something that the group's phones show does; `group` is one of `watched`."""
    return f"{group.workshop.changed_at.timestamp()}-{group.shown}-{group.moved or 0}"


def watched() -> QuerySet[WorkshopGroup]:
    """Return the groups with what tells whether their notes have changed. To be called outside any scope.

    Each change of a note moves the sum of their times on, to the microsecond, whichever of two at the same moment is
    seen first.
    """
    with scopes_disabled():
        return all_groups().annotate(
            shown=Count("notes", filter=Q(notes__hidden=Hidden.NO)),
            moved=Sum(Extract("notes__changed_at", "epoch", output_field=DecimalField())),
        )


def notes_of(group: WorkshopGroup) -> list[WorkshopNote]:
    """Return the notes of a group that are shown, the newest first. Inside its scope. One query."""
    return list(
        WorkshopNote.objects.filter(group=group, hidden=Hidden.NO).only("pk", "column_id", "text").order_by("-pk")
    )

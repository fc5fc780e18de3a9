"""The one door to the state of a card and of a year of cards.

A card is written as a draft, sent, and returned with a note or approved; it is locked with its year. Each sending
freezes a version. Who approves is the municipality's choice: nobody, the one who fills it, or another by a link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from indicators.models import IndicatorSet
from municipalities.cards.content import content_of, freeze, read_rows
from municipalities.cards.figures import read_card_figures
from municipalities.events import record
from municipalities.models import (
    Card,
    CardApproval,
    CardVersion,
    CardYear,
    County,
    Municipality,
    User,
)
from municipalities.moves import NotAllowedNow, locked, require_state

State = Card.State

MOVES: dict[str, tuple[frozenset[State], State]] = {
    "send": (frozenset({State.DRAFT, State.RETURNED}), State.SENT),
    "withdraw": (frozenset({State.SENT, State.APPROVED}), State.DRAFT),
    "return": (frozenset({State.SENT, State.APPROVED}), State.RETURNED),
    "approve": (frozenset({State.SENT}), State.APPROVED),
}
YEAR_MOVES: dict[str, tuple[frozenset[CardYear.State], CardYear.State]] = {
    "lock": (frozenset({CardYear.State.OPEN}), CardYear.State.LOCKED),
    "unlock": (frozenset({CardYear.State.LOCKED}), CardYear.State.OPEN),
}
WRITABLE = frozenset({State.DRAFT, State.RETURNED})


@dataclass(frozen=True)
class Standing:
    """Whether a card can be written, and whether its year is locked."""

    is_locked: bool
    is_writable: bool


def standing_of(card: Card) -> Standing:
    """Return how a card stands. Its year must have been read with it."""
    is_locked = card.card_year.is_locked
    return Standing(is_locked, card.state in WRITABLE and not is_locked)


def writable(card: Card) -> Card:
    """Return the card, locked until the transaction ends, for a change of its texts.

    Raises NotAllowedNow when it has been sent, or its year is locked.
    """
    # Changes of one card wait for each other, and sending waits for them; keys that point here need not wait.
    fresh: Card = Card.objects.select_for_update(of=("self",), no_key=True).get(pk=card.pk)
    _require_open(fresh)
    if fresh.state not in WRITABLE:
        raise NotAllowedNow(_("The card has been sent. Take it back first if you want to change it."))
    return fresh


def _require_open(card: Card) -> None:
    # Read only now that the card is locked: whoever locks the year has waited for the cards of it.
    if CardYear.objects.get(pk=card.card_year_id).is_locked:
        raise NotAllowedNow(_("The cards of the year are locked. The county's coordinator can open them."))


def _moving(card: Card, move: str) -> tuple[Card, State]:
    card = locked(card)
    _require_open(card)
    target: State = require_state(card, MOVES, move)
    return card, target


def last_version(card: Card) -> CardVersion | None:
    """Return the version that was sent last, if any."""
    version: CardVersion | None = CardVersion.objects.filter(card=card).order_by("-number").first()
    return version


@transaction.atomic
def send(card: Card, *, by: User | None, at: datetime | None = None) -> CardVersion:
    """Send the card to the county: freeze what it says now, with its figures, as the next version.

    Where another person approves, a link is queued to them.
    Raises NotAllowedNow unless it is a draft or was returned, has something in it, and its year is open; and where
    another is to approve it and nobody is named.
    """
    card, target = _moving(card, "send")
    if card.approval == CardApproval.LINK and not card.approver_email:
        raise NotAllowedNow(_("Name the person who approves the card first, or choose that nobody does."))
    rows = read_rows(card)
    said = [text for words in rows.words.values() for text in (words.comment, words.left_out_reason)]
    if not any(text.strip() for text in (*(entry.text for entry in rows.entries), *said)):
        raise NotAllowedNow(_("The card is empty. Write at least something of the municipality before you send it."))
    every = list(Municipality.objects.filter(county=card.county_id).select_related("area"))
    language = language_of(card)
    with translation.override(language):
        figures = read_card_figures(card.card_year, card.municipality, every, language=language)
        frozen, digest = freeze(content_of(rows, figures, language=language))
    former = last_version(card)
    version: CardVersion = CardVersion.objects.create(
        county_id=card.county_id,
        card=card,
        number=former.number + 1 if former else 1,
        content=frozen,
        sha256=digest,
        approval=card.approval,
        sent_at=at or timezone.now(),
        sent_by=by,
    )
    card.state, card.return_note = target, ""
    card.save(update_fields=["state", "return_note"])
    record(card, "sent", by=by, at=at, version=version.number)
    if card.approval == CardApproval.LINK:
        from municipalities.cards.links import ask_approval

        ask_approval(version, by=by)
    return version


def language_of(card: Card) -> str:
    """Return the language that a card is in: the municipality's where the county writes it, else the county's first."""
    status = Municipality.LanguageStatus(card.municipality.language_status)
    own = "sv" if status in {status.SWEDISH, status.BILINGUAL_SWEDISH} else "fi"
    return own if own in card.county.written_languages else card.county.first_language


@transaction.atomic
def withdraw(card: Card, *, by: User | None, at: datetime | None = None) -> Card:
    """Take a sent card back to be changed; what was sent stays as a version, and the county reads it meanwhile.

    Raises NotAllowedNow for a card that is not sent, and in a locked year.
    """
    card, card.state = _moving(card, "withdraw")
    card.save(update_fields=["state"])
    record(card, "withdrawn", by=by, at=at)
    return card


@transaction.atomic
def return_(
    card: Card, *, note: str, by: User | None, version: CardVersion | None = None, at: datetime | None = None
) -> Card:
    """Return a sent card to be mended, with a note of what.

    Raises NotAllowedNow without a note, for a card that is not sent, in a locked year, and where the version that was
    read is no longer the last.
    """
    card, card.state = _moving(card, "return")
    _require_last(card, version)
    if not note.strip():
        raise NotAllowedNow(_("Write what is to be mended."))
    card.return_note = note.strip()
    card.save(update_fields=["state", "return_note"])
    if last := last_version(card):
        last.returned_at = at or timezone.now()
        last.save(update_fields=["returned_at"])
    record(card, "returned", by=by, at=at)
    return card


@transaction.atomic
def approve(
    card: Card, *, by: User | None, version: CardVersion, approver: str = "", at: datetime | None = None
) -> Card:
    """Approve the version that was read. `approver` is how the approver is told on the card.

    Raises NotAllowedNow for a card that is not sent, in a locked year, and where the version is no longer the last.
    """
    card, card.state = _moving(card, "approve")
    _require_last(card, version)
    card.save(update_fields=["state"])
    version.approved_at, version.approver = at or timezone.now(), approver.strip()[:150]
    version.save(update_fields=["approved_at", "approver"])
    record(card, "approved", by=by, at=at, version=version.number)
    return card


def _require_last(card: Card, version: CardVersion | None) -> None:
    last = last_version(card)
    if version is not None and (last is None or last.pk != version.pk):
        raise NotAllowedNow(_("The card has been sent again since. Read the newest version first."))


# --- The year -----------------------------------------------------------------------------------------------------


@transaction.atomic
def open_year(
    county: County,
    year: int,
    *,
    indicator_set: IndicatorSet,
    due_on: date | None,
    by: User | None,
    at: datetime | None = None,
) -> CardYear:
    """Begin the cards of a year, with the indicators that are on them. Raises NotAllowedNow for one that is begun."""
    if CardYear.objects.filter(year=year).exists():
        raise NotAllowedNow(_("The cards of %(year)s have been begun already.") % {"year": year})
    row: CardYear = CardYear.objects.create(county=county, year=year, indicator_set=indicator_set, due_on=due_on)
    record(row, "begun", by=by, at=at)
    return row


@transaction.atomic
def lock_year(card_year: CardYear, *, reason: str, by: User | None, at: datetime | None = None) -> CardYear:
    """Lock the cards of a year: nothing in them changes any more. Raises NotAllowedNow for one that is locked."""
    return _move_year(card_year, "lock", reason=reason, by=by, at=at)


@transaction.atomic
def unlock_year(card_year: CardYear, *, reason: str, by: User | None, at: datetime | None = None) -> CardYear:
    """Open the cards of a locked year again. Raises NotAllowedNow without a reason, and for one that is open."""
    if not reason.strip():
        raise NotAllowedNow(_("Write why the cards are opened again."))
    return _move_year(card_year, "unlock", reason=reason, by=by, at=at)


def _move_year(card_year: CardYear, move: str, *, reason: str, by: User | None, at: datetime | None) -> CardYear:
    card_year = locked(card_year)
    card_year.state = require_state(card_year, YEAR_MOVES, move)
    card_year.state_reason = reason.strip()
    card_year.save(update_fields=["state", "state_reason"])
    # What is being saved on a card is saved; what comes after sees the year as it is now.
    list(Card.objects.filter(card_year=card_year).select_for_update(of=("self",)).order_by("pk").values("pk"))
    record(card_year, f"{move}ed", by=by, at=at)
    return card_year

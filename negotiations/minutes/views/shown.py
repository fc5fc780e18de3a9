"""What the page of the minutes shows: the text, who has checked and signed it, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from negotiations.minutes.context import Item, PartMinuted, ThemeFindings
from negotiations.minutes.correcting import CORRECTED
from negotiations.minutes.differences import Segment
from negotiations.minutes.forms import SendForCheckingForm
from negotiations.models import (
    CorrectionEntry,
    LegalBasis,
    Minutes,
    MinutesCheck,
    MinutesRemark,
    MinutesSignature,
    MinutesVersion,
)

State = Minutes.State
Outcome = MinutesCheck.Outcome


@dataclass(frozen=True)
class RemarkShown:
    """A checker's remark, with how the proposed words differ from those that stand in the minutes now."""

    remark: MinutesRemark
    party: str
    segments: Sequence[Segment]

    @property
    def is_open(self) -> bool:
        """Whether it has not been decided on."""
        return self.remark.state == MinutesRemark.State.OPEN


@dataclass(frozen=True)
class CheckShown:
    """A checker's mark, and whether this user may make it."""

    check: MinutesCheck
    may_mark: bool
    open_remarks: int = 0


@dataclass(frozen=True)
class SignatureShown:
    """The chair's or the secretary's signature, and whether this user is the one who is to sign."""

    signature: MinutesSignature
    code: str
    is_own: bool


@dataclass(frozen=True)
class ItemShown:
    """An item as it has been minuted, with the remarks on it."""

    item: Item
    # Rows in a draft, which can be changed from here; as they were frozen after that.
    measures: Sequence[Any]
    remarks: Sequence[RemarkShown] = ()


@dataclass(frozen=True)
class PartShown:
    """A part as it has been minuted, with the remarks on it."""

    part: PartMinuted
    items: Sequence[ItemShown]
    remarks: Sequence[RemarkShown] = ()

    @property
    def basis(self) -> LegalBasis:
        """The legal basis as a choice."""
        return LegalBasis(self.part.legal_basis)


@dataclass(frozen=True)
class MinutesShown:
    """Minutes with their text and checkers, and what this user may do to them."""

    minutes: Minutes
    # How the document is called on the page.
    name: str
    parts: Sequence[PartShown]
    further_measures: Sequence[Any]
    # Whether what was agreed under no item is told in these minutes.
    tells_further: bool
    checks: Sequence[CheckShown]
    may_move: bool
    # Why the text cannot be changed freely now; empty for a draft.
    closed: str
    form: SendForCheckingForm | None
    can_add_checker: bool
    # The date by which to check has passed, and the county has set that silence then is a mark.
    may_enter_silence: bool
    # What the workshop found: by theme and column.
    findings: Sequence[ThemeFindings] = ()
    version: MinutesVersion | None = None
    versions: int = 0
    remarks: Sequence[RemarkShown] = ()
    signatures: Sequence[SignatureShown] = ()
    signs: bool = False
    silence_counts: bool = False
    # Of a correction what it corrects; of minutes the documents that correct them.
    entries: Sequence[CorrectionEntry] = ()
    corrections: Sequence[Minutes] = ()

    @property
    def is_correction(self) -> bool:
        """Whether the document corrects other minutes."""
        return self.minutes.corrects_id is not None

    @property
    def may_write(self) -> bool:
        """Whether this user may change the text now."""
        return self.may_move and not self.closed

    @property
    def may_amend(self) -> bool:
        """Whether this user may mend a text, which makes a new version."""
        return self.may_move and self.minutes.state == State.CHECKING and not self.is_correction

    @property
    def may_decide(self) -> bool:
        """Whether this user may decide on remarks now."""
        return self.may_move and self.minutes.state in {State.DRAFT, State.CHECKING}

    @property
    def is_to_mark(self) -> bool:
        """Whether this user has a mark to make."""
        return any(shown.may_mark for shown in self.checks)

    @property
    def waiting_for(self) -> list[MinutesCheck]:
        """The checkers who have not marked the minutes."""
        return [shown.check for shown in self.checks if shown.check.outcome == Outcome.WAITING]

    @property
    def unreachable(self) -> list[str]:
        """The parties whose checker nobody can send a link to: there is no e-mail address."""
        return [shown.check.party.name for shown in self.checks if not shown.check.email]

    @property
    def all_remarks(self) -> list[RemarkShown]:
        """Every remark, wherever it is of."""
        found = list(self.remarks)
        for part in self.parts:
            found += [*part.remarks, *(remark for item in part.items for remark in item.remarks)]
        return found

    @property
    def open_remarks(self) -> list[RemarkShown]:
        """The remarks that have not been decided on, in the order in which they were made."""
        return sorted((one for one in self.all_remarks if one.is_open), key=lambda one: one.remark.pk)

    @property
    def unsigned(self) -> list[SignatureShown]:
        """The signatures that the minutes wait for; none where the county has none."""
        return [one for one in self.signatures if self.signs and one.signature.signed_on is None]

    @property
    def own_signature(self) -> SignatureShown | None:
        """The signature that this user can give now."""
        if self.minutes.state != State.CHECKED:
            return None
        return next((one for one in self.unsigned if one.is_own), None)

    @property
    def is_corrected(self) -> bool:
        """Whether a correction of them has been checked."""
        return any(one.state in CORRECTED for one in self.corrections)

    @property
    def can_be_corrected(self) -> bool:
        """Whether a correction can be begun: of checked minutes, one at a time."""
        return (
            self.may_move
            and not self.is_correction
            and self.minutes.state in CORRECTED
            and all(one.state in CORRECTED for one in self.corrections)
        )

    @property
    def items(self) -> list[Item]:
        """The items of the parts that were dealt with, in order."""
        return [one.item for shown in self.parts if shown.part.dealt_with for one in shown.items]

    @property
    def minuted(self) -> int:
        """How many of the items have been minuted."""
        return sum(item.is_minuted for item in self.items)

    @property
    def unwritten(self) -> int:
        """Of how many items nothing has been written."""
        return len(self.items) - self.minuted

    @property
    def first_empty(self) -> Item | None:
        """The first item of which nothing has been written."""
        return next((item for item in self.items if not item.is_minuted), None)

    @property
    def now(self) -> str:
        """How things stand, in a sentence or two."""
        state = self.minutes.state
        if state == State.CHECKING:
            return self._checking
        if state == State.CHECKED and self.unsigned:
            names = ", ".join(str(one.signature.get_role_display()) for one in self.unsigned)
            return _("All checkers have marked the minutes. Still to sign: %(names)s.") % {"names": names}
        if state == State.CHECKED:
            return _("All checkers have marked the minutes. They can be published.")
        if state == State.PUBLISHED:
            return _("The minutes are public. They never change any more.")
        return ""

    @property
    def _checking(self) -> str:
        waiting = ", ".join(check.party.name for check in self.waiting_for)
        told = [_("Waiting for the mark of: %(names)s.") % {"names": waiting}] if waiting else []
        if count := len(self.open_remarks):
            told.append(
                _("One remark waits for the secretary’s decision.")
                if count == 1
                else _("%(count)s remarks wait for the secretary’s decision.") % {"count": count}
            )
        return " ".join(told)

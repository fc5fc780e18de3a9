"""The signatures of the chair and the secretary: on paper, in another system, here, or by a personal link.

Minutes are signed once they have been checked, and published once they have been signed, where the county has them
signed (621/1999, 6 §). What is entered is who signed, how and on which day; the paper itself is the county's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.events import record
from municipalities.models import Membership, User
from municipalities.moves import NotAllowedNow, locked, require_state
from negotiations.minutes import links, versions
from negotiations.minutes.checking import MOVES, name_signers
from negotiations.models import Minutes, MinutesSignature

State = Minutes.State
Way = MinutesSignature.Way
Role = MinutesSignature.Role
WAYS = (Way.LINK, Way.HERE, Way.PAPER, Way.ELSEWHERE)


def signatures_of(minutes: Minutes) -> list[MinutesSignature]:
    """Return the chair's and the secretary's signatures, the chair's first; those not there yet are not saved.

    Minutes that were begun before there were signatures have none.
    """
    rows = {row.role: row for row in minutes.signatures.all()}
    names = {Role.CHAIR: minutes.negotiation.chair, Role.SECRETARY: minutes.negotiation.secretary}
    return [
        rows.get(role) or MinutesSignature(county_id=minutes.county_id, minutes=minutes, role=role, name=names[role])
        for role in Role
    ]


def signature_of(minutes: Minutes, role: str) -> MinutesSignature:
    """Return the place where the chair or the secretary signs; made where the minutes had none yet."""
    row: MinutesSignature | None = MinutesSignature.objects.filter(minutes=minutes, role=role).first()
    if row is None:
        name_signers(minutes)
        row = MinutesSignature.objects.get(minutes=minutes, role=role)
    return row


def is_of(signature: MinutesSignature, user: User | None) -> bool:
    """Whether a user is the one who is to sign: known by their e-mail address, or a coordinator by their name.

    Addresses are the administrator's to give. A name is what each writes of themselves: it tells only those apart who
    could enter the signature in any case.
    """
    if user is None:
        return False
    if signature.email:
        return signature.email.casefold() == user.email.casefold()
    is_named = bool(signature.name) and signature.name.casefold().split() == user.name.casefold().split()
    return is_named and any(
        one.role == Membership.Role.COORDINATOR and one.county_id == signature.county_id for one in user.all_memberships
    )


@transaction.atomic
def sign(
    signature: MinutesSignature,
    *,
    way: MinutesSignature.Way,
    signed_on: date | None = None,
    by: User | None,
    at: datetime | None = None,
) -> MinutesSignature:
    """Enter a signature on the version that was checked: how it was given, and on which day (today unless told).

    Raises NotAllowedNow unless the minutes are checked and this one has not signed, for a day that is still to come or
    before the negotiation, and where somebody else would sign in the application.
    """
    if way not in WAYS:
        raise ValueError("A signature is given in some way.")
    minutes = locked(signature.minutes)
    require_state(minutes, MOVES, "sign")
    signature = locked(signature)
    if signature.signed_on is not None:
        raise NotAllowedNow(_("The minutes have been signed by the %(role)s already.") % {"role": _role(signature)})
    today = timezone.localdate(at) if at else timezone.localdate()
    signed_on = signed_on or today
    if signed_on > today:
        raise NotAllowedNow(_("The day of signing is still to come. Enter the signature once it has been given."))
    if signed_on < minutes.negotiation.earliest:
        raise NotAllowedNow(_("The day of signing is before the negotiation. Correct it."))
    if way == Way.HERE and not is_of(signature, by):
        raise NotAllowedNow(
            _(
                "In the application only the %(role)s can sign. Enter a signature given on paper or in another system,"
                " or send a personal link."
            )
            % {"role": _role(signature)}
        )
    signature.way, signature.signed_on, signature.version = way, signed_on, versions.latest(minutes)
    signature.save(update_fields=["way", "signed_on", "version"])
    record(
        minutes,
        "signed",
        by=by,
        at=at,
        role=signature.role,
        way=way.value,
        on=signed_on.isoformat(),
        version=signature.version.number if signature.version else 0,
    )
    return signature


def sign_all(
    minutes: Minutes,
    *,
    way: MinutesSignature.Way = Way.PAPER,
    signed_on: date | None = None,
    by: User | None,
    at: datetime | None = None,
) -> Minutes:
    """Enter the signatures of all who have not signed yet, given in one way on one day. Returns the minutes."""
    for role in Role:
        signature = signature_of(minutes, role)
        if signature.signed_on is None:
            sign(signature, way=way, signed_on=signed_on, by=by, at=at)
    return minutes


@transaction.atomic
def take_back(signature: MinutesSignature, *, by: User | None, at: datetime | None = None) -> MinutesSignature:
    """Take back a signature that was entered by mistake. Raises NotAllowedNow unless entered, and once published."""
    minutes = locked(signature.minutes)
    require_state(minutes, MOVES, "sign")
    signature = locked(signature)
    if signature.signed_on is None:
        raise NotAllowedNow(_("No signature has been entered."))
    if signature.way in {Way.HERE, Way.LINK}:
        raise NotAllowedNow(_("The %(role)s has signed themselves: that stays.") % {"role": _role(signature)})
    signature.way, signature.signed_on, signature.version = Way.NOT_YET, None, None
    signature.save(update_fields=["way", "signed_on", "version"])
    record(minutes, "signature_taken_back", by=by, at=at, role=signature.role)
    return signature


@transaction.atomic
def name_signer(
    signature: MinutesSignature, *, fields: Sequence[str], by: User | None, at: datetime | None = None
) -> MinutesSignature:
    """Save who signs, and where the link is sent: these fields, which hold their new values already.

    Whoever has an address and is waited for gets a link. Raises NotAllowedNow once signed, and once published.
    """
    minutes = locked(signature.minutes)
    if minutes.state == State.PUBLISHED:
        raise NotAllowedNow(_("The minutes have been published, so that nothing in them can be changed any more."))
    now = locked(signature)
    if now.signed_on is not None:
        raise NotAllowedNow(_("The minutes have been signed by the %(role)s already.") % {"role": _role(now)})
    if fields:
        today = timezone.localdate()
        signature.delete_after = links.contacts_go(minutes.county, today) if signature.email else None
        signature.save(update_fields=[*fields, "delete_after"])
        record(minutes, "signer_named", by=by, at=at, role=signature.role, is_name="name" in fields)
        signature.minutes = minutes
        links.ask(signature, by=by)
    return signature


def _role(signature: MinutesSignature) -> str:
    return str(Role(signature.role).label)

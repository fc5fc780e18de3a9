"""What a reader who is no party may read of minutes.

Minutes are public once checked and confirmed (621/1999, 6 §). An item or an attachment for which there is a ground for
secrecy (621/1999, 24 §) is left out of the public variant: its number and the ground stay, so that it can be seen that
something is missing and why, and asked for from the county (621/1999, 14 §).
"""

from __future__ import annotations

from dataclasses import replace

from negotiations.minutes.context import Correction, Enclosure, Item, MinutesContext, PartMinuted


def public_of(context: MinutesContext) -> MinutesContext:
    """Return the public variant; the same context where all of it is public, so that it is the same document."""
    public = replace(
        context,
        parts=[_part(part) for part in context.parts],
        enclosures=[_enclosure(enclosure) for enclosure in context.enclosures],
        corrections=[_correction(correction) for correction in context.corrections],
    )
    return context if public == context else replace(public, is_public_variant=True)


def has_secrets(context: MinutesContext) -> bool:
    """Whether something is left out of the public variant."""
    return public_of(context).is_public_variant


def _part(part: PartMinuted) -> PartMinuted:
    return replace(part, items=[_item(item) for item in part.items])


def _item(item: Item) -> Item:
    """Return an item as the public reads it: of one that is not public, nothing but its number and the ground."""
    if not item.secrecy_ground:
        # Agreed earlier under an item that is not public, and gone through under one that is.
        return replace(item, followed=[measure for measure in item.followed if not measure.is_confidential])
    return Item(
        id=item.id,
        number=item.number,
        title="",
        background="",
        discussion="",
        agreed="",
        dissent="",
        measures=[],
        secrecy_ground=item.secrecy_ground,
        is_withheld=True,
    )


def _enclosure(enclosure: Enclosure) -> Enclosure:
    if not enclosure.secrecy_ground:
        return enclosure
    return Enclosure(number=enclosure.number, title="", secrecy_ground=enclosure.secrecy_ground, is_withheld=True)


def _correction(correction: Correction) -> Correction:
    if not correction.is_confidential:
        return correction
    return Correction(correction.number, "", "", "", "", is_withheld=True)

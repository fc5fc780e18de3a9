"""The part of a document's stylesheet that is made for it: the county's colour, the running header and footer."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from municipalities.documents.kinds import Meta

WHITE = (255, 255, 255)
INK = (26, 26, 26)
# WCAG 2.1, 1.4.3 (AA): text against its background.
READABLE = 4.5

Colour = tuple[int, int, int]


def county_stylesheet(meta: Meta) -> str:
    """Return the stylesheet of one document, its words in the language in use."""
    colour = parse(meta.colour)
    page = _("Page %(page)s / %(pages)s") % {"page": "\0page\0", "pages": "\0pages\0"}
    counted = " ".join(
        f"counter({part})" if part in {"page", "pages"} else text(part) for part in page.split("\0") if part
    )
    header, emphasis = meta.title, ""
    if meta.is_draft:
        header, emphasis = f"{_('DRAFT')} · {meta.title}", "color: var(--alert); font-weight: 600;"
    footer = " · ".join(filter(None, [date_format(meta.on, "SHORT_DATE_FORMAT"), meta.website]))
    return f""":root {{
  --county: {written(colour)};
  --county-on-white: {written(darkened_until_readable(colour))};
  --on-county: {written(WHITE if contrast(WHITE, colour) >= READABLE else INK)};
  --county-tint: {written(mixed(colour, WHITE, 0.08))};
  --county-line: {written(mixed(colour, WHITE, 0.35))};
}}
@page {{
  @top-left {{ content: {text(meta.county)}; }}
  @top-right {{ content: {text(header)}; {emphasis} }}
  @bottom-left {{ content: {text(footer)}; }}
  @bottom-right {{ content: {counted}; }}
}}
"""


def text(value: str) -> str:
    """Return a text as a CSS string, whatever is in it."""
    plain = "".join(character if character.isprintable() else " " for character in value)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


# --- Colours --------------------------------------------------------------------------------------------------


def parse(colour: str) -> Colour:
    """Return the parts of #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def written(colour: Colour) -> str:
    """Return a colour as #rrggbb."""
    return "#" + "".join(f"{part:02x}" for part in colour)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """Return a colour with `share` of the first and the rest of the other."""
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def luminance(colour: Colour) -> float:
    """Return the relative luminance as WCAG 2.1 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def darkened_until_readable(colour: Colour) -> Colour:
    """Return the colour, as much darker as text of it on white needs to be."""
    share = 1.0
    while contrast(mixed(colour, (0, 0, 0), share), WHITE) < READABLE:
        share -= 0.02
    return mixed(colour, (0, 0, 0), share)

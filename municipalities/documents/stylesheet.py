"""The part of a document's stylesheet that is made for it: the county's colour, the running header and footer."""

from __future__ import annotations

from django.utils.translation import gettext as _

from municipalities import timewords
from municipalities.colours import WHITE, mixed, palette
from municipalities.documents.kinds import Meta


def county_stylesheet(meta: Meta) -> str:
    """Return the stylesheet of one document, its words in the language in use."""
    colours = palette(meta.colour)
    page = _("Page %(page)s / %(pages)s") % {"page": "\0page\0", "pages": "\0pages\0"}
    counted = " ".join(
        f"counter({part})" if part in {"page", "pages"} else text(part) for part in page.split("\0") if part
    )
    header, emphasis = meta.title, ""
    if meta.is_draft:
        header, emphasis = f"{_('DRAFT')} · {meta.title}", "color: var(--alert); font-weight: 600;"
    footer = " · ".join(filter(None, [timewords.day(meta.on, weekday=False), meta.website]))
    return f""":root {{
  --county: {colours.ground};
  --county-on-white: {colours.text};
  --on-county: {colours.ink};
  --county-tint: {colours.light};
  --county-line: {mixed(colours.ground, WHITE, 0.65)};
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

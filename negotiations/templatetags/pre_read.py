"""What the material of a negotiation needs of its template: its charts."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe

from municipalities.documents import Meta
from negotiations.planning.material.context import HighlightFigure
from negotiations.planning.material.drawing import group_chart

register = template.Library()


@register.simple_tag
def highlight_chart(figure: HighlightFigure, meta: Meta) -> SafeString:
    """Draw the figures that a highlight rests on."""
    svg = group_chart(figure, colour=meta.colour, language=meta.language)
    return mark_safe(svg)  # noqa: S308 - charts.py escapes what it writes

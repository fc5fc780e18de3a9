"""Writing figures in templates: `{{ figure|shown }}`, `{{ figure|shown_change }}`, `{{ x|number:1 }}`.

They write in the language in use; in a document that is the document's.
"""

from django import template
from django.utils.translation import get_language

from indicators.figures import Figure, format_change, format_value, status_text

register = template.Library()


@register.filter
def number(value: float | None, decimals: int = 0) -> str:
    """Return a number with so many decimals: "1 234,5"; "–" where there is none."""
    return format_value(value, int(decimals), get_language() or "fi")


@register.filter
def change(value: float | None, decimals: int = 0) -> str:
    """Return a change or a difference with its sign: "+1,2", "−0,3"."""
    return format_change(value, int(decimals), get_language() or "fi")


@register.filter
def shown(figure: Figure) -> str:
    """Return a figure's value, or in words why there is none."""
    if figure.value is None:
        return status_text(figure)
    return format_value(figure.value, figure.measure.decimals, get_language() or "fi")


@register.filter
def shown_change(figure: Figure) -> str:
    """Return the change since the figure before, with its sign; "–" where there was none."""
    return format_change(figure.change, figure.measure.decimals, get_language() or "fi")

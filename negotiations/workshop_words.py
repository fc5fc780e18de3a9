"""What was done to the notes of a workshop, in words: for who did it, and for the log."""

from __future__ import annotations

from django.utils.translation import ngettext


def told(what: str, count: int) -> str:
    """Tell in words what was done to so many notes."""
    words = {
        "moved": ngettext("%(count)s note was moved.", "%(count)s notes were moved.", count),
        "priority": ngettext(
            "The priority of %(count)s note was changed.", "The priority of %(count)s notes was changed.", count
        ),
        "hidden": ngettext("%(count)s note was hidden.", "%(count)s notes were hidden.", count),
        "shown": ngettext("%(count)s note is shown again.", "%(count)s notes are shown again.", count),
        "key": ngettext("%(count)s note is a key finding now.", "%(count)s notes are key findings now.", count),
        "not_key": ngettext(
            "%(count)s note is a key finding no more.", "%(count)s notes are key findings no more.", count
        ),
        "measure": ngettext("A measure was made of %(count)s note.", "A measure was made of %(count)s notes.", count),
        "undone": ngettext("A change to %(count)s note was undone.", "A change to %(count)s notes was undone.", count),
    }
    return words[what] % {"count": count}

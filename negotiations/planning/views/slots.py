"""The rule of a round's slots: previewed as it is written, changed, and what a change would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from municipalities import timewords
from municipalities.access import CountyRequest
from municipalities.views.editing import edit
from negotiations.models import Round
from negotiations.permissions import can_edit, visible_rounds
from negotiations.planning.forms.slots import Question, SlotRuleForm
from negotiations.planning.slots.calendars import MonthShown, became_words, calendar_of, left_out, lost_answers_words
from negotiations.planning.slots.changing import Changed, Choice, Effect, change_rule, effect_on, zone_of_settings
from negotiations.planning.slots.needs import balance_words, need_of, outside
from negotiations.planning.slots.rules import SlotRule
from negotiations.planning.views.rounds import round_context

# What the buttons of the form do besides saving.
PREVIEW, ADD, REMOVE = "esikatsele", "lisaa", "poista"


@dataclass(frozen=True)
class Preview:
    """What a rule gives, before it is saved: its calendar, how it suffices, and what would become of what there is."""

    months: Sequence[MonthShown]
    balance: str
    is_short: bool
    span: str
    left_out: Sequence[str]
    notes: Sequence[str]
    # Of a round that has slots already.
    changes: str
    going: Sequence[str]
    lost_answers: int
    questions: Sequence[Question]


@require_http_methods(["GET", "HEAD", "POST"])
def round_slots(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show the rule of a round's slots with its calendar, and save it; nothing is saved before all is answered."""
    context = round_context(request, pk, tab="schedule")
    request.access.require(can_edit(request.access))
    shown: Round = context["round"]
    here = reverse("round_slots", args=[county, pk])
    title, submit, back = _("Rule of the times"), _("Save the rule"), reverse("round_schedule", args=[county, pk])
    if request.method == "POST" and (act := request.POST.get("teko", "")):
        form = SlotRuleForm(_acted(request.POST, act), access=request.access, instance=shown, asks=False)
        refused = act == PREVIEW and not form.is_valid()
        if act != PREVIEW:
            form.full_clean()
            form.forgive()
        page = {"form": form, "title": title, "submit": submit, "back": back, "goes_on": True, **_page(form)}
        return render(request, "negotiations/round_slots.html", context | page, status=422 if refused else 200)

    def save(form: SlotRuleForm) -> Changed:
        if form.rule is None:
            raise ValueError("A valid form has a rule.")
        return change_rule(form.instance, form.rule, choices=form.choices, by=request.user)

    return edit(
        request,
        SlotRuleForm,
        row=shown,
        save=save,
        title=title,
        submit=submit,
        back=back,
        then=here,
        done=lambda changed: _told(request, changed),
        template="negotiations/round_slots.html",
        context=lambda form: {**context, **_page(form)},
    )


@require_POST
def round_slots_preview(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Return what the rule as it is written would give, a part of the page. Nothing is saved."""
    shown = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    form = SlotRuleForm(request.POST, access=request.access, instance=shown, asks=False, is_draft=True)
    form.full_clean()
    return render(request, "negotiations/round_slots_preview.html", {"form": form, "round": shown, **_page(form)})


def _acted(data: QueryDict, act: str) -> QueryDict:
    """Return what was sent with a row of exceptions added or removed."""
    what, _colon, number = act.partition(":")
    changed = data.copy()
    if what == ADD:
        # A number that no row has: rows are numbered anew when they are shown.
        changed["exceptions-999-kind"] = ""
    elif what == REMOVE and number.isascii() and number.isdecimal():
        for key in [key for key in changed if key.startswith(f"exceptions-{number}-")]:
            del changed[key]
    return changed


def _told(request: CountyRequest, changed: Changed) -> str:
    """Say what was done; what became of negotiations and of answers in messages of its own."""
    became = {choice.value: changed.choices.get(choice, 0) for choice in Choice}
    if any(became.values()):
        messages.info(request, became_words(**became))
    if changed.lost_answers:
        messages.info(request, lost_answers_words(changed.lost_answers))
    saved = _("The rule was saved.")
    total = ngettext("The round has %(count)s time.", "The round has %(count)s times.", changed.total)
    words = f"{saved} {total % {'count': changed.total}}"
    if not changed.added and not changed.removed:
        return words
    counts = _("%(added)s added, %(removed)s removed.") % {"added": changed.added, "removed": changed.removed}
    return f"{words} {counts}"


def _page(form: SlotRuleForm) -> dict[str, Any]:
    """Return what the page and its changing part show besides the form."""
    if form.is_bound:
        rule, effect = form.rule, form.effect
    else:
        rule = form.at_first
        effect = effect_on(form.instance, form.standing, rule)
    preview = _preview(form, rule, effect) if rule and effect else None
    return {"preview": preview, "is_new": not form.instance.slot_rule}


def _preview(form: SlotRuleForm, rule: SlotRule, effect: Effect) -> Preview:
    round_, sittings = form.instance, form.standing.sittings
    need, own_times = need_of(round_, sittings), outside(sittings, effect.times)
    days = [timezone.localdate(starts) for starts, _ends in effect.times]
    notes = []
    if own_times:
        notes.append(
            ngettext(
                "%(count)s negotiation has a time of its own, outside these.",
                "%(count)s negotiations have a time of their own, outside these.",
                own_times,
            )
            % {"count": own_times}
        )
    if strays := sum(not round_.starts_on <= day <= round_.ends_on for day in days):
        notes.append(
            ngettext(
                "%(count)s time is outside the days of the round (%(days)s).",
                "%(count)s times are outside the days of the round (%(days)s).",
                strays,
            )
            % {"count": strays, "days": timewords.days(round_.starts_on, round_.ends_on)}
        )
    if effect.returning:
        notes.append(
            ngettext(
                "%(count)s negotiation that has the time of a new one already gets it.",
                "%(count)s negotiations that have the time of a new one already get it.",
                len(effect.returning),
            )
            % {"count": len(effect.returning)}
        )
    had = bool(form.standing.slots)
    return Preview(
        months=calendar_of(rule, zone_of_settings(), new=frozenset(effect.added) if had else frozenset()),
        balance=balance_words(len(effect.times), need, own_times),
        is_short=bool(need.count) and len(effect.times) < need.count - own_times,
        span=timewords.days(days[0], days[-1]),
        left_out=left_out(rule),
        notes=notes,
        changes=_changes(effect) if had else "",
        going=[timewords.sitting(*span) for span in sorted(effect.removed.values())] if had else [],
        lost_answers=effect.lost_answers,
        questions=list(form.questions()),
    )


def _changes(effect: Effect) -> str:
    """Say how many slots would come and go."""
    if not effect.added and not effect.removed:
        return _("The times stay as they are.")
    added, removed = len(effect.added), len(effect.removed)
    words = [
        ngettext("%(count)s time is added", "%(count)s times are added", added) % {"count": added} if added else "",
        ngettext("%(count)s time is removed", "%(count)s times are removed", removed) % {"count": removed}
        if removed
        else "",
    ]
    return f"{capfirst(', '.join(filter(None, words)))}."

"""Asking the parties of a round which times suit them, and what they have answered: the coordinator's pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from functools import partial

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities import limits, timewords
from municipalities.access import CountyRequest
from municipalities.moves import NotAllowedNow
from municipalities.tables import Column, Kind, Table
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone
from negotiations.models import AvailabilityInquiry, AvailabilityRequest, Round, Slot
from negotiations.permissions import can_edit, visible_rounds
from negotiations.planning.availability import answering, asking
from negotiations.planning.availability.asking import READ_WITH, Reminded, Withdrawn
from negotiations.planning.availability.overview import Overview, PartyRow, read_overview
from negotiations.planning.availability.people import Suggested, suggested
from negotiations.planning.availability.reading import key_of, name_of
from negotiations.planning.forms.availability import AnswerForm, AskForm, InquiryForm, SendAgainForm, filled
from negotiations.planning.views.rounds import round_context

# Letters that one user has sent again.
SENT_AGAIN = "60/h/user"
# The button that fills the form for who has no scripts: all slots suit, or those left open.
FILL, EVERYTHING = "tayta", "kaikki"

COLUMNS: tuple[Column[PartyRow], ...] = (
    Column("osapuoli", gettext_lazy("Party"), lambda row: row.name),
    Column("kenelta", gettext_lazy("Who is asked"), lambda row: row.request.name),
    Column("sahkoposti", gettext_lazy("E-mail"), lambda row: row.request.email),
    Column("tila", gettext_lazy("State"), lambda row: row.words, kind=Kind.STATE),
    Column("vastattu", gettext_lazy("Answered at"), lambda row: row.request.answered_at, kind=Kind.MOMENT),
    Column("lisatieto", gettext_lazy("Note"), lambda row: row.request.note),
)


@require_safe
def round_availability(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show who has been asked about the times of the round, what they answered, and how many each time suits."""
    context = round_context(request, pk, tab="schedule")
    request.access.require(can_edit(request.access))
    round_: Round = context["round"]
    now = timezone.now()
    seen = read_overview(round_, now=now)
    table = Table(request, seen.parties, (*COLUMNS, *_slot_columns(seen)), name=_file_name(round_))
    context |= {
        "page": "availability",
        "seen": seen,
        "table": table,
        "is_closed": seen.inquiry is not None and seen.inquiry.answer_by < timezone.localdate(now),
        "has_slots_to_come": any(row.starts.date() > timezone.localdate(now) for row in seen.slots),
        "undo": undo_offered(request),
    }
    return table.file() or render(request, "negotiations/round_availability.html", context)


def _file_name(round_: Round) -> str:
    return _("Times that suit, %(round)s") % {"round": round_.name}


def _slot_columns(seen: Overview) -> list[Column[PartyRow]]:
    """Return a column of the file for each slot, with what each party answered in words."""

    def answer(row: PartyRow, number: int) -> str:
        suits = row.cells[number].suits
        return str(suits.label) if suits else ""

    return [
        Column(
            f"aika{number}",
            timewords.sitting(row.slot.starts_at, row.slot.ends_at),
            partial(answer, number=number),
            shown=False,
        )
        for number, row in enumerate(seen.slots)
    ]


def _round(request: CountyRequest, pk: int) -> Round:
    """Return a round whose inquiry the user may change. Raises Http404 and PermissionDenied."""
    round_: Round = get_object_or_404(visible_rounds(request.access), pk=pk)
    request.access.require(can_edit(request.access))
    return round_


def _request(request: CountyRequest, pk: int) -> AvailabilityRequest:
    """Return a request that the user may change, with what it is told by. Raises Http404 and PermissionDenied."""
    rows = AvailabilityRequest.objects.filter(inquiry__round__in=visible_rounds(request.access))
    row: AvailabilityRequest = get_object_or_404(rows.select_related(*READ_WITH), pk=pk)
    request.access.require(can_edit(request.access))
    return row


def _back(county: str, round_: Round) -> str:
    return reverse("round_availability", args=[county, round_.pk])


def _crumbs(county: str, round_: Round) -> list[tuple[str, str]]:
    return [
        (reverse("rounds", args=[county]), _("Rounds")),
        (reverse("round", args=[county, round_.pk]), round_.name),
        (_back(county, round_), _("Times that suit")),
    ]


def _last_day(round_: Round) -> date | None:
    """Return the day of the round's last slot: no answer is of use after it. None where there are no slots."""
    last = Slot.objects.filter(round=round_).aggregate(last=Max("starts_at"))["last"]
    return timezone.localdate(last) if last else None


# --- Asking -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_availability_ask(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Show who of the round has not been asked yet, and ask those who are chosen."""
    round_ = _round(request, pk)
    back = _back(county, round_)
    inquiry: AvailabilityInquiry | None = AvailabilityInquiry.objects.filter(round=round_).first()
    if why_not := asking.why_not_asked(round_, on=timezone.localdate()):
        with leading_back(back):
            raise NotAllowedNow(why_not)
    last = _last_day(round_)
    if last is None:
        raise Http404
    suggestions = _not_asked(round_, inquiry, request)

    def save(form: AskForm) -> int:
        answer_by, message = form.chosen("answer_by"), form.chosen("message")
        made = asking.ask(round_, answer_by, message, form.to, by=request.user)
        if not made:
            raise NotAllowedNow(_("All of these have been asked already."))
        return len(made)

    initial = {"answer_by": inquiry.answer_by, "message": inquiry.message} if inquiry else {}
    return edit(
        request,
        partial(AskForm, suggestions=suggestions, last=last, initial=initial),
        save=save,
        title=_("Ask which times suit"),
        back=back,
        done=_asked,
        submit=_("Send the questions"),
        template="negotiations/round_availability_ask.html",
        context={
            "crumbs": _crumbs(county, round_),
            "lead": _("Each gets a link of its own by e-mail and chooses of each time whether it suits."),
            "round": round_,
            "is_first": inquiry is None,
        },
    )


def _asked(count: int) -> str:
    """Say how many were asked."""
    asked = ngettext("%(count)s party was asked.", "%(count)s parties were asked.", count) % {"count": count}
    on_their_way = _("The letters are on their way.")
    return f"{asked} {on_their_way}"


def _not_asked(round_: Round, inquiry: AvailabilityInquiry | None, request: CountyRequest) -> Sequence[Suggested]:
    found = suggested(round_, by=request.user)
    if inquiry is None:
        return found
    asked = {
        key_of(*ids)
        for ids in AvailabilityRequest.objects.filter(inquiry=inquiry).values_list("municipality_id", "organisation_id")
    }
    return [one for one in found if one.key not in asked]


@require_POST
def round_availability_remind(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Remind those who have not answered, each at most once a day."""
    round_ = _round(request, pk)
    back = _back(county, round_)
    with leading_back(back):
        reminded = asking.remind(round_, by=request.user)
    level = messages.SUCCESS if reminded.written else messages.INFO
    messages.add_message(request, level, _told(reminded))
    return redirect(back)


def _told(reminded: Reminded) -> str:
    """Say who were reminded, and who were not and why."""
    written, lately, nobody = (len(rows) for rows in (reminded.written, reminded.lately, reminded.nobody))
    words = []
    if written:
        words.append(ngettext("%(count)s party is reminded.", "%(count)s parties are reminded.", written))
    elif not lately and not nobody:
        return _("All have answered: nobody is reminded.")
    else:
        words.append(_("Nobody was reminded."))
    told = [words[0] % {"count": written}]
    if lately:
        told.append(
            ngettext(
                "%(count)s had a letter less than a day ago.", "%(count)s had a letter less than a day ago.", lately
            )
            % {"count": lately}
        )
    if nobody:
        told.append(
            ngettext(
                "%(count)s has no e-mail address: add it by “Send the link again”, or enter the answer.",
                "%(count)s have no e-mail address: add it by “Send the link again”, or enter the answer.",
                nobody,
            )
            % {"count": nobody}
        )
    return " ".join(told)


@require_http_methods(["GET", "HEAD", "POST"])
def round_availability_edit(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Change the last day for the answers and the message."""
    round_ = _round(request, pk)
    inquiry: AvailabilityInquiry = get_object_or_404(AvailabilityInquiry.objects.select_related("round"), round=round_)
    last = _last_day(round_) or inquiry.answer_by
    back = _back(county, round_)

    def save(form: InquiryForm) -> AvailabilityInquiry:
        former: date = form.initial["answer_by"]
        return asking.change_inquiry(form.save(commit=False), former=former, by=request.user)

    return edit(
        request,
        partial(InquiryForm, last=last),
        row=inquiry,
        save=save,
        title=_("Last day for the answers"),
        back=back,
        done=lambda saved: _("The answers are taken until %(day)s.") % {"day": timewords.day(saved.answer_by)},
        context={
            "crumbs": _crumbs(county, round_),
            "lead": _("No letter is sent of a new day: a reminder tells it to those who have not answered."),
        },
    )


# --- One party --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_availability_answer(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Enter or change a party's answer, which came by phone or otherwise than by its link."""
    row = _request(request, pk)
    round_: Round = row.inquiry.round
    sheet = answering.read_sheet(row, after=timezone.now())
    status, is_filled = 200, False
    seen = request.POST.get("seen") or answering.seen_of(row)
    form = AnswerForm(sheet=sheet, initial={"note": row.note})
    if request.method == "POST" and FILL in request.POST:
        initial = filled(request.POST, sheet, everything=request.POST[FILL] == EVERYTHING)
        form, is_filled = AnswerForm(sheet=sheet, initial=initial), True
    elif request.method == "POST":
        form = AnswerForm(request.POST, sheet=sheet)
        status = 422
        if form.is_valid():
            try:
                answering.answer(row, form.answers, form.cleaned_data["note"], seen=seen, by=request.user)
            except AvailabilityRequest.DoesNotExist as gone:
                raise Http404 from gone
            except NotAllowedNow as refusal:
                form.add_error(None, str(refusal))
                status, seen = 409, getattr(refusal, "seen", seen)
            else:
                messages.success(request, _("The answer of %(party)s was saved.") % {"party": name_of(row)})
                return redirect(_back(county, round_))
    context = {
        "title": _("The answer of %(party)s") % {"party": name_of(row)},
        "crumbs": _crumbs(county, round_),
        "back": _back(county, round_),
        "asked": row,
        "sheet": sheet,
        "form": form,
        "seen": seen,
        "is_filled": is_filled,
    }
    return render(request, "negotiations/round_availability_answer.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def round_availability_send(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send a party a new link, to the same address or to another; the former link opens nothing any more."""
    row = _request(request, pk)
    round_: Round = row.inquiry.round

    def save(form: SendAgainForm) -> AvailabilityRequest:
        if not limits.count(request, "availability_send", SENT_AGAIN):
            raise NotAllowedNow(_("You have sent many letters in a short time. Continue in an hour."))
        values = form.cleaned_data
        return asking.send_again(row, name=values["name"], email=values["email"], by=request.user)

    return edit(
        request,
        SendAgainForm,
        row=row,
        save=save,
        title=_("Send the link again: %(party)s") % {"party": name_of(row)},
        back=_back(county, round_),
        done=lambda saved: (
            _("A new link is on its way to %(email)s. The former link opens nothing any more.") % {"email": saved.email}
        ),
        submit=_("Send the link"),
        context={
            "crumbs": _crumbs(county, round_),
            "lead": _("The former link opens nothing any more. What has been answered stays."),
        },
    )


@require_POST
def round_availability_withdraw(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Ask a party no more: its answers and its link are gone, until that is undone."""
    row = _request(request, pk)
    round_: Round = row.inquiry.round
    try:
        withdrawn = asking.withdraw(row, by=request.user)
    except AvailabilityRequest.DoesNotExist as gone:
        raise Http404 from gone
    offer_undo(
        request,
        words=_("%(party)s is not asked any more, and its answers were removed.") % {"party": name_of(row)},
        url=reverse("round_availability_restore", args=[county, round_.pk]),
        values=asdict(withdrawn),
    )
    return redirect(_back(county, round_))


@require_POST
def round_availability_restore(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Bring back a party that was just taken away, with its answers and its link."""
    round_ = _round(request, pk)
    back = _back(county, round_)
    with leading_back(back):
        row = asking.restore(round_, Withdrawn(**undone(request)), by=request.user)
    messages.success(request, _("%(party)s is asked again, with its answers.") % {"party": name_of(row)})
    return redirect(back)

"""The page of deputies: who takes care of a municipality's tasks for a time, who is to, and who did."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from municipalities import limits, timewords
from municipalities.access import CountyRequest
from municipalities.deputies import appointing
from municipalities.deputies.forms import DeputyForm
from municipalities.models import Membership
from municipalities.moves import NotAllowedNow
from municipalities.tables import Choice, Column, Kind, Search, Table
from municipalities.views.editing import edit
from municipalities.views.moving import leading_back
from municipalities.views.undoing import offer_undo, undo_offered, undone

# Each makes an account or sends a letter, to an address that somebody types.
NAMED, WRITTEN = "20/h/user", "20/h/user"
STANDINGS = (("0", gettext_lazy("at present")), ("1", gettext_lazy("coming")), ("2", gettext_lazy("ended")))
TONES = ("done", "waiting", "ended")


def days_words(row: Membership) -> str:
    """Write a deputy's days."""
    if row.ends_on is None:
        return ""
    return timewords.days(row.starts_on or row.ends_on, row.ends_on)


COLUMNS: tuple[Column[Any], ...] = (
    Column("henkilo", gettext_lazy("Deputy"), lambda row: row.user.email.lower(), order="user__email"),
    Column("kunta", gettext_lazy("Municipality"), lambda row: str(row.municipality), order="municipality__area__order"),
    Column("alkaa", gettext_lazy("First day"), lambda row: row.starts_on, order="starts_on", kind=Kind.DAY),
    Column("paattyy", gettext_lazy("Last day"), lambda row: row.ends_on, order="ends_on", kind=Kind.DAY),
    Column(
        "tila",
        gettext_lazy("State"),
        lambda row: str(STANDINGS[row.standing][1]),
        order=("standing", "starts_on"),
        kind=Kind.STATE,
    ),
    Column("antaja", gettext_lazy("Named by"), lambda row: str(row.given_by or ""), order="given_by__name"),
)


def _drawn(rows: Any) -> list[Any]:
    """Tell the templates how a deputy's standing looks."""
    listed = list(rows)
    for row in listed:
        row.tone, row.standing_words = TONES[row.standing], STANDINGS[row.standing][1]
    return listed


@require_safe
def deputies(request: CountyRequest, county: str) -> HttpResponse:
    """List the deputies of one's own municipality; for the coordinator, of all."""
    request.access.require(request.access.names_deputies)
    table: Table[Any] = Table(
        request,
        appointing.deputies_of(request.access),
        COLUMNS,
        name=_("Deputies"),
        filters=(
            Search(by=("user__email", "municipality__area__name_fi", "municipality__area__name_sv")),
            Choice("tila", gettext_lazy("State"), STANDINGS, by="standing"),
        ),
        sort="tila",
        compose=_drawn,
    )
    if answer := table.file():
        return answer
    return render(request, "municipalities/deputies.html", {"table": table, "undo": undo_offered(request)})


@require_http_methods(["GET", "HEAD", "POST"])
def deputy_new(request: CountyRequest, county: str) -> HttpResponse:
    """Name a deputy. Whether the person has an account is not told by the answer."""
    request.access.require(request.access.names_deputies)
    back = reverse("deputies", args=[county])

    def save(form: DeputyForm) -> Membership:
        if not limits.count(request, "deputy_named", NAMED):
            raise ValidationError(_("You have named many deputies in a short time. Continue in an hour."))
        data = form.cleaned_data
        return appointing.appoint(
            data["municipality"], email=data["email"], name=data["name"], days=form.days, by=request.user
        )

    return edit(
        request,
        DeputyForm,
        save=save,
        title=_("Name a deputy"),
        back=back,
        done=lambda row: (
            _("%(email)s is now a deputy (%(days)s), and is written a letter about it.")
            % {"email": row.user.email.lower(), "days": days_words(row)}
        ),
        submit=_("Name the deputy"),
        context=lambda form: {"crumbs": [(back, _("Deputies"))], "lead": form.told},
    )


def _deputy(request: CountyRequest, pk: int) -> Membership:
    """Return a deputy whom the user may end; 403 for those who name none, 404 for another municipality's."""
    request.access.require(request.access.names_deputies)
    row: Membership = get_object_or_404(appointing.deputies_of(request.access), pk=pk)
    return row


@require_POST
def deputy_end(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """End a deputy's days now; it can be undone."""
    row, back = _deputy(request, pk), reverse("deputies", args=[county])
    with leading_back(back):
        values = appointing.end(row, by=request.user)
    words = _("The deputy's days were ended: %(email)s.") % {"email": row.user.email.lower()}
    offer_undo(request, words=words, url=reverse("deputy_restore", args=[county]), values=values)
    return redirect(back)


@require_POST
def deputy_restore(request: CountyRequest, county: str) -> HttpResponse:
    """Undo the ending of a deputy's days."""
    request.access.require(request.access.names_deputies)
    back = reverse("deputies", args=[county])
    with leading_back(back):
        values = undone(request)
        if not appointing.municipalities_of(request.access).filter(pk=values["municipality"]).exists():
            raise NotAllowedNow(_("This can be undone no more. Add it again by hand."))
        row = appointing.restore(request.county, values, by=request.user)
    messages.success(request, _("%(email)s is a deputy again.") % {"email": row.user.email.lower()})
    return redirect(back)


@require_POST
def deputy_letter(request: CountyRequest, county: str, pk: int) -> HttpResponse:
    """Send a deputy their letter again: it was lost, or its link for setting a password is too old."""
    row, back = _deputy(request, pk), reverse("deputies", args=[county])
    with leading_back(back):
        if not limits.count(request, "deputy_written", WRITTEN):
            raise NotAllowedNow(_("You have sent many letters in a short time. Continue in an hour."))
        appointing.write_again(row, by=request.user)
    messages.success(request, _("A letter is on its way to %(email)s.") % {"email": row.user.email.lower()})
    return redirect(back)

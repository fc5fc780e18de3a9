"""The pages of a checker of minutes: to read, to remark and to mark. The same behind a link and signed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from municipalities.access import typed_in
from municipalities.forms import Conflict
from municipalities.models import User
from municipalities.moves import NotAllowedNow
from negotiations.minutes import checking, reviewing, versions
from negotiations.minutes.review_forms import RemarkForm
from negotiations.minutes.reviewing import Overtaken, Place, Sheet
from negotiations.models import Minutes, MinutesCheck, MinutesRemark, MinutesVersion

# After something has been saved the page says so; with scripts off too, and without a cookie.
DONE = "tallennettu"
REMARKED, WITHDRAWN = "huomautus", "peruttu"

Show = Callable[[HttpRequest, str, Mapping[str, Any], int], HttpResponse]


@dataclass(frozen=True)
class Ways:
    """Where the pages of one checker are, how they are shown, and who acts (nobody known, behind a link)."""

    page: str
    remark: Callable[[Place], str]
    withdraw: Callable[[MinutesRemark], str]
    show: Show
    by: User | None = None
    # What is added to the addresses: for which of several parties one checks, in which language.
    query: str = ""

    def to(self, url: str, *, done: str = "", at: str = "") -> str:
        """Return an address with what is added to it."""
        added = "&".join(filter(None, [self.query, f"{DONE}={done}" if done else ""]))
        return url + (f"?{added}" if added else "") + (f"#{at}" if at else "")


# --- The page ---------------------------------------------------------------------------------------------------


def page(request: HttpRequest, check: MinutesCheck, ways: Ways) -> HttpResponse:
    """Show the minutes to a checker, and take their mark."""
    sheet = reviewing.read_sheet(check) if _waits(check) else None
    if sheet is None:
        return closed(request, check, ways, status=409 if request.method == "POST" else 200)
    if request.method == "POST":
        return _mark(request, sheet, ways)
    return _show(request, sheet, ways)


def _mark(request: HttpRequest, sheet: Sheet, ways: Ways) -> HttpResponse:
    seen = reviewing.version_of(sheet.check.minutes, request.POST.get("version", ""))
    if seen is None:
        # What was marked is not known: somebody has made it up, or the form has been cut.
        return _show(
            request, sheet, ways, refused=_("It is not known which version you read. Read this one."), status=422
        )
    try:
        checking.mark(sheet.check, by=ways.by, version=seen.number)
    except NotAllowedNow as refusal:
        fresh = MinutesCheck.objects.select_related("minutes").get(pk=sheet.check.pk)
        _keep_read(sheet.check, fresh)
        again = reviewing.read_sheet(fresh) if fresh.minutes.state == Minutes.State.CHECKING else None
        if again is None or fresh.outcome != MinutesCheck.Outcome.WAITING:
            return closed(request, fresh, ways, status=409)
        if again.version.number == seen.number:
            return _show(request, again, ways, refused=str(refusal), status=409)
        return _show(request, again, ways, overtaken=seen, status=409)
    return redirect(ways.to(ways.page))


def _keep_read(former: MinutesCheck, fresh: MinutesCheck) -> None:
    """Hand on what was read with a checker to the same one read anew."""
    fresh.party, fresh.county = former.party, former.county
    fresh.minutes.negotiation, fresh.minutes.county = former.minutes.negotiation, former.minutes.county
    fresh.minutes.part = former.minutes.part


def _show(
    request: HttpRequest,
    sheet: Sheet,
    ways: Ways,
    *,
    overtaken: MinutesVersion | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the page. `overtaken` is the version that was read and marked in vain; `refused` says what else is wrong."""
    check = sheet.check
    context = {
        "sheet": sheet,
        "doc": sheet.doc,
        "version": sheet.version,
        "overtaken": overtaken,
        "overtaken_changes": versions.difference(overtaken.content, sheet.version.content) if overtaken else [],
        "refused": refused,
        "done": request.GET.get(DONE, "") if request.method != "POST" else "",
        "form": None,
        "whole_url": ways.to(ways.remark(Place(reviewing.WHOLE))),
        **_of(check, ways),
    }
    return ways.show(request, "negotiations/minutes_check.html", context, status)


def _of(check: MinutesCheck, ways: Ways) -> dict[str, Any]:
    """Return what every page of a checker tells."""
    minutes = check.minutes
    county = minutes.county
    return {
        "check": check,
        "minutes": minutes,
        "negotiation": minutes.negotiation,
        "of_county": county,
        "is_late": minutes.check_by is not None and minutes.check_by < timezone.localdate(),
        "silence_counts": county.silence_is_checking,
        "ways": ways,
        "page_url": ways.to(ways.page),
    }


def closed(request: HttpRequest, check: MinutesCheck, ways: Ways, *, status: int = 200) -> HttpResponse:
    """Say how things stand where the minutes do not wait for this checker's mark, and give back what was typed."""
    is_marked = check.outcome != MinutesCheck.Outcome.WAITING
    sheet = reviewing.read_sheet(check) if is_marked else None
    context = {
        **_of(check, ways),
        "is_marked": is_marked,
        "sheet": sheet,
        "typed": typed_in(request),
    }
    return ways.show(request, "negotiations/minutes_check_closed.html", context, status)


# --- Remarks ----------------------------------------------------------------------------------------------------


def remark(request: HttpRequest, check: MinutesCheck, ways: Ways, key: str) -> HttpResponse:
    """Take a checker's remark on a place of the minutes. Raises Http404 where they have no such place."""
    if not _waits(check):
        return closed(request, check, ways, status=409 if request.method == "POST" else 200)
    place, version = Place.of(key), versions.latest(check.minutes)
    texts = reviewing.texts_at(version.content, place) if place and version else None
    if place is None or version is None or texts is None:
        raise Http404
    if request.method != "POST":
        return _form(request, check, ways, place, version, RemarkForm(seen=texts, number=version.number))
    seen = reviewing.version_of(check.minutes, request.POST.get("version", "")) or version
    before = reviewing.texts_at(seen.content, place)
    form = RemarkForm(request.POST, seen=texts if before is None else before, number=seen.number)
    if not form.is_valid():
        return _form(request, check, ways, place, seen, form, status=422)
    try:
        reviewing.say(check, place, form.sent, form.cleaned_data["comment"], seen=seen, by=ways.by)
    except Overtaken as late:
        return _overtaken(request, check, ways, place, form, late)
    except LookupError as gone:
        raise Http404 from gone
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return _form(request, check, ways, place, seen, form, status=422)
    except NotAllowedNow as refusal:
        check.refresh_from_db(fields=["outcome", "marked_on", "version"])
        check.minutes.refresh_from_db(fields=["state"])
        if not _waits(check):
            return closed(request, check, ways, status=409)
        form.add_error(None, str(refusal))
        return _form(request, check, ways, place, seen, form, status=409)
    return redirect(ways.to(ways.page, done=REMARKED, at=place.key))


def _waits(check: MinutesCheck) -> bool:
    return check.minutes.state == Minutes.State.CHECKING and check.outcome == MinutesCheck.Outcome.WAITING


def _overtaken(
    request: HttpRequest, check: MinutesCheck, ways: Ways, place: Place, form: RemarkForm, late: Overtaken
) -> HttpResponse:
    """Show both texts: what the checker wrote, and how the text reads now. Sent again, it is of the new version."""
    now = reviewing.texts_at(late.version.content, place) or {}
    data = request.POST.copy()
    data["version"] = str(late.version.number)
    for name, text in now.items():
        if name not in late.fields and form.sent.get(name) == form.seen.get(name):
            # Only the other has changed it: it is shown as it is now, or sending again would propose it back.
            data[name.value] = text
    again = RemarkForm(data, seen=now, number=late.version.number)
    again.is_valid()
    for name in late.fields:
        again.conflicts[name.value] = Conflict(now.get(name) or "–")
        again.add_error(
            name.value,
            _(
                "This text was changed while you wrote. How it reads now is below."
                " Write what it should be, and send again."
            ),
        )
    return _form(request, check, ways, place, late.version, again, status=409)


def _form(
    request: HttpRequest,
    check: MinutesCheck,
    ways: Ways,
    place: Place,
    version: MinutesVersion,
    form: RemarkForm,
    *,
    is_withdrawn: bool = False,
    status: int = 200,
) -> HttpResponse:
    doc = reviewing.read_document(check.minutes, version)
    context = {
        **_of(check, ways),
        "form": form,
        "doc": doc,
        "version": version,
        "place": place,
        "item": next((i for part in doc.parts for i in part.items if Place(reviewing.ITEM, i.id) == place), None),
        "part": next((part for part in doc.parts if Place(reviewing.PART, part.id) == place), None),
        "is_withdrawn": is_withdrawn,
        "action": ways.to(ways.remark(place)),
        "back": ways.to(ways.page, at=place.key),
    }
    return ways.show(request, "negotiations/minutes_check_remark.html", context, status)


def withdraw(request: HttpRequest, check: MinutesCheck, ways: Ways, pk: int) -> HttpResponse:
    """Take back a remark of the checker's that is open. Its words are shown in the form, to be mended and sent again.

    Raises Http404 for a remark that is not theirs.
    """
    found = reviewing.own_remark(check, pk)
    if found is None:
        raise Http404
    place = reviewing.place_of(found)
    if not _waits(check):
        return closed(request, check, ways, status=409)
    try:
        reviewing.withdraw(found, by=ways.by)
    except NotAllowedNow:
        # Decided by a moment before: the page tells how.
        return redirect(ways.to(ways.page, at=place.key))
    version = versions.latest(check.minutes)
    texts = reviewing.texts_at(version.content, place) if version else None
    if version is None or texts is None:
        return redirect(ways.to(ways.page, done=WITHDRAWN, at=place.key))
    said = {"comment": found.text} | ({found.field: found.proposed} if found.proposed is not None else {})
    form = RemarkForm(initial=said, seen=texts, number=version.number)
    return _form(request, check, ways, place, version, form, is_withdrawn=True)

"""The page on which something is made or edited: shown, refused with what to mend, or saved whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import IntegrityError, models, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from municipalities.access import CountyRequest, typed_in
from municipalities.moves import NotAllowedNow, locked


class MakeForm(Protocol):
    """Makes the form: of nothing, or of what was sent; on a row, or on none."""

    def __call__(self, *args: Any, **kwargs: Any) -> forms.BaseForm:
        """Return the form."""


def edit(
    request: CountyRequest,
    form_class: MakeForm,
    *,
    save: Callable[[Any], object],
    title: str,
    back: str,
    done: str | Callable[[Any], str],
    then: str | Callable[[Any], str] = "",
    row: models.Model | None = None,
    under: models.Model | None = None,
    template: str = "parts/edit_page.html",
    context: Mapping[str, Any] | Callable[[Any], Mapping[str, Any]] | None = None,
    submit: str = "",
    **form_options: Any,
) -> HttpResponse:
    """Show a form, or save what was sent: all of it or nothing.

    `save` is given the valid form, inside the transaction, with the row locked; what it returns is given to `done`
    (the message) and to `then` (the address to go to, `back` by default). `under` is what the row is part of, where
    other moves lock that before the row: so it is here, too. A row given is edited: two people's edits are put side by
    side (see EditForm). What cannot be accepted is shown again with 422; what clashes with another's edit, or cannot be
    done any more because things have moved on, with 409: nothing typed is lost. A ValidationError of a rule is shown as
    the form's own. A row that somebody has removed meanwhile is answered 404, on a page that gives back what was typed
    (see CountyMiddleware).
    """
    options = {"access": request.access, **form_options}
    status = 200
    if request.method == "POST":
        try:
            with transaction.atomic():
                if under is not None:
                    _locked(under)
                if row is not None:
                    options["instance"] = _locked(row)
                form = form_class(request.POST, request.FILES or None, **options)
                if form.is_valid():
                    saved = save(form)
                    messages.success(request, done(saved) if callable(done) else done)
                    return redirect((then(saved) if callable(then) else then) or back)
                status = 409 if getattr(form, "conflicts", None) else 422
        except ValidationError as refusal:
            # A rule has found what the form could not see.
            form.add_error(None, refusal)
            status = 422
        except NotAllowedNow as refusal:
            kept = _("Nothing was saved. What you wrote is still on this page: copy what you need before you leave.")
            form.add_error(None, f"{refusal} {kept if typed_in(request) else _('Nothing was changed.')}")
            status = 409
        except IntegrityError:
            # Somebody was faster by a moment: the form that follows looks at the rows again and says what is wrong.
            if row is not None:
                options["instance"] = _locked(row, lock=False)
            form = form_class(request.POST, request.FILES or None, **options)
            form.is_valid()
            form.add_error(None, _("Somebody else saved something at the same moment. Check the page and save again."))
            status = 409
    else:
        if row is not None:
            options["instance"] = row
        form = form_class(**options)
    more = context(form) if callable(context) else context
    page = {"form": form, "title": title, "back": back, "submit": submit or _("Save"), **(more or {})}
    return render(request, template, page, status=status)


def _locked(row: models.Model, *, lock: bool = True) -> models.Model:
    try:
        # Whatever removes the row locks it anew.
        return locked(row, stays=True) if lock else type(row)._default_manager.get(pk=row.pk)
    except ObjectDoesNotExist as gone:
        raise Http404 from gone

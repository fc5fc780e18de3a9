"""What is asked while minutes are checked, signed and corrected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from municipalities.forms import Conflict, CountyForm, DayField, EditForm, SharedForm, digest_of
from negotiations.minutes import signing
from negotiations.minutes.differences import plain
from negotiations.models import CorrectionEntry, Minutes, MinutesRemark, MinutesSignature, MinutesVersion
from negotiations.sitting.live_writing import LONGEST

Kind = MinutesVersion.Kind
Way = MinutesSignature.Way
WRONG_DAY = gettext_lazy("Give the day as day.month.year, for example 26.9.2024.")
# As long as what can be written in the sitting: what is there can be mended.
MOST_WORDS = LONGEST

KINDS = (
    (Kind.TYPO.value, gettext_lazy("A typo: the marks that have been made stay")),
    (Kind.MATTER.value, gettext_lazy("A matter: the marks are void, and everyone checks the minutes anew")),
)


def _text(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class KindField(forms.ChoiceField):
    """Whether what is mended is a typo or a matter. Nothing is chosen beforehand: whoever mends it says so."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("What do you mend?"),
            choices=KINDS,
            widget=forms.RadioSelect,
            error_messages={
                "required": gettext_lazy("Say whether you mend a typo or a matter."),
                "invalid_choice": gettext_lazy("Say whether you mend a typo or a matter."),
            },
            **kwargs,
        )


class AmendForm(SharedForm):
    """Texts of the latest version, to be mended, with what kind of change it is and why."""

    texts: ClassVar[Mapping[str, tuple[Any, int]]] = {}

    kind = KindField()
    reason = forms.CharField(
        label=gettext_lazy("What was changed and why"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("The checkers see it beside the change, and it stays in the log."),
        widget=_text(2),
    )

    def __init__(self, *args: Any, now: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, initial=dict(now), **kwargs)
        own = {
            name: forms.CharField(label=label, required=False, max_length=MOST_WORDS, widget=_text(rows))
            for name, (label, rows) in self.texts.items()
        }
        if "title" in own:
            own["title"] = forms.CharField(
                label=self.texts["title"][0],
                max_length=200,
                error_messages={"required": _("An item has a title. Give it.")},
            )
        self.fields = {**own, **self.fields}
        self.carry_along()

    @property
    def mended(self) -> dict[str, str]:
        """The texts as they were sent."""
        return {name: plain(self.cleaned_data[name]) for name in self.texts}


class AmendItemForm(AmendForm):
    """The texts of an item."""

    texts: ClassVar[Mapping[str, tuple[Any, int]]] = {
        "title": (gettext_lazy("Matter"), 1),
        "background": (gettext_lazy("Background"), 4),
        "discussion": (gettext_lazy("Discussion"), 8),
        "agreed": (gettext_lazy("What was agreed"), 5),
        "dissent": (gettext_lazy("Dissent"), 2),
    }


class AmendPartForm(AmendForm):
    """How a part was opened and closed, in words."""

    texts: ClassVar[Mapping[str, tuple[Any, int]]] = {
        "opening": (gettext_lazy("How the part was opened"), 3),
        "closing": (gettext_lazy("How the part was closed"), 3),
    }


class DecisionForm(CountyForm):
    """What is decided on a checker's remark."""

    REJECT = "reject"
    ACCEPT = "accept"

    decision = forms.ChoiceField(
        label=gettext_lazy("Your decision"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose whether you accept the remark or reject it."),
            "invalid_choice": gettext_lazy("Choose whether you accept the remark or reject it."),
        },
    )
    wording = forms.CharField(
        label=gettext_lazy("How the text is to be"),
        required=False,
        max_length=MOST_WORDS,
        help_text=gettext_lazy("You can accept other words than those proposed. The rejected remark changes nothing."),
        widget=_text(6),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason, or your answer"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Needed when you reject. The checker reads it."),
        widget=_text(3),
    )
    # How the text was when the page was shown: what is accepted was weighed against that.
    read = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, remark: MinutesRemark, minutes: Minutes, now: str, **kwargs: Any) -> None:
        self.remark, self.now = remark, now
        wording = remark.proposed if remark.proposed is not None else now
        super().__init__(*args, initial={"wording": wording, "read": digest_of(now)}, **kwargs)
        self.is_draft = minutes.state == Minutes.State.DRAFT
        if not remark.field:
            del self.fields["wording"]
        choices: list[tuple[str, Any]] = [(self.ACCEPT, _("Accept"))]
        if remark.field and not self.is_draft:
            choices = [
                (Kind.TYPO.value, _("Accept as a typo mended: the marks that have been made stay")),
                (Kind.MATTER.value, _("Accept as a change of matter: the marks are void")),
            ]
            # A comment, or words that the text has been given meanwhile.
            if remark.proposed is None or plain(remark.proposed) == now:
                choices.append((self.ACCEPT, _("Accept without changing the text")))
        elif not remark.field:
            choices = [(self.ACCEPT, _("Accept: it has been taken into account"))]
        decision: Any = self.fields["decision"]
        decision.choices = [*choices, (self.REJECT, _("Reject"))]

    def clean(self) -> dict[str, Any]:
        """Ask for a reason where it is rejected, and for a change where the text is to be changed."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        decision = cleaned.get("decision")
        if decision == self.REJECT and not cleaned.get("reason", "").strip() and "reason" not in self.errors:
            self.add_error("reason", _("Give the reason why the remark is rejected: the checker reads it."))
        if decision in {Kind.TYPO.value, Kind.MATTER.value} and plain(cleaned.get("wording", "")) == self.now:
            self.add_error("wording", _("The text is as it was. Write how it is to be, or choose otherwise."))
        elif decision in self._of_wording and "wording" in self.fields:
            self._require_read(cleaned)
        return cleaned

    @property
    def _of_wording(self) -> set[str]:
        """The decisions by which the text becomes as the form says."""
        return {Kind.TYPO.value, Kind.MATTER.value, *([self.ACCEPT] if self.is_draft else [])}

    def _require_read(self, cleaned: Mapping[str, Any]) -> None:
        """Put both texts side by side where the text was changed after the page was shown; sent again, it is saved."""
        read = cleaned.get("read")
        if not read or read == digest_of(self.now) or plain(cleaned.get("wording", "")) == self.now:
            return
        self.conflicts["wording"] = Conflict(self.now or "–")
        self.add_error(
            "wording",
            _(
                "Somebody else has changed this meanwhile. Their version is below."
                " Write what is to stay, and save again."
            ),
        )
        data = cast(QueryDict, self.data).copy()
        data["read"] = digest_of(self.now)
        self.data = data

    @property
    def kind(self) -> MinutesVersion.Kind | None:
        """Which kind of a version is made; none where no text is changed, and in a draft."""
        decision = self.cleaned_data["decision"]
        return Kind(decision) if decision in {Kind.TYPO.value, Kind.MATTER.value} else None

    @property
    def wording_accepted(self) -> str | None:
        """How the text is to be; as it is now where it is not to be changed; nothing of a remark on no text."""
        if "wording" not in self.fields:
            return None
        return self.now if not self.is_draft and self.kind is None else plain(self.cleaned_data["wording"])


class ReplaceCheckerForm(CountyForm):
    """Who checks instead of a checker, and why."""

    name = forms.CharField(label=gettext_lazy("New checker's name"), required=False, max_length=150)
    role = forms.CharField(
        label=gettext_lazy("New checker's role"),
        required=False,
        max_length=150,
        help_text=gettext_lazy("The name or the role is enough."),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        help_text=gettext_lazy("A personal link for checking is sent there. It can be left empty."),
        error_messages={"invalid": gettext_lazy("Give the e-mail address as name@example.fi.")},
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        help_text=gettext_lazy("For example: the former checker has changed posts."),
        error_messages={"required": gettext_lazy("Give the reason why the checker is replaced.")},
        widget=_text(2),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for a name or a role."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("name") and not cleaned.get("role") and not {"name", "role"} & set(self.errors):
            self.add_error("name", _("Give the name or the role of the new checker."))
        return cleaned


class SignForm(CountyForm):
    """How and when a signature was given."""

    way = forms.ChoiceField(
        label=gettext_lazy("How was it given?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose how the signature was given."),
            "invalid_choice": gettext_lazy("Choose how the signature was given."),
        },
    )
    signed_on = DayField(
        label=gettext_lazy("Day of signing"), missing=gettext_lazy("Give the day of signing."), wrong=WRONG_DAY
    )

    def __init__(self, *args: Any, is_own: bool, may_enter: bool, first_day: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"signed_on": timezone.localdate()}, **kwargs)
        self.first_day = first_day
        way: Any = self.fields["way"]
        way.choices = [
            *([(Way.HERE.value, _("I sign here myself"))] if is_own else []),
            *([(Way.PAPER.value, _("On paper")), (Way.ELSEWHERE.value, _("In another system"))] if may_enter else []),
        ]
        if not may_enter:
            # Whoever signs here signs now.
            del self.fields["signed_on"]
            self.initial["way"] = Way.HERE.value

    def clean_signed_on(self) -> date:
        """Refuse a day that is still to come, or before the negotiation."""
        day: date = self.cleaned_data["signed_on"]
        if day > timezone.localdate():
            raise ValidationError(_("The day of signing is still to come. Enter the signature once it has been given."))
        if day < self.first_day:
            raise ValidationError(_("The day of signing is before the negotiation. Correct it."))
        return day

    @property
    def day(self) -> date | None:
        """The day of signing; none: today."""
        return None if self.cleaned_data["way"] == Way.HERE.value else self.cleaned_data.get("signed_on")


class SignerForm(EditForm):
    """Who signs as the chair or the secretary, and where the link is sent."""

    class Meta:
        model = MinutesSignature
        fields = ("name", "email")
        labels: ClassVar[dict[str, Any]] = {
            "name": gettext_lazy("Name of the one who signs"),
            "email": gettext_lazy("E-mail"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "email": gettext_lazy("A personal link for signing is sent there once the minutes have been checked.")
        }


class EntryForm(EditForm):
    """One correction of checked minutes."""

    constraint_messages: ClassVar[dict[str, tuple[str | None, Any]]] = {
        "correction_entry_changes": (
            "now",
            gettext_lazy("The text is as it was. Write how it is to be read."),
        ),
    }

    class Meta:
        model = CorrectionEntry
        fields = ("place", "was", "now", "reason")
        labels: ClassVar[dict[str, Any]] = {
            "place": gettext_lazy("Where in the minutes"),
            "was": gettext_lazy("What is read there"),
            "now": gettext_lazy("What is to be read"),
            "reason": gettext_lazy("Reason"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "place": gettext_lazy("For example: 3 § Services for the young, what was agreed."),
            "was": gettext_lazy("Leave this empty where something was left out and is added."),
            "now": gettext_lazy("Leave this empty where something is left out."),
        }
        widgets: ClassVar[dict[str, Any]] = {"was": _text(4), "now": _text(4), "reason": _text(2)}


ROLE_OF = {"puheenjohtaja": signing.Role.CHAIR, "sihteeri": signing.Role.SECRETARY}
CODE_OF = {role: code for code, role in ROLE_OF.items()}

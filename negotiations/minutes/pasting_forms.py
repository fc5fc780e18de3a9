"""What is asked of minutes written elsewhere: the text, and then where each of its pieces goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from municipalities.access import Access
from municipalities.forms import CountyForm
from municipalities.models import County
from negotiations.minutes.pasted_text import MOST_TITLE, Kind, Piece, Text, read
from negotiations.minutes.pasted_word import MOST_BYTES, text_of
from negotiations.minutes.pasting import MOST_PIECES, OUT, PartThere, Place, Placed, propose

# Some hundred pages.
LONGEST_TEXT = 300_000
# What of a piece is shown before it is opened.
BEGINNING = 160

TEXT_NAMES = {
    Text.BACKGROUND: gettext_lazy("Background"),
    Text.DISCUSSION: gettext_lazy("Discussion"),
    Text.AGREED: gettext_lazy("What was agreed"),
    Text.DISSENT: gettext_lazy("Dissent"),
}


class PasteMinutesForm(CountyForm):
    """Minutes written elsewhere: pasted, or a Word file."""

    text = forms.CharField(
        label=gettext_lazy("Text of the minutes"),
        required=False,
        strip=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 16, "data-paste": ""}),
        help_text=gettext_lazy(
            "Paste from Word or write. A line that begins with # is a heading and becomes an item. Under it,"
            " “Keskustelu”, “Sovittu” and “Eriävä mielipide” alone on a line begin those texts."
        ),
        error_messages={"max_length": gettext_lazy("The text is too long. Paste it in parts.")},
    )
    file = forms.FileField(
        label=gettext_lazy("Or a Word file (.docx)"),
        required=False,
        help_text=gettext_lazy("At most 5 MB. The headings of the file become items. The file is not kept."),
        widget=forms.FileInput(attrs={"accept": ".docx"}),
        error_messages={"empty": gettext_lazy("The file is empty. Choose another one.")},
    )

    def clean_file(self) -> str:
        """Read the text of the file."""
        upload = self.cleaned_data.get("file")
        if not upload:
            return ""
        if upload.size > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 5 MB. Take the pictures out of it, or paste the text.")
            )
        text = text_of(upload.read())
        if len(text) > LONGEST_TEXT:
            raise forms.ValidationError(_("There is too much text in the file. Paste it in parts."))
        return text

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two, and divide the text into its pieces."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        text, of_file = cleaned.get("text", ""), cleaned.get("file", "")
        if text.strip() and of_file:
            self.add_error("file", _("Give the text or the file, not both."))
        elif not text.strip() and not of_file:
            self.add_error("text", _("Paste the text, or choose a Word file."))
        else:
            cleaned["minutes"] = of_file or text
            pieces = len(read(cleaned["minutes"]))
            if pieces > MOST_PIECES:
                self.add_error(
                    "file" if of_file else "text",
                    _("There are %(count)s headings. At most %(most)s can be taken in at a time.")
                    % {"count": pieces, "most": MOST_PIECES},
                )
        return cleaned


@dataclass(frozen=True)
class PieceShown:
    """A piece in the preview: what it is, its words, and its fields."""

    number: int
    piece: Piece
    beginning: str
    texts: Sequence[tuple[str, str]]
    place: forms.BoundField
    title: forms.BoundField


class PiecesForm(CountyForm):
    """Where each piece goes, and what the new items are called."""

    text = forms.CharField(widget=forms.HiddenInput, strip=False, max_length=LONGEST_TEXT)

    def __init__(self, *args: Any, access: Access, parts: Sequence[PartThere], text: str, **kwargs: Any) -> None:
        super().__init__(*args, access=access, **kwargs)
        self.initial["text"] = text
        self.parts = parts
        self.pieces = read(text)[:MOST_PIECES]
        choices = self._choices()
        for number, (piece, place) in enumerate(zip(self.pieces, propose(self.pieces, parts), strict=True)):
            name = piece.title or _("Before the first heading")
            self.fields[f"p{number}_place"] = forms.ChoiceField(
                label=_("Where it goes: %(name)s") % {"name": name},
                choices=choices,
                initial=place.key if place else OUT,
                error_messages={
                    "required": _("Choose where the piece goes."),
                    "invalid_choice": _("The agenda has been changed meanwhile. Choose where the piece goes."),
                },
            )
            self.fields[f"p{number}_title"] = forms.CharField(
                label=_("Title as a new item: %(name)s") % {"name": name},
                max_length=MOST_TITLE,
                required=False,
                initial=piece.title if piece.kind == Kind.ITEM else "",
                error_messages={"max_length": _("Give at most %(limit_value)d characters.")},
            )

    def _choices(self) -> list[Any]:
        numbering = County.Numbering(self.access.county.item_numbering)
        several = len(self.parts) > 1
        groups: list[Any] = [(OUT, _("Leave out"))]
        for part in self.parts:
            # The part is told in each choice: what is chosen is seen without the list around it.
            of = f", {part.sections}" if several else ""
            items = [(f"item-{pk}", f"{numbering.of(position)} {title}{of}") for pk, position, title in part.items]
            of_part = [
                (f"opening-{part.pk}", _("Opening") + of),
                *items,
                (f"new-{part.pk}", _("A new item") + of),
                (f"closing-{part.pk}", _("Closing") + of),
            ]
            groups += [(part.sections, of_part)] if several else of_part
        return groups

    @property
    def shown(self) -> list[PieceShown]:
        """The pieces with their fields, as the preview shows them."""
        return [
            PieceShown(
                number,
                piece,
                _beginning(piece),
                [
                    (str(TEXT_NAMES[text]) if piece.kind == Kind.ITEM else "", words)
                    for text, words in piece.texts.items()
                ],
                self[f"p{number}_place"],
                self[f"p{number}_title"],
            )
            for number, piece in enumerate(self.pieces)
        ]

    def clean(self) -> dict[str, Any]:
        """Ask for the title of a new item, and refuse to leave everything out."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for number, piece in enumerate(self.pieces):
            is_new = str(cleaned.get(f"p{number}_place", "")).startswith("new-")
            if is_new and not cleaned.get(f"p{number}_title") and f"p{number}_title" not in self.errors:
                if piece.kind == Kind.ITEM and piece.title:
                    cleaned[f"p{number}_title"] = piece.title
                else:
                    self.add_error(f"p{number}_title", _("Give the new item a title."))
        if not self.errors and all(one.place is None for one in self.placed()):
            self.add_error(None, _("Everything is left out. Choose where at least one piece goes."))
        return cleaned

    def placed(self) -> list[Placed]:
        """Return the pieces with where they go."""
        return [
            Placed(piece, _place(self.cleaned_data[f"p{number}_place"]), self.cleaned_data[f"p{number}_title"])
            for number, piece in enumerate(self.pieces)
        ]


def _place(key: str) -> Place | None:
    if key == OUT:
        return None
    what, _sep, pk = key.partition("-")
    return Place(what, int(pk))


def _beginning(piece: Piece) -> str:
    words = " ".join(piece.text.split())
    return words if len(words) <= BEGINNING else words[:BEGINNING].rsplit(" ", 1)[0] + " …"


def counted_words(new: int, texts: int, left_out: int) -> str:
    """Say what came of taking minutes in."""
    told = []
    if new:
        told.append(ngettext("%(count)s new item", "%(count)s new items", new) % {"count": new})
    if texts:
        told.append(
            ngettext("%(count)s text in what was there", "%(count)s texts in what was there", texts) % {"count": texts}
        )
    if left_out:
        told.append(ngettext("%(count)s piece left out", "%(count)s pieces left out", left_out) % {"count": left_out})
    return _("The minutes were taken in: %(told)s.") % {"told": ", ".join(told)}

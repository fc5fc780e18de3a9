"""Searching a county: what a user may know of, by words, grouped by what it is. As many queries whatever is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When, Window
from django.db.models.functions import Coalesce, Concat
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from indicators.models import alphabetical
from municipalities import timewords
from municipalities.access import Access
from municipalities.documents import visible_documents
from municipalities.models import Municipality, Organisation, Person
from municipalities.searching import Asked, cleaned, is_marked, marked
from negotiations.followup.agreed import listed, origin_url
from negotiations.models import AgendaItem, Attendance, Negotiation, Observation
from negotiations.permissions import can_edit, is_told, visible_negotiations, visible_rounds
from negotiations.templatetags.negotiating import when

# Of each kind; the rest is told by its number.
SHOWN = 20
# What of an agenda item is searched, as its indexes have it.
ITEM_TEXTS = ("title", "discussion", "agreed")


@dataclass(frozen=True)
class Hit:
    """Something that was found: its name with what was found marked, where it is, and the piece of text around it."""

    title: SafeString
    # Empty for what has no page of its own.
    url: str
    detail: str = ""
    piece: SafeString | None = None
    # Of the text of the row itself, which need not be the language of the page.
    language: str = ""


@dataclass(frozen=True)
class Group:
    """What was found of one kind: the first ones, and how many there are in all."""

    key: str
    name: str
    hits: tuple[Hit, ...]
    total: int

    @property
    def more(self) -> int:
        """How many were found beyond those shown."""
        return self.total - len(self.hits)


@dataclass(frozen=True)
class Found:
    """The answer to a question: the groups that have something, in a fixed order."""

    question: str
    groups: tuple[Group, ...] = ()
    # Whether there was anything to ask.
    is_asked: bool = False

    @property
    def total(self) -> int:
        """How many were found in all."""
        return sum(group.total for group in self.groups)


def search(access: Access, text: str) -> Found:
    """Return what the user may know of that has these words. Any text is fine. Inside the county's scope."""
    shown = cleaned(text)
    asked = Asked.of(text)
    if asked is None:
        return Found(shown)
    kinds: list[tuple[str, str, Callable[[Access, Asked], Iterator[tuple[Hit, int]]]]] = [
        ("municipalities", _("Municipalities"), _municipalities),
        ("rounds", _("Rounds"), _rounds),
        ("negotiations", _("Negotiations"), _negotiations),
        ("measures", _("Measures"), _measures),
        ("findings", _("Findings of the workshops"), _findings),
        ("participants", _("Participants"), _participants),
        ("documents", _("Documents"), _documents),
    ]
    if can_edit(access):  # the register of people is the coordinator's
        kinds += [("organisations", _("Organisations"), _organisations), ("people", _("People"), _people)]
    groups = []
    for key, name, find in kinds:
        found = list(find(access, asked))
        if found:
            groups.append(Group(key, name, tuple(hit for hit, _total in found), found[0][1]))
    return Found(shown, tuple(groups), is_asked=True)


def _first(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the first rows, each of which tells how many there are."""
    return rows.annotate(found_in_all=Window(Count("*")))[:SHOWN]


def _piece(text: str | None) -> SafeString | None:
    return marked(text) if text and is_marked(text) else None


def _rounds(access: Access, asked: Asked) -> Iterator[tuple[Hit, int]]:
    rows = (
        visible_rounds(access)
        .filter(asked.finds("name", "description", language="language"))
        .annotate(
            found_title=asked.highlighted("name", language="language", whole=True),
            found_piece=asked.highlighted("description", language="language"),
        )
        .order_by("-year", "-starts_on", "pk")
    )
    for row in _first(rows):
        yield (
            Hit(
                title=marked(row.found_title),
                url=reverse("round", args=[access.county.slug, row.pk]),
                detail=capfirst(timewords.span(row.starts_on, row.ends_on)),
                piece=_piece(row.found_piece),
                language=row.language,
            ),
            row.found_in_all,
        )


def negotiation_matches(asked: Asked) -> QuerySet[Negotiation]:
    """Return the negotiations whose title or purpose has the words."""
    rows: QuerySet[Negotiation] = Negotiation.objects.filter(asked.finds("title", "purpose", language="language"))
    return rows


def item_matches(asked: Asked) -> QuerySet[AgendaItem]:
    """Return the agenda items that have the words; their language is the negotiation's."""
    rows: QuerySet[AgendaItem] = AgendaItem.objects.filter(asked.may_find(*ITEM_TEXTS)).filter(
        asked.finds(*ITEM_TEXTS, language="part__negotiation__language")
    )
    return rows


def finding_matches(asked: Asked) -> QuerySet[Observation]:
    """Return the workshop findings that have the words; their language is the round's."""
    rows: QuerySet[Observation] = Observation.objects.filter(asked.may_find("text")).filter(
        asked.finds("text", language="column__theme__round__language")
    )
    return rows


def participant_matches(asked: Asked) -> QuerySet[Attendance]:
    """Return who took part or was invited, by name, role or organisation; those counted by number have none."""
    rows: QuerySet[Attendance] = Attendance.objects.filter(
        asked.finds_name("name", "role", "organisation_name"), is_head_count=False
    )
    return rows


def _negotiations(access: Access, asked: Asked) -> Iterator[tuple[Hit, int]]:
    # Before its minutes may be read, an item is found by its title alone: what was said and agreed is a draft.
    items = item_matches(asked).annotate(told=Case(When(is_told(access), then=True), default=False))
    items = items.filter(Q(told=True) | asked.finds("title", language="part__negotiation__language"))
    said = asked.highlighted(
        Case(
            When(Q(told=False) | Q(discussion="", agreed=""), then=F("title")),
            default=Concat("title", Value(": "), "discussion", Value(" "), "agreed", output_field=TextField()),
            output_field=TextField(),
        ),
        language="part__negotiation__language",
    )
    in_item = items.filter(part__negotiation=OuterRef("pk")).order_by("part__position", "position")
    rows = (
        visible_negotiations(access)
        .filter(
            pk__in=negotiation_matches(asked)
            .order_by()
            .values("pk")
            .union(items.order_by().values("part__negotiation"))
        )
        .annotate(
            found_title=asked.highlighted("title", language="language", whole=True),
            found_piece=asked.highlighted("purpose", language="language"),
            found_item=Subquery(in_item.annotate(said=said).values("said")[:1], output_field=TextField()),
        )
        .order_by("-earliest", "-starts_at", "pk")
    )
    for row in _first(rows):
        yield (
            Hit(
                title=marked(row.found_title),
                url=reverse("negotiation", args=[access.county.slug, row.pk]),
                detail=f"{capfirst(when(row))} · {row.get_state_display()}",
                piece=_piece(row.found_piece) or _piece(row.found_item),
                language=row.language,
            ),
            row.found_in_all,
        )


def _municipalities(access: Access, asked: Asked) -> Iterator[tuple[Hit, int]]:
    rows = (
        Municipality.objects.filter(county=access.county)
        .filter(asked.finds_name("area__name_fi", "area__name_sv"))
        .select_related("area")
        .annotate(
            found_fi=asked.highlighted("area__name_fi", whole=True),
            found_sv=asked.highlighted("area__name_sv", whole=True),
        )
        .order_by("area__order")
    )
    for row in _first(rows):
        shown = row.found_sv if row.area.name == row.area.name_sv else row.found_fi
        other = row.area.name_fi if row.area.name == row.area.name_sv else row.area.name_sv
        yield (
            Hit(
                title=marked(shown),
                url=reverse("municipality", args=[access.county.slug, row.area.code]),
                # Found by its name in the other language.
                detail="" if is_marked(shown) else other,
            ),
            row.found_in_all,
        )


def _measures(access: Access, asked: Asked) -> Iterator[tuple[Hit, int]]:
    # A measure is in the language of the negotiation, or of the round.
    language = {"spoken": Coalesce("negotiation__language", "round__language", output_field=CharField())}
    rows = (
        listed(access)
        .filter(asked.may_find("text", "responsible"))
        .alias(**language)
        .filter(asked.finds("text", "responsible", language="spoken"))
        .annotate(
            found_title=asked.highlighted("text", language="spoken", whole=True),
            found_piece=asked.highlighted("responsible", language="spoken", whole=True),
        )
        .order_by(F("due_on").desc(nulls_last=True), "pk")
    )
    for row in _first(rows):
        due = timewords.day(row.due_on, weekday=False) if row.due_on else row.due_text
        yield (
            Hit(
                title=marked(row.found_title),
                url=origin_url(access, row),
                detail=" · ".join(filter(None, (str(row.negotiation or row.round), due))),
                piece=marked(row.found_piece),
            ),
            row.found_in_all,
        )


def _findings(access: Access, asked: Asked) -> Iterator[tuple[Hit, int]]:
    # Of the whole round, or of a negotiation that the user may know of: as the page of the round's workshops has it.
    of_round = Q(negotiation=None, column__theme__round__in=visible_rounds(access))
    rows = (
        finding_matches(asked)
        .filter(of_round | Q(negotiation__in=visible_negotiations(access)))
        .select_related("column__theme__round", "negotiation")
        .annotate(found_title=asked.highlighted("text", language="column__theme__round__language", whole=True))
        .order_by("-column__theme__round__year", "column__theme__position", "column__position", "position", "pk")
    )
    for row in _first(rows):
        round_ = row.column.theme.round
        name, pk = ("negotiation_workshop", row.negotiation_id) if row.negotiation else ("round_workshops", round_.pk)
        yield (
            Hit(
                title=marked(row.found_title),
                url=f"{reverse(name, args=[access.county.slug, pk])}#havainto-{row.pk}",
                detail=f"{row.negotiation or round_} · {row.column.theme.name}",
                language=round_.language,
            ),
            row.found_in_all,
        )


def _participants(access: Access, asked: Asked) -> Iterator[tuple[Hit, int]]:
    rows = participant_matches(asked).filter(negotiation__in=visible_negotiations(access))
    if not can_edit(access):  # who was invited and not yet marked is the coordinator's
        rows = rows.exclude(status=Attendance.Status.INVITED)
    rows = (
        rows.select_related("negotiation")
        .annotate(
            # Somebody known only by role is told by it.
            found_title=asked.highlighted(Case(When(name="", then=F("role")), default=F("name")), whole=True),
            found_piece=asked.highlighted(Concat("role", Value(" "), "organisation_name"), whole=True),
        )
        .order_by("-negotiation__earliest", alphabetical("name"), "pk")
    )
    for row in _first(rows):
        yield (
            Hit(
                title=marked(row.found_title),
                url=reverse("negotiation_attendance", args=[access.county.slug, row.negotiation_id]),
                detail=f"{row.negotiation} · {capfirst(when(row.negotiation))}",
                piece=_piece(row.found_piece) if row.name else None,
            ),
            row.found_in_all,
        )


def _documents(access: Access, asked: Asked) -> Iterator[tuple[Hit, int]]:
    rows = (
        visible_documents(access)
        .filter(asked.finds("title", language="language"))
        .defer("context")
        .annotate(found_title=asked.highlighted("title", language="language", whole=True))
        .order_by("-queued_at", "pk")
    )
    for row in _first(rows):
        yield (
            Hit(
                title=marked(row.found_title),
                url=reverse("document", args=[access.county.slug, row.pk]),
                detail=f"{timewords.day(row.queued_at, weekday=False)} · {row.get_state_display()}",
                language=row.language,
            ),
            row.found_in_all,
        )


def _organisations(access: Access, asked: Asked) -> Iterator[tuple[Hit, int]]:
    rows = (
        Organisation.objects.filter(asked.finds_name("name"))
        .annotate(found_title=asked.highlighted("name", whole=True))
        .order_by(alphabetical("name"), "pk")
    )
    for row in _first(rows):
        url = reverse("organisation_edit", args=[access.county.slug, row.pk])
        yield Hit(marked(row.found_title), url, detail=capfirst(row.get_sector_display())), row.found_in_all


def _people(access: Access, asked: Asked) -> Iterator[tuple[Hit, int]]:
    rows = (
        Person.objects.filter(asked.finds_name("name", "role"))
        .select_related("municipality__area", "organisation")
        .annotate(found_title=asked.highlighted("name", whole=True), found_piece=asked.highlighted("role", whole=True))
        .order_by(alphabetical("name"), "pk")
    )
    for row in _first(rows):
        whose = str(row.municipality or row.organisation or row.get_sector_display())
        yield (
            Hit(
                marked(row.found_title),
                reverse("person_edit", args=[access.county.slug, row.pk]),
                detail=capfirst(whose),
                piece=marked(row.found_piece) if row.role else None,
            ),
            row.found_in_all,
        )

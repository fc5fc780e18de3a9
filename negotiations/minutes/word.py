"""Minutes as a Word file, to be worked on elsewhere: the same structure as on paper, in the language of the minutes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from docx.document import Document as WordDocument
from docx.shared import Pt

from municipalities import timewords, word
from municipalities.models import County
from negotiations.minutes.context import (
    AgreedMeasure,
    Enclosure,
    Item,
    MinutesContext,
    Participant,
    PartMinuted,
    SectorPresent,
)
from negotiations.minutes.words import (
    act_of,
    enclosed,
    measure_state,
    negotiation_of,
    place_of_item,
    presence_words,
    signer_word,
    signers,
    way_word,
)
from negotiations.models import Minutes, MinutesCheck, Negotiation

MARK_WIDTHS = (6.5, 2.8, 2.4, 1.6)


def minutes_docx(context: MinutesContext, *, title: str, colour: str) -> bytes:
    """Return minutes as a Word file, its headings in the county's colour, given as #rrggbb.

    A draft says on each page that it is one. What of the minutes is told is for the caller: see publicity.public_of.
    """
    with translation.override(context.language):
        document = word.begin(title=title, author=context.county, language=context.language, colour=colour)
        is_draft = context.state in {Minutes.State.DRAFT, Minutes.State.CHECKING}
        _running(document, title, is_draft=is_draft)
        _head(document, context, is_draft=is_draft)
        if context.corrects is not None:
            _corrections(document, context)
        else:
            _present(document, context)
            for number, part in enumerate(context.parts, start=1):
                _part(document, context, part, number)
            if context.further_measures:
                document.add_heading(_("Other measures agreed"), 2)
                _measures(document, context.further_measures)
            _findings(document, context)
        _enclosures(document, context)
        _end(document, context)
    return word.saved(document)


def _running(document: WordDocument, title: str, *, is_draft: bool) -> None:
    """Put the title, and whether it is a draft, on the top of each page, and the number of the page below."""
    section = document.sections[0]
    top = section.header.paragraphs[0]
    if is_draft:
        top.add_run(f"{_('DRAFT')} · ").bold = True
    top.add_run(word.clean(title))
    bottom = section.footer.paragraphs[0]
    bottom.add_run(_("Page") + " ")
    word.add_field(bottom, "PAGE")
    bottom.add_run(" / ")
    word.add_field(bottom, "NUMPAGES")
    for paragraph in (top, bottom):
        for run in paragraph.runs:
            run.font.size = Pt(9)


def _head(document: WordDocument, context: MinutesContext, *, is_draft: bool) -> None:
    heading = _("Correction: %(name)s") % {"name": context.name} if context.corrects else context.name
    document.add_heading(word.clean(heading), 1)
    _paragraph(document, context.subject)
    if is_draft:
        _labelled(document, _("DRAFT"), _("Not public. The content may still change."))
    if context.is_public_variant:
        _labelled(
            document,
            _("Public variant"),
            _("What is not public has been left out. Its number and the ground in law are told in its place."),
        )
    mode = str(Negotiation.Mode(context.mode).label) if context.mode else ""
    for label, text in (
        (_("Case number"), context.case_number),
        (_("Time"), _when(context)),
        (_("Place"), ", ".join(filter(None, [context.place, mode]))),
        (
            _("Legal basis"),
            "\n".join(f"{act_of(part.legal_basis)}, {part.sections}" for part in context.parts),
        ),
        (_("Parties"), ", ".join(context.parties_present)),
        (_("Round"), context.round_name),
        (_("Convener"), context.convener),
        (_("Chair"), context.chair),
        (_("Secretary"), context.secretary),
    ):
        if text:
            _labelled(document, label, text)


def _when(context: MinutesContext) -> str:
    if context.starts_at and context.ends_at:
        day = timewords.day(context.starts_at, weekday=False)
        return f"{day} {timewords.hours(context.starts_at, context.ends_at)}"
    if context.precision == Negotiation.Precision.MONTH:
        return timewords.months(context.earliest, context.latest)
    return timewords.days(context.earliest, context.latest)


# --- The sitting ------------------------------------------------------------------------------------------------


def _present(document: WordDocument, context: MinutesContext) -> None:
    if context.is_one_of_two:
        _paragraph(
            document,
            _("Both duties were dealt with in the same sitting, apart from each other. Each has minutes of its own."),
        )
    document.add_heading(_("Participants"), 2)
    if not context.present:
        _paragraph(document, _("The participants have not been recorded."))
    for sector in context.present:
        document.add_heading(f"{sector.name}: {sector.total}", 3)
        for line in _of_sector(sector):
            word.add_item(document, "", line)
    if context.present:
        remote = f", {_('of whom remotely')} {context.remote_total}" if context.remote_total else ""
        _paragraph(document, f"{_('Present in all')} {context.present_total}{remote}")
    absent = [
        *(_("%(party)s: the party did not take part") % {"party": party} for party in context.stayed_away),
        *(_person(person) for person in context.absent),
    ]
    for heading, lines in (
        (_("Invited and absent"), absent),
        (_("Invited, presence not recorded"), [_person(person) for person in context.not_recorded]),
    ):
        if lines:
            document.add_heading(heading, 3)
            for line in lines:
                word.add_item(document, "", line)


def _of_sector(sector: SectorPresent) -> Iterator[str]:
    for person in sector.people:
        yield _person(person)
    if sector.head_count:
        yield ngettext(
            "%(people)s person was counted without a name.",
            "%(people)s people were counted without their names.",
            sector.head_count,
        ) % {"people": sector.head_count}


def _person(person: Participant) -> str:
    """Say who somebody is, and how they took part."""
    told = [person.name, person.role, person.organisation]
    if person.substitutes:
        told.append(_("as the substitute of %(name)s") % {"name": person.substitutes})
    if person.is_walk_in:
        told.append(_("came without an invitation"))
    if person.is_remote:
        told.append(_("remotely"))
    return ", ".join(filter(None, told))


def _part(document: WordDocument, context: MinutesContext, part: PartMinuted, number: int) -> None:
    before = f"{_('Part %(number)s') % {'number': number}}: " if len(context.parts) > 1 else ""
    document.add_heading(word.clean(f"{before}{negotiation_of(part.legal_basis)}"), 2)
    _paragraph(document, f"{act_of(part.legal_basis)}, {part.sections}")
    if not part.dealt_with:
        _paragraph(
            document,
            _("This part was not dealt with. The duty it concerns has not been discharged by this sitting."),
        )
    if part.opening or part.opened_at:
        _labelled(document, _("Opening"), _at(part.opened_at, part.opening))
    if part.presence is not None:
        _labelled(document, _("Presence"), presence_words(part.presence))
    for item in part.items:
        _item(document, context, item)
    if part.closing or part.closed_at:
        _labelled(document, _("Closing"), _at(part.closed_at, part.closing))


def _at(moment: datetime | None, text: str) -> str:
    return " ".join(filter(None, [f"{capfirst(timewords.at_clock(moment))}." if moment else "", text]))


def _item(document: WordDocument, context: MinutesContext, item: Item) -> None:
    number = County.Numbering(context.numbering).of(item.number)
    title = _("The item is not public") if item.is_withheld else item.title
    document.add_heading(word.clean(f"{number} {title}"), 3)
    for label, text in (
        (_("Not public"), item.secrecy_ground),
        (_("Presenter"), item.presenter),
        (_("Background"), item.background),
        (_("Indicators"), ", ".join(item.indicators)),
    ):
        if text:
            _labelled(document, label, text)
    if item.followed:
        _labelled(document, _("Agreed earlier"), _("What we promised – what happened"))
        for measure in item.followed:
            agreed = f"{_('agreed')} {_day(measure.agreed_on)}" if measure.agreed_on else ""
            state = measure_state(measure.state) if measure.state else _("nothing was told of it")
            told = ": ".join(filter(None, [state, measure.note]))
            word.add_item(
                document, "", f"{measure.text}\n{' · '.join(filter(None, [measure.responsible, agreed]))}\n{told}"
            )
    if item.discussion:
        _labelled(document, _("Discussion"), item.discussion)
    if item.agreed:
        _labelled(document, _("It was agreed"), item.agreed)
    if item.measures:
        _labelled(document, _("Measures"), "")
        _measures(document, item.measures)
    if item.dissent:
        _labelled(document, _("Dissent"), item.dissent)
    if item.is_deferred:
        _paragraph(document, _("The item was deferred to the next negotiation."))
    enclosures = enclosed(context, item.id)
    if enclosures:
        _labelled(document, _("Attachments"), "\n".join(map(_enclosure, enclosures)))
    if not item.is_minuted and not item.is_withheld:
        _paragraph(document, _("Nothing has been entered."))


def _measures(document: WordDocument, measures: Iterable[AgreedMeasure]) -> None:
    for measure in measures:
        due = measure.due_text or (_day(measure.due_on) if measure.due_on else _("no deadline"))
        followed = f"{_('followed by')}: {measure.indicator}" if measure.indicator else ""
        terms = " · ".join(filter(None, [measure.responsible, due, measure.priority, followed]))
        word.add_item(document, "", f"{measure.text}\n{terms}")


def _findings(document: WordDocument, context: MinutesContext) -> None:
    if not context.findings:
        return
    document.add_heading(_("Key findings of the workshop"), 2)
    for theme in context.findings:
        document.add_heading(word.clean(theme.name), 3)
        for column in theme.columns:
            document.add_heading(word.clean(column.title), 4)
            for finding in column.findings:
                whose = " · ".join(filter(None, [finding.group, finding.priority]))
                word.add_item(document, "", f"{finding.text} ({whose})" if whose else finding.text)


# --- What is corrected, attached, signed and checked ------------------------------------------------------------


def _corrections(document: WordDocument, context: MinutesContext) -> None:
    corrected = context.corrects
    if corrected is None:
        return
    _labelled(document, _("The minutes that are corrected"), corrected.title)
    if corrected.on:
        _labelled(document, _("Checked or published"), _day(corrected.on))
    if corrected.version:
        _labelled(document, _("Version %(number)s") % {"number": corrected.version}, f"SHA-256 {corrected.sha256}")
    _paragraph(
        document, _("Minutes that have been checked are not changed. They are to be read with the corrections below.")
    )
    document.add_heading(_("Corrections"), 2)
    for correction in context.corrections:
        place = _("The correction is not public") if correction.is_withheld else correction.place
        document.add_heading(word.clean(f"{correction.number}. {place}"), 3)
        if not correction.is_withheld:
            _labelled(document, _("It read"), correction.was or _("(nothing)"))
            _labelled(document, _("It shall read"), correction.now or _("(nothing)"))
            _labelled(document, _("Reason"), correction.reason)


def _enclosures(document: WordDocument, context: MinutesContext) -> None:
    if not context.enclosures:
        return
    document.add_heading(_("Attachments"), 2)
    for enclosure in context.enclosures:
        place = place_of_item(context, enclosure.item)
        told = f"{_enclosure(enclosure)} ({place})" if place and not enclosure.is_withheld else _enclosure(enclosure)
        if enclosure.secrecy_ground and not enclosure.is_withheld:
            told += f"\n{_('Not public')}: {enclosure.secrecy_ground}"
        word.add_item(document, "", told)


def _enclosure(enclosure: Enclosure) -> str:
    if enclosure.is_withheld:
        return _("Attachment %(number)s: not public, %(ground)s") % {
            "number": enclosure.number,
            "ground": enclosure.secrecy_ground,
        }
    return f"{_('Attachment %(number)s') % {'number': enclosure.number}}: {enclosure.title}"


def _end(document: WordDocument, context: MinutesContext) -> None:
    if context.is_signed:
        document.add_heading(_("Signatures"), 2)
        for signature in signers(context):
            how = (
                _("Signed %(day)s %(way)s") % {"day": _day(signature.signed_on), "way": way_word(signature.way)}
                if signature.signed_on
                else "_" * 40
            )
            _labelled(document, signer_word(signature.role), "\n".join(filter(None, [signature.name, how])))
    if not context.marks:
        return
    document.add_heading(_("Checking"), 2)
    if context.state == Minutes.State.CHECKING and context.check_by:
        _paragraph(document, f"{_('To be checked by')} {_day(context.check_by)}.")
        if context.silence_counts:
            _paragraph(document, _("If no remarks come by then, the minutes are taken to be checked."))
    word.add_table(
        document,
        caption=_("Checking"),
        headings=[_("Party"), _("Checker"), _("Mark of checking"), _("Date of the mark"), _("Version")],
        rows=[
            [
                mark.party,
                mark.checker or "–",
                capfirst(str(MinutesCheck.Outcome(mark.outcome).label)),
                _day(mark.marked_on) if mark.marked_on else "–",
                str(mark.version or "–"),
            ]
            for mark in context.marks
        ],
        widths=MARK_WIDTHS,
        are_numbers=False,
    )
    for number, sha256 in context.versions_told:
        _paragraph(document, f"{_('Version %(number)s') % {'number': number}}, SHA-256 {sha256}", size=9)


def _day(day: date) -> str:
    return timewords.day(day, weekday=False)


def _labelled(document: WordDocument, label: str, text: str) -> None:
    """Add a paragraph that begins with a label in bold; those of the text after the first follow without one."""
    first, *rest = _blocks(text) or [""]
    paragraph = document.add_paragraph()
    # What is labelled may be a list: it is not left behind on another page.
    paragraph.paragraph_format.keep_with_next = not first
    paragraph.add_run(word.clean(f"{label}: " if first else label)).bold = True
    paragraph.add_run(word.clean(first))
    for block in rest:
        _paragraph(document, block)


def _paragraph(document: WordDocument, text: str, *, size: float | None = None) -> None:
    run = document.add_paragraph().add_run(word.clean(text))
    if size:
        run.font.size = Pt(size)


def _blocks(text: str) -> list[str]:
    """Return the paragraphs of a text, which are parted by empty lines; other line breaks are kept."""
    return [block.strip() for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if block.strip()]

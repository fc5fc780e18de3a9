"""What has changed from one version of minutes to another: place by place, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from municipalities.models import County
from negotiations.models import Negotiation

Content = Mapping[str, Any]
# A place in the content, whatever it is called now → how it is called, and the text that stands there.
Texts = dict[tuple[Any, ...], tuple[str, str]]
# Beyond this many comparisons of words a text is told as one that was replaced: finding more would take seconds.
MOST_COMPARISONS = 4_000_000
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


class How(StrEnum):
    """How a stretch of text stands in a change."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Segment:
    """A stretch of text that stayed, was added or was removed."""

    how: How
    text: str


@dataclass(frozen=True)
class Change:
    """A text that is not as it was."""

    place: str
    segments: Sequence[Segment]


def plain(text: str) -> str:
    """Return a text as it is compared: one kind of line ends, nothing around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def segments_of(was: str, now: str) -> list[Segment]:
    """Return how one text became another, word by word. Joined without what was added they are the former."""
    before, after = _WORDS.findall(plain(was)), _WORDS.findall(plain(now))
    first = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    found = [Segment(How.SAME, "".join(before[:first]))]
    found += _between(before[first : len(before) - last], after[first : len(after) - last])
    found.append(Segment(How.SAME, "".join(before[len(before) - last :])))
    return [segment for segment in found if segment.text]


def _between(before: Sequence[str], after: Sequence[str]) -> Iterator[Segment]:
    if len(before) * len(after) > MOST_COMPARISONS:
        yield Segment(How.REMOVED, "".join(before))
        yield Segment(How.ADDED, "".join(after))
        return
    # Words that are common are not left out of the comparison: in Finnish prose that would be most of them.
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Segment(How.SAME, "".join(before[a:b]))
        else:
            yield Segment(How.REMOVED, "".join(before[a:b]))
            yield Segment(How.ADDED, "".join(after[c:d]))


def difference(old: Content, new: Content) -> list[Change]:
    """Return the texts that differ, in the order of the new content; those that are no more come last.

    Items and parts are known by their id, so that one that has only got another number has not changed its texts.
    """
    was, now = texts_of(old), texts_of(new)
    changes = []
    for key in [*now, *(key for key in was if key not in now)]:
        place, text = now.get(key) or (was[key][0], "")
        former = was.get(key, ("", ""))[1]
        if plain(former) != plain(text):
            changes.append(Change(place, segments_of(former, text)))
    return changes


# --- The texts of a content -----------------------------------------------------------------------------------------


def texts_of(content: Content) -> Texts:
    """Return every text of a content by its place, in the order in which the minutes tell them."""
    found: Texts = {}
    for key, label, text in _head(content):
        found[key,] = (label, text)
    for part in content.get("parts", ()):
        found |= _part(part, content)
    found["further",] = (_("Other measures"), _lines(_measure(one) for one in content.get("further_measures", ())))
    for theme in content.get("findings", ()):
        for column in theme["columns"]:
            place = _("Workshop: %(theme)s, %(column)s") % {"theme": theme["name"], "column": column["title"]}
            found["finding", theme["name"], column["title"]] = (place, _lines(_finding(o) for o in column["findings"]))
    found["enclosures",] = (_("Attachments"), _lines(_enclosure(one) for one in content.get("enclosures", ())))
    for entry in content.get("corrections", ()):
        number = entry["number"]
        for name, label in (("place", _("place")), ("was", _("was")), ("now", _("is to be")), ("reason", _("reason"))):
            place = _("Correction %(number)s, %(field)s") % {"number": number, "field": label}
            found["correction", number, name] = (place, entry[name])
    return found


def _head(content: Content) -> Iterator[tuple[str, str, str]]:
    yield "name", _("Name of the document"), content.get("name", "")
    yield "subject", _("Title"), content.get("subject", "")
    yield "case_number", _("Case number"), content.get("case_number", "")
    yield "time", _("Time"), _time(content)
    mode = content.get("mode", "")
    yield "mode", _("Mode"), str(Negotiation.Mode(mode).label) if mode else ""
    yield "place", _("Place"), content.get("place", "")
    yield "convener", _("Convener"), content.get("convener", "")
    yield "chair", _("Chair"), content.get("chair", "")
    yield "secretary", _("Secretary"), content.get("secretary", "")
    yield "parties", _("Parties"), _lines(content.get("parties", ()))
    yield "stayed_away", _("Stayed away"), _lines(content.get("stayed_away", ()))
    yield "present", _("Present"), _lines(_sector(one) for one in content.get("present", ()))
    yield "absent", _("Absent"), _lines(_person(one) for one in content.get("absent", ()))
    yield "not_recorded", _("Presence not recorded"), _lines(_person(one) for one in content.get("not_recorded", ()))


def _part(part: Content, content: Content) -> Texts:
    several = len(content.get("parts", ())) > 1
    suffix = f", {part['sections']}" if several else ""
    key = part.get("id") or part["legal_basis"]
    found: Texts = {
        ("part", key, "opening"): (_("Opening") + suffix, part["opening"]),
        ("part", key, "opened_at"): (_("Opened at") + suffix, _clock(part["opened_at"])),
    }
    numbering = County.Numbering(content.get("numbering") or County.Numbering.SECTION)
    for item in part["items"]:
        number = numbering.of(item["number"]) + suffix
        own = item.get("id") or (key, item["number"])
        for name, label, text in _item(item):
            found["item", own, name] = (f"{number}, {label}", text)
    found["part", key, "closing"] = (_("Closing") + suffix, part["closing"])
    found["part", key, "closed_at"] = (_("Closed at") + suffix, _clock(part["closed_at"]))
    found["part", key, "presence"] = (_("Present in the part") + suffix, _presence(part.get("presence")))
    return found


def _item(item: Content) -> Iterator[tuple[str, str, str]]:
    yield "title", _("matter"), item["title"]
    yield "presenter", _("presenter"), item.get("presenter", "")
    yield "background", _("background"), item["background"]
    yield "discussion", _("discussion"), item["discussion"]
    yield "agreed", _("what was agreed"), item["agreed"]
    yield "dissent", _("dissent"), item["dissent"]
    yield "measures", _("measures"), _lines(_measure(one) for one in item["measures"])
    yield "followed", _("measures agreed earlier"), _lines(_followed(one) for one in item.get("followed", ()))
    yield "indicators", _("indicators"), _lines(item.get("indicators", ()))
    yield "deferred", _("deferred to the next negotiation"), _("yes") if item.get("is_deferred") else ""
    yield "secrecy", _("ground for secrecy"), item.get("secrecy_ground", "")


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(texts)


def _time(content: Content) -> str:
    if content.get("starts_at") and content.get("ends_at"):
        day = date_format(date.fromisoformat(content["earliest"]), "j.n.Y")
        return f"{day} {_clock(content['starts_at'])}–{_clock(content['ends_at'])}"
    days = {content[name] for name in ("earliest", "latest") if content.get(name)}
    return "–".join(date_format(date.fromisoformat(day), "j.n.Y") for day in sorted(days))


def _clock(at: str | None) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(at)), "G.i") if at else ""


def _person(one: Content) -> str:
    return ", ".join(filter(None, [one["name"], one["role"], one["organisation"]])) + _ways(one)


def _ways(one: Content) -> str:
    ways = [
        _("remotely") if one.get("is_remote") else "",
        _("came without an invitation") if one.get("is_walk_in") else "",
        _("for %(name)s") % {"name": one["substitutes"]} if one.get("substitutes") else "",
    ]
    told = ", ".join(filter(None, ways))
    return f" ({told})" if told else ""


def _sector(one: Content) -> str:
    people = _lines(_person(person) for person in one["people"])
    return f"{one['name']}: {one['total']}" + (f"\n{people}" if people else "")


def _presence(presence: Content | None) -> str:
    if not presence:
        return ""
    closing = presence["at_closing"]
    told = [_("at the opening: %(count)s") % {"count": presence["at_opening"]}]
    if closing is not None:
        told.append(_("at the closing: %(count)s") % {"count": closing})
    for name, label in (("came", _("came")), ("left", _("left")), ("away", _("not present"))):
        told += [f"{label}: {_person(person)}" for person in presence[name]]
    return _lines(told)


def _measure(one: Content) -> str:
    due = one["due_text"] or (date_format(date.fromisoformat(one["due_on"]), "j.n.Y") if one["due_on"] else "")
    return ", ".join(filter(None, [one["text"], one["responsible"], due, one["priority"], one.get("indicator", "")]))


def _followed(one: Content) -> str:
    return ", ".join(filter(None, [one["text"], one["responsible"], one["state"], one["note"]]))


def _finding(one: Content) -> str:
    return ", ".join(filter(None, [one["text"], one["group"], one["priority"]]))


def _enclosure(one: Content) -> str:
    about = ", ".join(filter(None, [one["title"], one.get("file_name", ""), one.get("secrecy_ground", "")]))
    return f"{one['number']}. {about}"

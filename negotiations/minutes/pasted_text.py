"""Minutes written elsewhere, as text: headings become items, and the words under them the texts of an item.

A line that begins with "#" is a heading (more of them: a lower one), as the page that takes the text in writes them,
and Markdown does. Of plain text a line that begins as "3 § Nuorten palvelut" is a heading too, and one that is nothing
but "Keskustelu" or "Päätös". No line is lost: what belongs to no item is given as the lines before the first one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from negotiations.models import LegalBasis

MOST_TITLE = 200
# A heading typed as plain text is a line of its own, and no longer than this.
MOST_HEADING = 160


class Kind(StrEnum):
    """What a piece of the pasted minutes is."""

    BEFORE = "before"
    OPENING = "opening"
    ITEM = "item"
    CLOSING = "closing"


class Text(StrEnum):
    """A text of an item, by its name in the row."""

    BACKGROUND = "background"
    DISCUSSION = "discussion"
    AGREED = "agreed"
    DISSENT = "dissent"


# What a heading under an item is called, in Finnish and Swedish, in lower case.
TEXTS: Mapping[str, Text] = {
    heading: text
    for text, headings in {
        Text.BACKGROUND: (
            "tausta, taustaa, asian tausta, selostus, asian selostus, esittely, asian esittely, valmistelu"
            ", bakgrund, redogörelse, beredning"
        ),
        Text.DISCUSSION: (
            "keskustelu, keskustelua, käsittely, asian käsittely, käyty keskustelu, keskustelun pääkohdat"
            ", diskussion, behandling"
        ),
        Text.AGREED: (
            "päätös, päätökset, sovittu, sovittiin, sovitut asiat, sovittu asia, mitä sovittiin, päätös/sovittu"
            ", johtopäätös, johtopäätökset, beslut, överenskommet, överenskommelse, vad som avtalades"
        ),
        Text.DISSENT: (
            "eriävä mielipide, eriävät mielipiteet, eriävä kanta, eriävät kannat"
            ", avvikande åsikt, avvikande åsikter, avvikande mening, avvikande meningar"
        ),
    }.items()
    for heading in headings.split(", ")
}
_MEETING = r"(?:(?:kokouksen|neuvottelun|tilaisuuden|osan)\s+)?"
OPENING = re.compile(rf"^(?:{_MEETING}(?:avaus|avaaminen)|(?:mötets\s+)?öppnande|mötet öppnas)$", re.IGNORECASE)
CLOSING = re.compile(
    rf"^(?:{_MEETING}(?:päättäminen|päättyminen|lopetus|lopettaminen)|(?:kokouksen|neuvottelun)\s+päätös"
    r"|päätös (?:kokouksen|neuvottelun) päättymisestä|(?:mötets\s+)?(?:avslutning|avslutande)|mötet avslutas)$",
    re.IGNORECASE,
)
# The heading of a part of a combined negotiation: the act, or the section with what the part is called. A bare
# "14 § Nuorten palvelut" is the fourteenth item, as minutes number theirs.
_CALLED = (
    r"(?:[:.]?\s*n)?\s*(?:$|[-–—:,(]"
    r"|(?:mukai\w+|neuvottel\w+|os[aiu]\w*|kokonaisuu\w+|käsittely\w*|förhandling\w*|del\b))"
)
PARTS: tuple[tuple[LegalBasis, re.Pattern[str]], ...] = (
    (
        LegalBasis.WELFARE,
        re.compile(
            r"612\s*/\s*2021|(?:^|\s)6\s*[-–—]\s*7\s*§|§§?\s*6\s*[-–—]\s*7|\bhyte(?:tu)?-?(?:neuvottel|osa|osio|osuu)\w*"
            r"|hyvinvoinnin ja terveyden edistämisen (?:neuvottel|osa|osio|osuu)\w*",
            re.IGNORECASE,
        ),
    ),
    (
        LegalBasis.COOPERATION,
        re.compile(rf"611\s*/\s*2021|(?:^|\s)14\s*§{_CALLED}|^yhteistyöneuvottelu\w*", re.IGNORECASE),
    ),
)
NUMBER = re.compile(
    r"^\s*(?:(?P<before>\d{1,3})[a-z]?\s*§|§\s*(?P<after>\d{1,3})[a-z]?|(?P<plain>\d{1,3}(?:\.\d{1,3}){0,3})[.)](?=\s))"
    r"\s*[.:–—-]?\s*"
)
SECTION = re.compile(r"^\s*(?:\d{1,3}[a-z]?\s*§|§\s*\d{1,3})")
TITLE_OF_DOCUMENT = re.compile(r"pöytäkirja|muistio|protokoll|promemoria", re.IGNORECASE)
MARKED = re.compile(r"^\s{0,3}(#{1,6})\s+(?=\S)")


@dataclass(frozen=True)
class Piece:
    """A piece of the pasted minutes: an item, or an opening, a closing, or what comes before them.

    `heading` is the heading as it was, `title` what becomes of it without its number. `number` is that number, `basis`
    the part under whose heading it stands. `texts` are the words by where they belong, `marks` the headings that told
    it: of the texts, and of the part. Nothing else of the lines is left out.
    """

    kind: Kind
    heading: str = ""
    title: str = ""
    number: int | None = None
    basis: LegalBasis | None = None
    texts: Mapping[Text, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All the words together, for where there is one text only."""
        return "\n\n".join(text for text in self.texts.values() if text)


@dataclass
class _Growing:
    """A piece while its lines are read."""

    kind: Kind
    heading: str = ""
    number: int | None = None
    basis: LegalBasis | None = None
    lines: dict[Text, list[str]] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)
    here: Text = Text.DISCUSSION

    def add(self, line: str) -> None:
        self.lines.setdefault(self.here, []).append(line)

    def done(self) -> Piece:
        title = NUMBER.sub("", self.heading, count=1).strip() or self.heading
        texts = {text: tidy(self.lines[text]) for text in Text if text in self.lines}
        if len(title) > MOST_TITLE:
            # What does not fit a title is not lost: it begins the text.
            first = self.here if not texts else next(iter(texts))
            texts[first] = "\n".join(filter(None, [title, texts.get(first, "")]))
            title = title[: MOST_TITLE - 1].rstrip() + "…"
        return Piece(
            self.kind,
            self.heading,
            title,
            self.number,
            self.basis,
            {text: words for text, words in texts.items() if words},
            tuple(self.marks),
        )


def read(text: str) -> list[Piece]:
    """Divide minutes into their pieces, in order. Anything can be given; empty text has none."""
    pieces: list[_Growing] = [_Growing(Kind.BEFORE)]
    basis: LegalBasis | None = None
    waiting: list[str] = []
    level = 0
    for line in text.replace("\x00", "").splitlines():
        depth, words = _heading(line)
        here = pieces[-1]
        if not depth:
            here.add(line.rstrip())
        elif found := _part(words):
            basis = found
            waiting.append(words)
        elif text_of := _text(words):
            if here.kind == Kind.ITEM:
                here.here = text_of[0]
                here.marks.append(text_of[1])
            # An opening has one text only.
            told = text_of[2] if here.kind == Kind.ITEM else words
            if told:
                here.add(told)
        elif (kind := _edge(words)) is not None:
            pieces.append(_Growing(kind, words, basis=basis, marks=waiting))
            waiting = []
        elif _is_text(here, words, depth, level):
            here.add(words)
        else:
            level = level or depth
            pieces.append(_Growing(Kind.ITEM, words, _number(words), basis, marks=waiting))
            waiting = []
    if waiting:
        # A heading of a part with nothing below it.
        for words in waiting:
            pieces[-1].add(words)
    grown = [piece.done() for piece in pieces]
    return [piece for piece in grown if piece.kind != Kind.BEFORE or piece.texts]


def _heading(line: str) -> tuple[int, str]:
    """Return how low a heading a line is, and its words; nought for a line that is none."""
    if match := MARKED.match(line):
        return len(match[1]), line[match.end() :].strip()
    words = line.strip()
    if not words or len(words) > MOST_HEADING:
        return 0, words
    # Of plain text: "3 § Nuorten palvelut", a part, or "Keskustelu" alone on its line or with a colon after it.
    if SECTION.match(words) and not words.endswith((".", ",", ";")):
        return 1, words
    is_edge = OPENING.match(words.rstrip(":")) or CLOSING.match(words.rstrip(":"))
    return (2, words) if is_edge or _text(words, in_plain=True) else (0, words)


def _text(words: str, *, in_plain: bool = False) -> tuple[Text, str, str] | None:
    """Return which text of an item a heading begins, what of the line told it, and the words after it on the line."""
    before, colon, after = words.partition(":")
    key = NUMBER.sub("", before, count=1).strip().casefold()
    key = " ".join(key.replace(" / ", "/").split())
    if key not in TEXTS:
        return None
    # "Päätös: …" begins a text anywhere; without a colon the word must be alone.
    return (TEXTS[key], before + colon, after.strip()) if colon or not after else None


def _part(words: str) -> LegalBasis | None:
    return next((basis for basis, pattern in PARTS if pattern.search(words)), None)


def _edge(words: str) -> Kind | None:
    """Return whether a heading is of an opening or of a closing, whatever its number."""
    title = NUMBER.sub("", words, count=1).strip().rstrip(":.").strip()
    if OPENING.match(title):
        return Kind.OPENING
    return Kind.CLOSING if CLOSING.match(title) else None


def _is_text(here: _Growing, words: str, depth: int, level: int) -> bool:
    """Whether a heading is part of the text: the title of the document, or a lower heading inside an item."""
    if SECTION.match(words):
        return False
    if here.kind == Kind.BEFORE and TITLE_OF_DOCUMENT.search(words):
        return True
    return here.kind == Kind.ITEM and bool(level) and depth > level


def _number(words: str) -> int | None:
    match = NUMBER.match(words)
    found = match and (match["before"] or match["after"] or match["plain"].split(".")[0])
    return int(found) if found else None


def tidy(lines: Iterable[str]) -> str:
    """Put lines together: no empty lines at the ends, and never two after each other."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line if line.strip() else "")
    return "\n".join(kept).strip("\n")

"""The words of texts as PostgreSQL searches them: what an index holds and what a query asks, as one expression.

Texts are stemmed, so that "neuvottelu" finds "neuvottelussa"; names are kept as they stand as well, so that what is
half typed finds them too. Compound words are not taken apart, but a word is asked for as the last part of common ones
too: "pöytäkirja" finds "neuvottelupöytäkirja".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchVector, SearchVectorExact
from django.db.models import Case, Q, When
from django.db.models.expressions import Combinable
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from municipalities.inflection import forms_of

# By these texts are stemmed; whatever is not in Swedish is in Finnish, or so little that it is found as it stands.
FINNISH, SWEDISH = "finnish", "swedish"
LONGEST, MOST_WORDS = 200, 10
# What compound words of these texts begin with, whatever they end with.
BEGINNINGS = {
    FINNISH: (
        "neuvottelu",
        "hyvinvointi",
        "hyte",
        "alue",
        "kunta",
        "kuntien",
        "palvelu",
        "terveys",
        "mielenterveys",
        "perhe",
        "nuoriso",
        "senior",
        "yhteistyö",
        "työ",
        "toimenpide",
        "seuranta",
    ),
    SWEDISH: ("förhandlings", "välfärds", "kommun", "service", "hälso", "familje", "ungdoms", "samarbets", "arbets"),
}
# Shorter beginnings of words would find nearly everything.
LEAST_BEGINNING = 2
# Shorter words are rarely the last part of a compound.
LEAST_LAST_PART = 4
# A phrase, a word that is not wanted, a day or a word; and the words between alternatives.
TOKEN = re.compile(r'(-?)"([^"]*)"|(?<!\S)-(\w+)|(\d+(?:\.\d+)+|\w+)')
OR = frozenset({"or", "tai", "eller"})
# Around what is highlighted, until it is safe HTML: signs that no text has.
START, STOP = "\ue000", "\ue001"


def vector(*fields: str, stemmed: str = FINNISH) -> Any:
    """Return the vector of columns of text, stemmed in this language."""
    return SearchVector(*fields, config=stemmed)


def name_vector(*fields: str) -> Any:
    """Return the vector of columns that hold names: as they stand, and stemmed as if Finnish."""
    return SearchVector(*fields, config="simple") + SearchVector(*fields, config=FINNISH)


def question(text: str, *, stemmed: str = FINNISH) -> Any:
    """Return what a user typed as a question to such a vector; None where there is nothing to ask.

    In the way of search engines: words, “an exact phrase”, or, -without. A word is looked for in its other forms too,
    and the last one by its beginning, as far as it has been typed. Any text at all makes a safe question.
    """
    text = cleaned(text)
    alternatives: list[tuple[list[Any], list[Any]]] = [([], [])]
    tokens = list(TOKEN.finditer(text))[:MOST_WORDS]
    for token in tokens:
        minus, phrase, without, word = token.groups()
        wanted, unwanted = alternatives[-1]
        if phrase is not None:
            (unwanted if minus else wanted).append(SearchQuery(phrase, config=stemmed, search_type="phrase"))
        elif without:
            unwanted.append(_any_form(without, stemmed))
        elif word.lower() in OR:
            alternatives.append(([], []))
        else:
            is_last = token is tokens[-1] and token.end() == len(text)
            wanted.append(_any_form(word, stemmed) | _begun(word, stemmed) if is_last else _any_form(word, stemmed))
    # What is only not wanted is no question: it would find nearly everything.
    asked = [reduce(and_, [*wanted, *(~each for each in unwanted)]) for wanted, unwanted in alternatives if wanted]
    return reduce(or_, asked) if asked else None


def _any_form(word: str, stemmed: str) -> Any:
    """Return the question for any form of the word, alone or as the last part of a compound, in one call."""
    forms = forms_of(word) if stemmed == FINNISH else [word.lower()]
    compounds = [before + form for before in _beginnings(word, stemmed) for form in forms]
    return SearchQuery(" or ".join([*forms, *compounds]), config=stemmed, search_type="websearch")


def _beginnings(word: str, stemmed: str) -> tuple[str, ...]:
    """Return what may stand before the word in a compound; before what is too short to be one, nothing."""
    return BEGINNINGS[stemmed] if len(word) >= LEAST_LAST_PART and word.isalpha() else ()


def _begun(word: str, stemmed: str) -> Any:
    """Return the question for words that begin so; without signs but dots, it cannot be anything but one word."""
    if len(word) < LEAST_BEGINNING:
        return SearchQuery(word, config="simple", search_type="plain")
    begun = [word, *(before + word for before in _beginnings(word, stemmed))]
    return SearchQuery(" | ".join(f"'{beginning}':*" for beginning in begun), config="simple", search_type="raw")


def cleaned(text: str) -> str:
    """Return the text without what no database takes, and no longer than anybody types."""
    text = text[:LONGEST].encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


@dataclass(frozen=True)
class Asked:
    """What a user typed, as a question in both languages: each text is asked in its own."""

    finnish: Any
    swedish: Any

    @classmethod
    def of(cls, text: str) -> Asked | None:
        """Return the question; None where there is nothing to ask."""
        finnish, swedish = question(text, stemmed=FINNISH), question(text, stemmed=SWEDISH)
        return None if finnish is None else cls(finnish, swedish)

    def finds(self, *fields: str, language: str) -> Q:
        """Return the condition that these columns match, in the language that a column of that name tells."""
        swedish = Q(**{language: "sv"})
        return self._finnish(*fields) & ~swedish | self._swedish(*fields) & swedish

    def may_find(self, *fields: str) -> Q:
        """Return the condition that these columns match in either language.

        For a table whose language is told by another: its indexes can answer this, and `finds` then judges.
        """
        return self._finnish(*fields) | self._swedish(*fields)

    def finds_name(self, *fields: str) -> Q:
        """Return the condition that these columns, which hold names, match."""
        return Q(SearchVectorExact(name_vector(*fields), self.finnish))

    def _finnish(self, *fields: str) -> Q:
        return Q(SearchVectorExact(vector(*fields), self.finnish))

    def _swedish(self, *fields: str) -> Q:
        return Q(SearchVectorExact(vector(*fields, stemmed=SWEDISH), self.swedish))

    def highlighted(self, text: str | Combinable, *, language: str | None = None, whole: bool = False) -> Combinable:
        """Return the text with what was found marked, for `marked`: all of it, or the piece around it."""
        size: dict[str, Any] = {"highlight_all": True} if whole else {"max_words": 24, "min_words": 12, "short_word": 2}
        finnish = SearchHeadline(text, self.finnish, config=FINNISH, start_sel=START, stop_sel=STOP, **size)
        if language is None:
            return finnish
        swedish = SearchHeadline(text, self.swedish, config=SWEDISH, start_sel=START, stop_sel=STOP, **size)
        return Case(When(Q(**{language: "sv"}), then=swedish), default=finnish)


def is_marked(text: str) -> bool:
    """Whether anything was found in the text."""
    return START in text


def marked(text: str) -> SafeString:
    """Return a highlighted text as HTML: whatever it holds is shown as text, and what was found stands in a mark."""
    pieces = re.split(f"{START}([^{START}{STOP}]*){STOP}", text)
    return format_html_join(
        "",
        "{}{}{}",
        (
            (SafeString("<mark>"), piece, SafeString("</mark>")) if place % 2 else ("", _without_signs(piece), "")
            for place, piece in enumerate(pieces)
        ),
    )


def _without_signs(text: str) -> str:
    return text.replace(START, "").replace(STOP, "")

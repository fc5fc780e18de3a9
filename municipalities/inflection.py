"""Forms of Finnish words that PostgreSQL's stemmer does not bring together.

The stemmer cuts endings and knows nothing of what happens before them: it makes "kunt" of kunta and "kun" of kunnan,
"hyvinvoint" of hyvinvointi and "hyvinvoin" of hyvinvoinnin. Here a word is given with a few more of its forms, one for
each stem that it has, so that a question can be asked of all of them. A form that does not exist finds nothing.
"""

from __future__ import annotations

import re

# The endings of cases after a vowel: kunta-n, kunta-ssa, kunta-an.
CASE = r"(?:n|t|[aä]|[aeiä]n|n[aä]|ss[aä]|st[aä]|ll[aä]|lt[aä]|lle|ksi|tt[aä])?"

# What a form looks like, and the forms by which the same word is known.
RULES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(rf"^{pattern}$"), forms)
    for pattern, forms in (
        # kunta, kunnan, kuntien; hyvinvointi, hyvinvoinnin
        (rf"(\w+)n[tn](?:[aäi]{CASE}|ien)", (r"\1nta", r"\1nnan", r"\1ntien")),
        # yksinäisyys, yksinäisyyden, yksinäisyyttä; mahdollisuus, mahdollisuuksia
        (
            rf"(\w+(?:uu|yy))(?:s|[dt]e{CASE}|tt[aä]|ksi{CASE}|ksien)",
            (r"\1s", r"\1den", r"\1ttä", r"\1ksia"),
        ),
        # sopimus, sopimukset; päätös, päätöksen
        (rf"(\w+[aeiouyäö])(?:s|ks[ei]{CASE}|ksien)", (r"\1s", r"\1ksen")),
        # toimenpide, toimenpiteet
        (rf"(\w{{3,}})(?:de|te[ei]?{CASE}|teiden|teisiin)", (r"\1de", r"\1teet")),
        # kaatuminen, kaatumiset, kaatumisten
        (rf"(\w{{2,}}i)(?:nen|s[ei]{CASE}|st[aä]|sten|sien)", (r"\1nen", r"\1set", r"\1sten")),
        # nuori, nuoret, nuorten; mieli, mielen
        (rf"(\w{{2,}}[lr])(?:[ei]{CASE}|ten|ien)", (r"\1i", r"\1et", r"\1ten")),
        # järjestö, järjestöt, järjestöjen
        (rf"(\w{{3,}}[oöuy])(?:{CASE}|i{CASE}|j(?:en|a|ä)|iden)", (r"\1t", r"\1jen")),
        # lapsi, lapset, lasten
        (rf"la(?:ps[ei]{CASE}|sten|sta|psien)", ("lapsi", "lapset", "lasten")),
        # vanhempi, vanhemmat, vanhempien
        (rf"(\w+)m(?:[mp][ai]{CASE}|pien)", (r"\1mpi", r"\1mmat", r"\1mpien")),
    )
)
SHORTEST = 4


def forms_of(word: str) -> list[str]:
    """Return the word, and after it other forms of it, each once."""
    word = word.lower()
    found = [word]
    if len(word) >= SHORTEST:
        for pattern, forms in RULES:
            match = pattern.match(word)
            found += [match.expand(form) for form in forms] if match else []
    return list(dict.fromkeys(found))

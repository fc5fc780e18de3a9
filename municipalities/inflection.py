"""Forms of Finnish words that PostgreSQL's stemmer does not bring together.

The stemmer cuts endings and knows nothing of what happens before them: it makes "kunt" of kunta and "kun" of kunnan,
"hyvinvoint" of hyvinvointi and "hyvinvoin" of hyvinvoinnin. Here a word is given with a few more of its forms, one for
each stem that it has, so that a question can be asked of all of them. A form that does not exist finds nothing.
"""

from __future__ import annotations

import re

# The endings of cases after a vowel: kunta-n, kunta-ssa, kunta-an.
CASE = r"(?:n|t|[aä]|[aeiä]n|n[aä]|ss[aä]|st[aä]|ll[aä]|lt[aä]|lle|ksi|tt[aä])?"

# Consonants before the last vowel, as they are in an open syllable and in a closed one: what must stand before them,
# asunto and asunnon, luhanka and luhangan, valta and vallan, virta and virran, yhteenveto and yhteenvedon, tapa and
# tavan.
GRADES = (
    ("", "nt", "nn"),
    ("", "nk", "ng"),
    ("", "lt", "ll"),
    ("", "rt", "rr"),
    ("[aeiouyäöh]", "t", "d"),
    ("[aeiouyäölr]", "p", "v"),
)

# What a form looks like, and the forms by which the same word is known.
RULES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = tuple(
    (re.compile(rf"^{pattern}$"), forms)
    for pattern, forms in (
        *(
            (
                rf"(\w+{before})(?:{strong}|{weak})([aäoöuyi])(?:i?{CASE}|j(?:en|[aä]))",
                (rf"\1{strong}\2", rf"\1{weak}\2n", rf"\1{weak}\2t"),
            )
            for before, strong, weak in GRADES
        ),
        # kunta, kunnan, kuntien; hyvinvointi, hyvinvoinnin
        (rf"(\w+)n[tn](?:[aäi]{CASE}|ien)", (r"\1nta", r"\1nnan", r"\1ntien")),
        # yksinäisyys, yksinäisyyden, yksinäisyyttä; mahdollisuus, mahdollisuuksia; terveys
        (
            rf"(\w+[aeiouyäö][uy])(?:s|[dt]e{CASE}|tt[aä]|ksi{CASE}|ksien)",
            (r"\1s", r"\1den", r"\1ttä", r"\1ksia"),
        ),
        # sopimus, sopimukset, sopimusten; päätös, päätöksen
        (rf"(\w+[aeiouyäö])(?:s|ks[ei]{CASE}|ksien|sten)", (r"\1s", r"\1ksen", r"\1sten")),
        # toimenpide, toimenpiteet
        (rf"(\w{{3,}})(?:de|te[ei]?{CASE}|teiden|teisiin)", (r"\1de", r"\1teet")),
        # kaatuminen, kaatumiset, kaatumisten
        (rf"(\w{{2,}}i)(?:nen|s[ei]{CASE}|st[aä]|sten|sien)", (r"\1nen", r"\1set", r"\1sten", r"\1sta")),
        # Virtanen, Virtasen
        (rf"(\w{{2,}}[aeouyäö])(?:nen|se{CASE}|sten)", (r"\1nen", r"\1set", r"\1sten")),
        # Petäjävesi, Petäjäveden, Petäjävettä
        (rf"(\w+[aeouyäö])(?:si{CASE}|de{CASE}|tt[aä]|teen|sien)", (r"\1si", r"\1den", r"\1teen", r"\1sien")),
        # Multia, Multian; asia, asioista
        (rf"(\w{{2,}}i)(?:a{CASE}|oi{CASE}|oiden)", (r"\1a", r"\1an", r"\1oista")),
        (rf"(\w{{2,}}i)(?:ä{CASE}|öi{CASE}|öiden)", (r"\1ä", r"\1än", r"\1öistä")),
        # Kauhajoki, Kauhajoen; mäki, mäen
        (rf"(\w*[oä])(?:ki{CASE}|e{CASE}|kien)", (r"\1ki", r"\1en")),
        # lahti, lahden
        (rf"(\w+h)(?:ti{CASE}|de{CASE}|tien)", (r"\1ti", r"\1den")),
        # asiakas, asiakkaan, asiakkaalle
        (rf"(\w*[^\Wk])kk?([aä])(?:s|\2{CASE})", (r"\1k\2s", r"\1kk\2\2n", r"\1kk\2\2lle")),
        # Pihtipudas, Pihtiputaan
        (rf"(\w+[aeiouyäöh])[dt]([aä])(?:s|\2{CASE})", (r"\1d\2s", r"\1t\2\2n", r"\1t\2\2lle")),
        # sairas, sairaan, sairaalle
        (rf"(\w+[^\Wkt])([aä])(?:s|\2{CASE})", (r"\1\2s", r"\1\2\2n", r"\1\2\2lle")),
        # nuori, nuoret, nuorten; mieli, mielen; niemi, niemen
        (rf"(\w{{2,}}[lmr])(?:[ei]{CASE}|ten|ien)", (r"\1i", r"\1en", r"\1et", r"\1ten")),
        # järjestö, järjestöt, järjestöjen
        (rf"(\w{{3,}}[oöuy])(?:{CASE}|i{CASE}|j(?:en|a|ä)|iden)", (r"\1t", r"\1jen")),
        # lapsi, lapset, lasten
        (rf"la(?:ps[ei]{CASE}|sten|sta|psien)", ("lapsi", "lapset", "lasten")),
        # lampi, lammen
        (rf"(\w+)m[mp](?:i|e{CASE}|pien)", (r"\1mpi", r"\1mmen")),
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

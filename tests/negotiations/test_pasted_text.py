"""Minutes written elsewhere, divided into their pieces: headings, texts of an item, parts; and not a line is lost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negotiations.minutes.pasted_text import Kind, Piece, Text, read
from negotiations.minutes.pasting import PartThere, Place, propose
from negotiations.models import LegalBasis

COMBINED = """# Neuvottelupöytäkirja
Aika: 1.12.2026 klo 9–12
## 14 §:n mukainen neuvottelu
1 § Kokouksen avaus
Puheenjohtaja avasi neuvottelun.
2 § Nuorten palvelut
Tausta:
Kunta on selvittänyt asiaa.
Keskustelu
Puhuttiin kouluista.
- yksi
- kaksi
Päätös: Jatketaan työtä.
Eriävä mielipide
Ei ollut.
3 § Kokouksen päättäminen
Kello 10.15.
## 6–7 §, hyte-neuvottelu
1 § Avaus
Avattiin.
2 § Liikunta
Lisätään liikuntaa.
"""


def test_headings_become_items_and_their_texts() -> None:
    """An item loses its number; the words of its texts begin them; the parts are told by their headings."""
    before, opening, youth, closing, second, sport = read(COMBINED)
    assert (before.kind, before.text) == (Kind.BEFORE, "Neuvottelupöytäkirja\nAika: 1.12.2026 klo 9–12")
    assert (opening.kind, opening.text, opening.basis) == (
        Kind.OPENING,
        "Puheenjohtaja avasi neuvottelun.",
        LegalBasis.COOPERATION,
    )
    assert (youth.title, youth.number, youth.heading) == ("Nuorten palvelut", 2, "2 § Nuorten palvelut")
    assert dict(youth.texts) == {
        Text.BACKGROUND: "Kunta on selvittänyt asiaa.",
        Text.DISCUSSION: "Puhuttiin kouluista.\n- yksi\n- kaksi",
        Text.AGREED: "Jatketaan työtä.",
        Text.DISSENT: "Ei ollut.",
    }
    assert (closing.kind, closing.text) == (Kind.CLOSING, "Kello 10.15.")
    assert (second.kind, second.basis) == (Kind.OPENING, LegalBasis.WELFARE)
    assert (sport.title, sport.basis, dict(sport.texts)) == (
        "Liikunta",
        LegalBasis.WELFARE,
        {Text.DISCUSSION: "Lisätään liikuntaa."},
    )


@pytest.mark.parametrize(
    ("heading", "kind", "title"),
    [
        ("# 3 § Nuorten palvelut", Kind.ITEM, "Nuorten palvelut"),
        ("# § 3. Nuorten palvelut", Kind.ITEM, "Nuorten palvelut"),
        ("# 3. Nuorten palvelut", Kind.ITEM, "Nuorten palvelut"),
        ("# 1.2.3) Nuorten palvelut", Kind.ITEM, "Nuorten palvelut"),
        ("# 2024 vuoden luvut", Kind.ITEM, "2024 vuoden luvut"),
        ("14 § Nuorten palvelut", Kind.ITEM, "Nuorten palvelut"),
        ("# 3 §", Kind.ITEM, "3 §"),
        ("# Mötets öppnande", Kind.OPENING, "Mötets öppnande"),
        ("# 1. Neuvottelun avaaminen", Kind.OPENING, "Neuvottelun avaaminen"),
        ("# 9 § Päätös kokouksen päättymisestä", Kind.CLOSING, "Päätös kokouksen päättymisestä"),
        ("# Avslutning", Kind.CLOSING, "Avslutning"),
        ("Avaus", Kind.OPENING, "Avaus"),
    ],
)
def test_a_heading_is_known_by_what_it_says(heading: str, kind: Kind, title: str) -> None:
    """With whatever number, marked or typed as plain text, in Finnish or Swedish."""
    (piece,) = read(heading + "\nTeksti.")
    assert (piece.kind, piece.title, piece.text) == (kind, title, "Teksti.")


@pytest.mark.parametrize(
    ("line", "basis"),
    [
        ("# 14 §", LegalBasis.COOPERATION),
        ("# 14 §:n neuvottelu", LegalBasis.COOPERATION),
        ("# 14 § – yhteistyö", LegalBasis.COOPERATION),
        ("# Laki 611/2021, 14 §", LegalBasis.COOPERATION),
        ("# 6–7 §", LegalBasis.WELFARE),
        ("# 6 - 7 §:n mukainen osa", LegalBasis.WELFARE),
        ("# Hyte-neuvottelu", LegalBasis.WELFARE),
        ("# Hytetu-neuvottelu", LegalBasis.WELFARE),
        ("# 612/2021", LegalBasis.WELFARE),
    ],
)
def test_a_part_is_known_by_its_section(line: str, basis: LegalBasis) -> None:
    """What follows is of that part, and the heading itself is no item."""
    (item,) = read(f"{line}\n# Liikunta\nTeksti.")
    assert (item.basis, item.title, item.marks) == (basis, "Liikunta", (line.removeprefix("# "),))


def test_what_is_no_heading_stays_text() -> None:
    """A sentence that speaks of a section, a lower heading inside an item, the word of a text in a sentence."""
    (item,) = read(
        "# Palvelut\nLain 14 § edellyttää neuvottelua.\n### Lapset\nPäätös tehdään myöhemmin.\n3 § mukaan, näin."
        "\n\n\n\nLoppu"
    )
    assert item.text.splitlines() == [
        "Lain 14 § edellyttää neuvottelua.",
        "Lapset",
        "Päätös tehdään myöhemmin.",
        "3 § mukaan, näin.",
        "",
        "Loppu",
    ]
    assert read("") == read("\n \n\t") == []


def test_a_long_heading_is_cut_and_nothing_of_it_is_lost() -> None:
    """It begins the text instead."""
    title = "Pitkä " * 60
    (item,) = read(f"# {title}\nTeksti.")
    assert len(item.title) <= 200
    assert item.text == f"{title.strip()}\nTeksti."


def _told(pieces: list[Piece]) -> str:
    """Return everything that the pieces tell, on lines."""
    lines: list[str] = []
    for piece in pieces:
        lines += [*piece.marks, piece.heading, *piece.texts.values()]
    return "\n".join(lines)


LINE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "# 14 §:n neuvottelu",
            "## 6–7 § hyte-neuvottelu",
            "# 1 § Avaus",
            "2 § Nuorten palvelut",
            "## Keskustelu",
            "Päätös: Sovittiin.",
            "Sovittu",
            "# Kokouksen päättäminen",
            "- kohta",
            "### Alaotsikko",
            "Eriävä mielipide:",
            "# Pöytäkirja",
            "",
        ]
    ),
)


@given(lines=st.lists(LINE, max_size=25))
def test_no_line_is_lost_whatever_is_pasted(lines: list[str]) -> None:
    """Never a failure; every word of what was pasted is in a heading, in a text, or among the marks that told them."""
    text = "\n".join(lines)
    told = Counter(_told(read(text)).split())
    # The marks of headings are no words.
    wanted = Counter(word for word in text.replace("\x00", "").split() if set(word) != {"#"})
    assert not wanted - told


@given(lines=st.lists(LINE, max_size=25))
def test_every_piece_has_a_place_or_none(lines: list[str]) -> None:
    """An item of the agenda is met once; everything else is in the parts that there are."""
    parts = [
        PartThere(1, LegalBasis.COOPERATION, "14 §", ((11, 1, "Nuorten palvelut"),)),
        PartThere(2, LegalBasis.WELFARE, "6–7 §", ((21, 1, "Nuorten palvelut"), (22, 2, "Liikunta"))),
    ]
    pieces = read("\n".join(lines))
    places = propose(pieces, parts)
    assert len(places) == len(pieces)
    items = [place.pk for place in places if place and place.what == "item"]
    assert len(items) == len(set(items))
    assert {place.pk for place in places if place and place.what != "item"} <= {1, 2}
    assert propose(pieces, []) == [None] * len(pieces)


def test_items_go_to_those_of_the_same_title_in_their_part() -> None:
    """By the heading of the part; where there is none, by the numbers that begin again."""
    parts = [
        PartThere(1, LegalBasis.COOPERATION, "14 §", ((11, 1, "Nuorten palvelut"),)),
        PartThere(2, LegalBasis.WELFARE, "6–7 §", ((21, 1, "Liikunta"), (22, 2, "nuorten  Palvelut."))),
    ]
    assert propose(read(COMBINED), parts) == [
        None,
        Place("opening", 1),
        Place("item", 11),
        Place("closing", 1),
        Place("opening", 2),
        Place("item", 21),
    ]
    without = "1 § Avaus\n2 § Nuorten palvelut\n3 § Muut asiat\n1 § Nuorten palvelut\n2 § Uusi"
    assert propose(read(without), parts) == [
        Place("opening", 1),
        Place("item", 11),
        Place("new", 1),
        Place("item", 22),
        Place("new", 2),
    ]
    closed = "# Avaus\n# Päättäminen\nKokouksen päättäminen\n# Avaus\n# Liikunta"
    assert propose(read(closed), parts)[-2:] == [Place("opening", 2), Place("item", 21)]

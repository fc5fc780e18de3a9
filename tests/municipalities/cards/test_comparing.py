"""What differs between two versions of a card."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from municipalities.cards.comparing import compare, pieces_of
from tests.municipalities.cards.sample import SMALL

WORDS = st.lists(st.sampled_from(["kunta", "järvi", " ", "\n", ".", "Äkäs-", "3", ""]), max_size=12).map("".join)


@given(WORDS, WORDS)
def test_the_pieces_give_both_texts_back(old: str, new: str) -> None:
    """Without what was put in they are the old one, without what was taken out the new one."""
    pieces = pieces_of(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "in") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "out") == new


def test_a_card_does_not_differ_from_itself() -> None:
    """Nor when its lines have only changed places."""
    assert compare(SMALL, SMALL).is_empty
    assert compare(SMALL, replace(SMALL, strengths=tuple(reversed(SMALL.strengths)))).is_empty


def test_lines_added_removed_and_changed_are_told_apart() -> None:
    """A line that is mostly the same has changed; another one has come in its place."""
    before = replace(SMALL, strengths=("Nuorisotyö on vahvaa koulussa.", "Kirjasto on auki iltaisin."))
    now = replace(SMALL, strengths=("Nuorisotyö on vahvaa lukiossa.", "Uimahalli remontoitiin ja avattiin."))
    changes = compare(before, now).texts
    assert [change.kind for change in changes] == ["changed", "added", "removed"]
    assert [(piece.text, piece.kind) for piece in changes[0].pieces][1:3] == [("koulussa", "out"), ("lukiossa", "in")]


def test_figures_that_differ_are_told_with_their_years() -> None:
    """An example is never compared with a real figure."""
    line = next(line for line in SMALL.figures if line.value is not None and line.year is not None)
    value, year = line.value or 0.0, line.year or 0
    later = replace(line, value=round(value + 2, 1), year=year + 1)
    others = tuple(other for other in SMALL.figures if other.indicator_id != line.indicator_id)
    found = compare(SMALL, replace(SMALL, figures=(later, *others)))
    assert [(row.name, row.before, row.now_year, row.change) for row in found.figures] == [
        (line.name, line.value, year + 1, 2.0)
    ]
    assert (
        compare(SMALL, replace(SMALL, figures=(replace(later, is_example=not line.is_example), *others))).figures == ()
    )
    assert compare(SMALL, replace(SMALL, figures=others)).figures_removed == (line.name,)

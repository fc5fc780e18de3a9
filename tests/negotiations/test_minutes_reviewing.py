"""What a checker says of minutes: where, and of which texts. Rules on plain values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from negotiations.minutes.differences import plain
from negotiations.minutes.reviewing import ITEM, OF_ITEM, PART, WHOLE, Place, overtaken, said, texts_at

TEXTS = st.fixed_dictionaries(
    {name: st.sampled_from(["", "Yksi", "Kaksi\nriviä", " Yksi ", "Kaksi\r\nriviä"]) for name in OF_ITEM}
)


@given(st.sampled_from([ITEM, PART]), st.integers(1, 10**18 - 1))
def test_a_place_is_known_by_its_key(kind: str, pk: int) -> None:
    """An address tells it, and nothing else does."""
    place = Place(kind, pk)
    assert Place.of(place.key) == place
    assert Place.of(WHOLE) == Place(WHOLE)


@given(st.text(max_size=30))
def test_what_is_no_key_is_no_place(key: str) -> None:
    """Whatever somebody writes into an address."""
    place = Place.of(key)
    assert place is None or place.key == key or (place.kind in {ITEM, PART} and key.endswith(str(place.pk)))


@given(TEXTS, TEXTS, st.text(max_size=20))
def test_only_what_was_changed_is_proposed(seen: dict, sent: dict, comment: str) -> None:
    """Line ends and spaces around a text are no change."""
    told = said(seen, sent, comment)
    assert told.comment == comment.strip()
    for name in OF_ITEM:
        assert (name in told.proposed) == (plain(seen[name]) != plain(sent[name]))


@given(TEXTS, TEXTS, TEXTS)
def test_a_proposal_is_overtaken_where_its_text_was_changed_to_something_else(
    seen: dict, now: dict, sent: dict
) -> None:
    """Never one that was not made, of a text that stayed, or that reads already as it is proposed."""
    told = said(seen, sent, "")
    late = overtaken(seen, now, told)
    assert overtaken(seen, seen, told) == []
    for name in OF_ITEM:
        differ = len({plain(seen[name]), plain(now[name]), plain(sent[name])}) == 3
        assert (name in late) == differ


def test_texts_are_found_by_id_in_whichever_part() -> None:
    """A place that the content does not tell has none; the whole has no text of its own."""
    item = {"id": 7, "background": "Tausta", "discussion": "", "agreed": "Sovittu", "dissent": ""}
    content = {"parts": [{"id": 1, "opening": "Avaus", "closing": "", "items": []}, {"id": 7, "items": [item]}]}
    assert texts_at(content, Place(ITEM, 7)) == {name: item[name.value] for name in OF_ITEM}
    assert texts_at(content, Place(PART, 1)) == {"opening": "Avaus", "closing": ""}
    assert texts_at(content, Place(PART, 7)) == {"opening": "", "closing": ""}
    assert texts_at(content, Place(ITEM, 1)) is None
    assert texts_at(content, Place(WHOLE)) == {}

"""Fields that save themselves: what becomes of a value whose field another may have changed since it was seen."""

from __future__ import annotations

import re

from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from municipalities.forms import digest_of
from municipalities.saving import Outcome, Sent, changed_by_another, sent_in, told

TEXTS = st.text(alphabet="ab \n\r", max_size=6)


@given(first=TEXTS, theirs=TEXTS, mine=TEXTS)
def test_nothing_of_another_is_overwritten(first: str, theirs: str, mine: str) -> None:
    """A field seen as `first`, in which another has put `theirs`, is sent as `mine`: every case of the three."""
    outcome = changed_by_another(Sent(mine, digest_of(first)), now=theirs, mine=mine)
    is_theirs_new = digest_of(theirs) != digest_of(first)
    is_mine_new = digest_of(mine) != digest_of(first)
    if not is_theirs_new or digest_of(mine) == digest_of(theirs):
        assert outcome is None
    elif is_mine_new:
        assert outcome is not None and outcome.theirs == theirs and not outcome.is_saved
    else:
        assert outcome is not None and outcome.is_merged and outcome.value == theirs
    if outcome is not None:
        # Sent again with what it was told, it is known to have been seen.
        assert changed_by_another(Sent(mine, outcome.seen), now=theirs, mine=mine) is None


def test_who_has_seen_nothing_overwrites() -> None:
    """A value that comes without a digest is of one who knows what they do."""
    assert changed_by_another(Sent("uusi", None), now="vanha", mine="uusi") is None


def test_what_is_read_of_what_was_sent() -> None:
    """Fields by their addresses, with what was seen where that came along; the rest is left out."""
    data = QueryDict(mutable=True)
    data.update({"item-1-agreed": "a", "seen:item-1-agreed": "d", "item-2-agreed": "b", "title": "x"})
    assert sent_in(data, re.compile(r"^item-\d+-agreed\Z")) == {
        "item-1-agreed": Sent("a", "d"),
        "item-2-agreed": Sent("b", None),
    }


def test_what_the_script_is_told() -> None:
    """Of each field what became of it, and the time."""
    answer = told({"x": Outcome("arvo", "d", theirs="toisen")})
    assert answer["fields"]["x"] == {"seen": "d", "value": "arvo", "error": "", "theirs": "toisen", "merged": False}
    assert re.fullmatch(r"\d{1,2}\.\d{2}", answer["at"])

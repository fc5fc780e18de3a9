"""What the county has written of a negotiation is its own until the minutes are sent for checking."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from municipalities.models import County, Municipality, User
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import Measure
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import later


def test_what_has_been_written_is_a_draft_until_it_is_sent_for_checking(
    in_scope: County,
    hankasalmi: Municipality,
    coordinator: User,
    editor: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """The parties read the agenda; what was discussed, agreed and promised only with the minutes (621/1999, 6 §)."""
    negotiation = make_held(make_round(in_scope), [hankasalmi], by=coordinator)
    Measure.objects.create(
        county=in_scope, negotiation=negotiation, text="Luvattu toimi", responsible_sector="county", responsible="x"
    )
    client = client_for(editor)
    paths = [f"/keski-suomi/neuvottelut/{negotiation.pk}/{tab}" for tab in ("", "poytakirja/", "tapahtumat/")]
    paths += ["/keski-suomi/sovitut-asiat/", "/keski-suomi/haku/?q=luvattu", "/keski-suomi/haku/?q=sovittiin"]
    paths += ["/keski-suomi/haku/?q=asia", "/keski-suomi/"]

    def read() -> str:
        return "".join(client.get(path).content.decode() for path in paths)

    assert "Asia 1" in read()
    (minutes,) = open_minutes(negotiation, by=coordinator)
    page = read()
    assert "Keskusteltiin." not in page and "Sovittiin 1" not in page and "Avaus" not in page
    assert "/neuvottelut/" not in client.get("/keski-suomi/haku/?q=sovittiin").content.decode().split("<main")[1]
    assert "Luvattu toimi" not in page
    send_for_checking(minutes, check_by=later(), by=coordinator)
    page = read()
    assert "Keskusteltiin." in page and "Sovittiin 1." in page and "Luvattu toimi" in page

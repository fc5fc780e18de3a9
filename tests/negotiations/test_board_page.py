"""The page of the planning board: what it shows, the way without script, what its script asks, and for whom."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from municipalities.models import County, Municipality, MunicipalityGroup, User
from negotiations.demo.building import moment
from negotiations.models import (
    AvailabilityAnswer,
    AvailabilityInquiry,
    AvailabilityRequest,
    Negotiation,
    PlacementWish,
    Round,
    Slot,
)
from negotiations.planning.board import place
from negotiations.planning.board_shown import Place, Tone, answers_fit, fit, weeks
from negotiations.planning.conflicts import read
from negotiations.planning.timing import Timing
from negotiations.sitting.conduct import cancel, convene, hold
from tests.factories import make_municipality, make_negotiation, make_round
from tests.negotiations.test_board_moves import FIRST, at, in_, make_in, make_slots, make_unplaced

JSON: dict[str, Any] = {"HTTP_ACCEPT": "application/json"}
PLACE, STATE, FITS, UNDO = "round_board_place", "round_board_state", "round_board_fits", "round_board_undo"
# Queries of the page and of a move, whatever there is.
MOST = 20


@dataclass(frozen=True)
class Laid:
    """A round with four weekly slots: one negotiation in the first, one without a time; and a client."""

    round: Round
    slots: list[Slot]
    placed: Negotiation
    loose: Negotiation
    client: Client

    def url(self, name: str = "round_board", **asked: object) -> str:
        """Return an address of the board."""
        query = "&".join(f"{key}={value}" for key, value in asked.items())
        return reverse(name, args=["keski-suomi", self.round.pk]) + (f"?{query}" if query else "")

    def page(self) -> str:
        """Open the board."""
        response = self.client.get(self.url())
        assert response.status_code == 200
        return words_of(response)

    def move(self, **values: object) -> Any:
        """Make a move as the script of the board does."""
        return self.client.post(self.url(PLACE), values, **JSON)


def words_of(response: Any) -> str:
    """Return the text of the main part of a page, as it is read."""
    html = response.content.decode()
    text = re.sub(r"<[^>]+>", " ", html[html.index("<main") :] if "<main" in html else html)
    text = text.replace("&nbsp;", " ").replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")
    return re.sub(r"\s+", " ", text)


@pytest.fixture
def laid(
    in_scope: County,
    hankasalmi: Municipality,
    joutsa: Municipality,
    coordinator: User,
    client_for: Callable[[User | None], Client],
) -> Laid:
    """A board, seen by the coordinator."""
    round_ = make_round(in_scope, form=Round.Form.MUNICIPALITIES)
    slots = make_slots(round_, 4)
    return Laid(
        round_, slots, make_in(round_, hankasalmi, slots[0]), make_unplaced(round_, joutsa), client_for(coordinator)
    )


def ask(laid: Laid, answers: dict[Municipality, list[str]]) -> None:
    """Enter what municipalities have answered, slot by slot; an empty list is of one that was asked only."""
    inquiry = AvailabilityInquiry.objects.create(
        county=laid.round.county, round=laid.round, answer_by=date(2024, 6, 15)
    )
    for municipality, said in answers.items():
        request = AvailabilityRequest.objects.create(
            county=laid.round.county,
            inquiry=inquiry,
            municipality=municipality,
            delete_after=date(2025, 1, 1),
            answered_at=timezone.now() if said else None,
        )
        for slot, suits in zip(laid.slots, said, strict=False):
            AvailabilityAnswer.objects.create(county=laid.round.county, request=request, slot=slot, suits=suits)


# --- What it shows --------------------------------------------------------------------------------------------


def test_weeks_times_cards_and_counts(laid: Laid) -> None:
    """Each week with its days, each time with its card or free; the counts add up."""
    page = laid.page()
    assert "4 aikaa · 2 neuvottelua · 1 sijoitettu · 1 ilman aikaa · 2 varalla" in page
    assert "vko 36, 2.9.–8.9. to 5.9. klo 8.15–12.00 Hankasalmi : valitse aika Suunniteltu" in page
    assert "vko 37, 9.9.–15.9. to 12.9. klo 8.15–12.00 vapaa" in page
    assert "Ilman aikaa (1) Joutsa" in page
    assert "Ristiriidat (0) Ristiriitoja ei ole." in page


def test_what_the_plan_would_leave_of_the_duty(laid: Laid, keski_suomi: County) -> None:
    """How many of the county's municipalities it reaches, and by name those that have no day or no negotiation."""
    make_municipality(keski_suomi, "249", "Keuruu")
    ahead = {"earliest": date(2040, 9, 1), "latest": date(2040, 10, 31)}
    Round.objects.filter(pk=laid.round.pk).update(year=2040, starts_on=date(2040, 9, 1), ends_on=date(2040, 12, 1))
    Negotiation.objects.filter(pk=laid.loose.pk).update(**ahead)
    page = laid.page()
    assert "6–7 § täyttyisi 1 / 3 kunnan kanssa" in page
    assert "Puuttuu: Hankasalmi, Keuruu." in page
    assert "Vain kuukausi suunniteltu: Joutsa." in page


def test_what_is_fixed_says_how_it_is_moved(laid: Laid, luhanka: Municipality, coordinator: User) -> None:
    """Invited: by postponing. Held and cancelled ones lead to their own pages only; a cancelled one leaves its time."""
    convene(laid.placed, by=coordinator)
    held = make_in(laid.round, luhanka, laid.slots[1])
    convene(held, by=coordinator)
    hold(held, by=coordinator)
    cancel(laid.loose, reason="Ei ehditä.", by=coordinator)
    html = laid.client.get(laid.url()).content.decode()
    assert "data-movable" not in html
    assert reverse("negotiation_postpone", args=["keski-suomi", laid.placed.pk]) in html
    for row in (held, laid.loose):
        assert reverse("negotiation_postpone", args=["keski-suomi", row.pk]) not in html
        assert reverse("negotiation", args=["keski-suomi", row.pk]) in html
    page = laid.page()
    assert "Kutsuttu koolle Siirrä toiseen aikaan" in page
    assert "Perutut, joilla ei ollut aikaa Joutsa Peruttu" in page
    assert "4 aikaa · 2 neuvottelua · 2 sijoitettu · 0 ilman aikaa · 1 peruttu · 2 varalla" in page


def test_a_time_of_its_own_stands_in_its_week(laid: Laid, luhanka: Municipality) -> None:
    """To the minute, and to the day; and conflicts with a slot lead to both cards."""
    day = Timing.in_slot(laid.slots[1]).earliest
    make_negotiation(laid.round, [luhanka], items=0, day=day + timedelta(days=1), title="Teemapäivä")
    make_unplaced(laid.round, luhanka, precision="day", earliest=day, latest=day, title="Vain päivä")
    page = laid.page()
    assert "pe 13.9. klo 8.15–12.00 oma aika Teemapäivä" in page
    assert "to 12.9. oma aika Vain päivä" in page
    of_week = page[page.index("vko 37") :]
    assert of_week.index("Vain päivä") < of_week.index("Teemapäivä")
    assert "2 omalla ajalla" in page
    assert "Huomaa: kunta kierroksella useammin kuin kerran" in of_week


def test_wishes_answers_and_conflicts_stand_on_the_cards(laid: Laid, hankasalmi: Municipality) -> None:
    """In words; what blocks is told as such, in the list first."""
    PlacementWish.objects.create(
        county=laid.round.county, negotiation=laid.loose, latest=date(2024, 9, 30), note="aamulla"
    )
    PlacementWish.objects.create(county=laid.round.county, negotiation=laid.placed, earliest=date(2024, 9, 20))
    ask(laid, {hankasalmi: ["no", "yes"]})
    make_negotiation(laid.round, [hankasalmi], items=0, day=FIRST, title="Päällekkäinen")
    page = laid.page()
    assert "toive: viimeistään 30.9.2024; aamulla" in page
    assert "ei sovi: Hankasalmi" in page
    assert "Huomaa: ei toiveen mukainen" in page
    assert "Este: osapuoli kahdessa neuvottelussa samaan aikaan" in page
    listed = page[page.index("Ristiriidat") :]
    assert listed.index("Este Hankasalmi") < listed.index("Huomaa")


def test_the_groups_of_the_year_and_who_is_in_none(laid: Laid, keski_suomi: County, hankasalmi: Municipality) -> None:
    """Beside the weeks, with the time of each group's negotiation."""
    assert "Kuntaryhmät" not in laid.page()[laid.page().index("Ilman aikaa") :]
    group = MunicipalityGroup.objects.create(county=keski_suomi, year=2024, name="Itäinen", position=1)
    MunicipalityGroup.objects.create(county=keski_suomi, year=2024, name="Läntinen", position=2)
    group.municipalities.add(hankasalmi)
    Negotiation.objects.filter(pk=laid.placed.pk).update(group=group)
    page = laid.page()
    assert "Kuntaryhmät 2024 1 kunta ei ole missään ryhmässä: Joutsa. Itäinen Hankasalmi to 5.9. klo 8.15–12.00" in page
    assert "ei neuvottelua" not in page
    Round.objects.filter(pk=laid.round.pk).update(form=Round.Form.GROUPS)
    page = laid.page()
    assert "1 kunta ei ole missään ryhmässä: Joutsa. Muokkaa ryhmiä" in page
    assert "Läntinen ei neuvottelua" in page


def test_a_round_without_times_or_negotiations(in_scope: County, coordinator: User, client_for: Any) -> None:
    """A sentence and a button each; with more negotiations than times the lack is told."""
    round_ = make_round(in_scope, form=Round.Form.MUNICIPALITIES)
    laid = Laid(round_, [], None, None, client_for(coordinator))  # type: ignore[arg-type]
    html = laid.client.get(laid.url()).content.decode()
    assert reverse("round_slots", args=["keski-suomi", round_.pk]) in html[html.index("data-shown") :]
    assert reverse("round_fill", args=["keski-suomi", round_.pk]) in html
    page = laid.page()
    assert "Kierroksella ei ole vielä aikoja." in page
    assert "Kierroksella ei ole vielä neuvotteluja." in page
    make_unplaced(round_, make_municipality(in_scope, "249", "Keuruu"))
    assert "0 aikaa · 1 neuvottelu · 0 sijoitettu · 1 ilman aikaa · 1 aika liian vähän" in laid.page()


def test_a_round_of_which_only_the_plan_is_known_is_read_only(laid: Laid) -> None:
    """Nothing to move, and nothing that pretends to be."""
    Round.objects.filter(pk=laid.round.pk).update(plan_as_of=date(2024, 8, 15))
    html = laid.client.get(laid.url()).content.decode()
    assert "data-movable" not in html
    assert laid.url(PLACE, aika=laid.slots[1].pk) not in html
    assert "Kierroksesta tiedetään vain suunnitelma" in words_of(laid.client.get(laid.url()))
    assert laid.client.get(laid.url(PLACE, kortti=laid.loose.pk)).status_code == 409
    assert laid.move(negotiation=laid.loose.pk, slot=laid.slots[1].pk).status_code == 409
    assert at(laid.loose)[0] is None


def test_weeks_between_are_shown_unless_they_are_many() -> None:
    """An autumn break is seen; half a year without times is not drawn week by week. Over the year's end as well."""
    days = [date(2026, 12, 17), date(2027, 1, 7), date(2027, 6, 3)]
    found = weeks(Place(number, Timing("day", day, day), None) for number, day in enumerate(days, 1))
    assert [week.key for week in found] == ["2026-51", "2026-52", "2026-53", "2027-01", "2027-22"]
    assert [len(week.places) for week in found] == [1, 0, 0, 1, 1]
    assert [week.label.replace("\N{NO-BREAK SPACE}", " ") for week in found[2:4]] == [
        "vko 53, 28.12.–3.1.",
        "vko 1, 4.1.–10.1.",
    ]


@pytest.mark.parametrize(
    ("language", "week", "time"),
    [
        ("fi", "vko 35, 28.8.–3.9.", "to 31.8. klo 8.15–12.00"),
        ("sv", "v. 35, 28.8.–3.9.", "tors 31.8. kl. 8.15–12.00"),
        ("en", "week 35, 28 August – 3 September", "Thu 31 August 8:15–12:00"),
    ],
)
def test_weeks_and_times_in_every_language(language: str, week: str, time: str) -> None:
    """Without the year, which the round tells."""
    day = date(2023, 8, 31)
    with translation.override(language):
        (found,) = weeks([Place(1, Timing("minute", day, day, moment(day, 8, 15), moment(day, 12)), None)])
        words = [found.label, found.places[0].when]
    assert [word.replace("\N{NO-BREAK SPACE}", " ") for word in words] == [week, time]


# --- How a time suits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "tone", "words"),
    [
        ({"m1": "yes", "m2": "yes"}, Tone.YES, "sopii kaikille"),
        ({"m1": "yes", "m2": "no"}, Tone.NO, "ei sovi: Joutsa"),
        ({"m1": "if_need_be", "m2": "no"}, Tone.NO, "ei sovi: Joutsa; tarvittaessa: Hankasalmi"),
        ({"m1": "yes", "m2": "if_need_be"}, Tone.IF_NEED_BE, "tarvittaessa: Joutsa"),
        ({"m1": "yes"}, Tone.UNKNOWN, "1 / 2 vastannut"),
        ({"m1": "no"}, Tone.NO, "ei sovi: Hankasalmi; 1 / 2 vastannut"),
    ],
)
def test_answers_in_words(laid: Laid, said: dict[str, str], tone: Tone, words: str) -> None:
    """The worst answer gives the colour; who has not answered is told as a number."""
    availability = read(laid.round).availability
    known = type(availability)(
        {(key, 7): AvailabilityAnswer.Suits(suits) for key, suits in said.items()},
        frozenset({"m1", "m2"}),
        frozenset(said),
    )
    found = answers_fit(known, ["c", "m1", "m2", "m3"], 7, {"m1": "Hankasalmi", "m2": "Joutsa", "m3": "Luhanka"})
    assert (found.tone, found.words) == (tone, words)


def test_how_each_time_would_suit_a_card(laid: Laid, joutsa: Municipality) -> None:
    """By answers, wish and what would be in the way; the script gets it for every time of the round."""
    ask(laid, {joutsa: ["yes", "yes", "no", "if_need_be"]})
    PlacementWish.objects.create(county=laid.round.county, negotiation=laid.loose, earliest=date(2024, 9, 12))
    make_negotiation(laid.round, [joutsa], items=0, day=Timing.in_slot(laid.slots[3]).earliest, title="Päällä")
    response = laid.client.get(laid.url(FITS, kortti=laid.loose.pk), **JSON)
    fits = {int(slot): found for slot, found in response.json()["fits"].items()}
    assert [fits[slot.pk][0] for slot in laid.slots] == ["if_need_be", "yes", "no", "blocked"]
    assert fits[laid.slots[0].pk][2] == "sopii kaikille; ei toiveen mukainen"
    assert fits[laid.slots[2].pk][2] == "ei sovi: Joutsa"
    assert "Joutsa" in fits[laid.slots[3].pk][2]
    assert fit(read(laid.round), laid.placed.pk, laid.slots[1].pk).tone == Tone.UNKNOWN


# --- Without script -------------------------------------------------------------------------------------------


def test_a_card_is_placed_with_a_form_and_the_move_undone(laid: Laid, joutsa: Municipality) -> None:
    """The free times by week, each with how it suits; the page that follows offers an undo, and that one too."""
    ask(laid, {joutsa: ["yes", "no", "yes"]})
    page = words_of(laid.client.get(laid.url(PLACE, kortti=laid.loose.pk)))
    assert "to 12.9.2024 klo 8.15–12.00 – ei sovi: Joutsa" in page
    assert "to 5.9.2024" not in page
    assert "Ei aikaa: ota" not in page
    sent = {"negotiation": laid.loose.pk, "slot": laid.slots[2].pk, "expected": ""}
    followed = laid.client.post(laid.url(PLACE), sent, follow=True)
    assert followed.redirect_chain[0][0].endswith(f"/taulu/#kortti-{laid.loose.pk}")
    assert "Neuvottelun ”Joutsa” aika on nyt to 19.9.2024 klo 8.15–12.00, vko 38. Kumoa" in words_of(followed)
    assert at(laid.loose) == in_(laid.slots[2])
    undone = laid.client.post(laid.url(UNDO), {"token": token_in(followed)}, follow=True)
    assert "Siirto kumottiin." in words_of(undone)
    assert at(laid.loose)[0] is None
    laid.client.post(laid.url(UNDO), {"token": token_in(undone)})
    assert at(laid.loose) == in_(laid.slots[2])


def token_in(response: Any) -> str:
    """Return the token of the undo that a page offers."""
    found = re.search(r'name="token" value="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


def test_a_card_is_taken_off_with_a_form(laid: Laid) -> None:
    """Offered where it has a time."""
    page = words_of(laid.client.get(laid.url(PLACE, kortti=laid.placed.pk)))
    assert "Sen aika on nyt to 5.9.2024 klo 8.15–12.00, vko 36." in page
    assert "Ei aikaa: ota neuvottelu pois nykyiseltä ajaltaan" in page
    sent = {"negotiation": laid.placed.pk, "slot": "pois", "expected": laid.slots[0].pk}
    assert "otettiin pois ajaltaan" in words_of(laid.client.post(laid.url(PLACE), sent, follow=True))
    assert at(laid.placed)[0] is None


def test_a_free_time_is_given_with_a_form(laid: Laid, luhanka: Municipality) -> None:
    """Those without a time by title; a time that is taken meanwhile is said so."""
    make_unplaced(laid.round, luhanka)
    page = words_of(laid.client.get(laid.url(PLACE, aika=laid.slots[1].pk)))
    assert "Valitse Joutsa Luhanka" in page
    laid.client.post(laid.url(PLACE), {"negotiation": laid.loose.pk, "slot": laid.slots[1].pk, "expected": ""})
    assert at(laid.loose) == in_(laid.slots[1])
    late = laid.client.get(laid.url(PLACE, aika=laid.slots[1].pk))
    assert late.status_code == 409
    assert "Tämä aika on sillä välin annettu neuvottelulle ”Joutsa”." in words_of(late)
    assert laid.url() in late.content.decode()


@pytest.mark.parametrize(("sent", "words"), [("negotiation", "Valitse aika."), ("slot", "Valitse neuvottelu.")])
def test_a_form_sent_without_a_choice_is_shown_again(laid: Laid, sent: str, words: str) -> None:
    """With what to mend."""
    value = {"negotiation": laid.loose.pk, "slot": laid.slots[1].pk}[sent]
    response = laid.client.post(laid.url(PLACE), {sent: value})
    assert response.status_code == 422
    assert words in words_of(response)


def test_forms_with_nothing_to_choose(laid: Laid, coordinator: User) -> None:
    """Every negotiation placed, or no time free: a sentence, and the way back."""
    place(laid.loose, laid.slots[1], expected=None, by=coordinator)
    page = words_of(laid.client.get(laid.url(PLACE, aika=laid.slots[2].pk)))
    assert "Kierroksen jokaisella suunnitellulla neuvottelulla on jo aika." in page
    assert "Takaisin suunnittelutaululle" in page
    Slot.objects.filter(negotiation=None).delete()
    page = words_of(laid.client.get(laid.url(PLACE, kortti=laid.loose.pk)))
    assert "Kierroksella ei ole vapaita aikoja." in page
    assert "Ei aikaa: ota" in page
    convene(laid.placed, by=coordinator)
    refused = laid.client.get(laid.url(PLACE, kortti=laid.placed.pk))
    assert refused.status_code == 409
    assert "on jo kutsuttu osapuolet" in words_of(refused)
    assert laid.client.get(laid.url(PLACE)).status_code == 302


# --- For the script -------------------------------------------------------------------------------------------


def test_moves_of_the_script_and_their_undo(laid: Laid) -> None:
    """Words and a token come back; what was seen and is no more is answered 409 in words."""
    done = laid.move(negotiation=laid.loose.pk, slot=laid.slots[0].pk, expected="", occupant=laid.placed.pk).json()
    assert done["message"].replace("\N{NO-BREAK SPACE}", " ") == (
        "Neuvottelun ”Joutsa” aika on nyt to 5.9.2024 klo 8.15–12.00, vko 36."
        " ”Hankasalmi” vaihtoi sen kanssa paikkaa, eikä sillä ole nyt aikaa."
    )
    late = laid.move(negotiation=laid.placed.pk, slot=laid.slots[1].pk, expected=laid.slots[0].pk, occupant="")
    assert late.status_code == 409
    assert "otettu pois ajaltaan" in late.json()["message"]
    undone = laid.client.post(laid.url(UNDO), {"token": done["undo"]}, **JSON)
    assert undone.json() == {"message": "Siirto kumottiin."}
    assert (at(laid.placed), at(laid.loose)[0]) == (in_(laid.slots[0]), None)
    again = laid.client.post(laid.url(UNDO), {"token": done["undo"]}, **JSON)
    assert again.status_code == 409
    off = laid.move(negotiation=laid.placed.pk, slot="pois", expected=laid.slots[0].pk)
    assert off.json()["message"] == "Neuvottelu ”Hankasalmi” otettiin pois ajaltaan."
    # The page that follows a move of the script offers no undo of its own.
    assert 'name="token"' not in laid.client.get(laid.url()).content.decode()


def test_two_change_places_in_words(laid: Laid, coordinator: User) -> None:
    """Both times are told."""
    place(laid.loose, laid.slots[1], expected=None, by=coordinator)
    done = laid.move(
        negotiation=laid.loose.pk, slot=laid.slots[0].pk, expected=laid.slots[1].pk, occupant=laid.placed.pk
    )
    assert "”Hankasalmi” vaihtoi sen kanssa paikkaa: to 12.9.2024" in done.json()["message"].replace("\xa0", " ")


def test_an_undo_of_another_user_or_round_is_refused(laid: Laid, keski_suomi: County, client_for: Any) -> None:
    """And one that somebody made up."""
    done = laid.move(negotiation=laid.loose.pk, slot=laid.slots[1].pk, expected="").json()
    other = make_round(keski_suomi, name="Toinen")
    for url, token in (
        (reverse(UNDO, args=["keski-suomi", other.pk]), done["undo"]),
        (laid.url(UNDO), done["undo"][:-2]),
        (laid.url(UNDO), ""),
    ):
        assert laid.client.post(url, {"token": token}, **JSON).status_code == 409
        assert laid.client.post(url, {"token": token}).status_code == 409
    assert at(laid.loose) == in_(laid.slots[1])


def test_the_state_is_told_only_when_it_has_changed(laid: Laid, hankasalmi: Municipality, coordinator: User) -> None:
    """Nothing where nothing happened; a new digest where what happened does not show; else the board."""
    digest = re.search(r'data-digest="([^"]+)"', laid.client.get(laid.url()).content.decode())
    assert digest is not None
    seen = digest[1]
    with CaptureQueriesContext(connection) as captured:
        same = laid.client.get(laid.url(STATE, d=seen))
    assert (same.status_code, same.content, "Board-Digest" in same.headers) == (204, b"", False)
    assert len(captured) <= 6
    elsewhere = make_round(laid.round.county, name="Toinen")
    other = make_unplaced(elsewhere, hankasalmi)
    place(other, make_slots(elsewhere, 1, first=date(2024, 12, 5))[0], expected=None, by=None)
    unseen = laid.client.get(laid.url(STATE, d=seen))
    assert unseen.status_code == 204
    assert unseen.headers["Board-Digest"] != seen
    seen = unseen.headers["Board-Digest"]
    place(laid.loose, laid.slots[3], expected=None, by=coordinator)
    changed = laid.client.get(laid.url(STATE, d=seen))
    pieces = {key: html for key, _hash, html in changed.json()["pieces"]}
    assert list(pieces) == ["top", "duty", "conflicts", "side", "2024-36", "2024-37", "2024-38", "2024-39"]
    assert "2 sijoitettu" in pieces["top"]
    assert "Joutsa" in pieces["2024-39"]
    # The page has the very pieces: only those whose hash has changed are drawn anew.
    html = laid.client.get(laid.url()).content.decode()
    assert all(f'data-hash="{found}"' in html for _key, found, _html in changed.json()["pieces"])
    assert laid.client.get(laid.url(STATE, d=changed.headers["Board-Digest"])).status_code == 204
    # Whatever else is asked with is a board not seen.
    for odd in ("", ".", "%00", "x" * 3000):
        assert laid.client.get(laid.url(STATE, d=odd)).status_code == 200


# --- For whom, and what of ----------------------------------------------------------------------------------------


def test_what_is_not_of_the_round_is_not_found(laid: Laid, keski_suomi: County, luhanka: Municipality) -> None:
    """Ids of another round, of another county, and what is no id."""
    other = make_round(keski_suomi, name="Toinen")
    slot, stranger = make_slots(other, 1)[0], make_unplaced(other, luhanka)
    for wrong in (stranger.pk, 0, 10**18 - 1, 10**30, "x", "-1", "١", "\x00", ""):
        assert laid.client.get(laid.url(FITS), {"kortti": wrong}, **JSON).status_code == 404
        assert laid.move(negotiation=wrong, slot=laid.slots[1].pk).status_code == 404
        assert laid.client.get(laid.url(PLACE), {"kortti": wrong}).status_code in {302, 404}
    for wrong in (slot.pk, 10**30, "x", ""):
        assert laid.move(negotiation=laid.loose.pk, slot=wrong).status_code == 404
    assert at(laid.loose)[0] is None


@pytest.mark.parametrize("name", ["round_board", STATE, FITS, PLACE])
def test_the_board_is_the_coordinators(
    name: str, laid: Laid, editor: User, reader: User, board_member: User, outsider: User, client_for: Any
) -> None:
    """Municipal readers may know of the round but not plan it; others know nothing of it."""
    answers = [client_for(user).get(laid.url(name)).status_code for user in (editor, reader, board_member, outsider)]
    assert answers == [403, 403, 404, 404]


# --- As many queries ------------------------------------------------------------------------------------------


def busy(county: County, code: str, *, slots: int, rows: int) -> Round:
    """Make a round with so many slots and negotiations, each asked, with a wish, every second one placed."""
    round_ = make_round(county, name=f"Kierros {code}", form=Round.Form.MUNICIPALITIES)
    made = [
        Slot(county=county, round=round_, starts_at=moment(day, hour, 0), ends_at=moment(day, hour, 50))
        for number in range(slots)
        for day, hour in [(FIRST + timedelta(days=number // 5), 8 + number % 5)]
    ]
    made = Slot.objects.bulk_create(made)
    inquiry = AvailabilityInquiry.objects.create(county=county, round=round_, answer_by=date(2024, 6, 15))
    for number in range(rows):
        place_ = make_municipality(county, f"{code}{number:02}", f"Kunta {code}{number:02}")
        row = make_in(round_, place_, made[number]) if number % 2 else make_unplaced(round_, place_)
        PlacementWish.objects.create(county=county, negotiation=row, weekdays=[4])
        asked = AvailabilityRequest.objects.create(
            county=county, inquiry=inquiry, municipality=place_, delete_after=date(2025, 1, 1)
        )
        AvailabilityAnswer.objects.create(county=county, request=asked, slot=made[0], suits="yes")
    return round_


def test_as_many_queries_whatever_there_is(in_scope: County, coordinator: User, client_for: Any) -> None:
    """The page, its state, how times suit, and a move: with 1 and with 3 negotiations, with 26 and with 260 slots."""
    client, counts = client_for(coordinator), []
    for code, slots, rows in (("A", 3, 1), ("B", 26, 3), ("C", 260, 3)):
        round_ = busy(in_scope, code, slots=slots, rows=rows)
        loose = Negotiation.objects.filter(round=round_, slot=None)[0]
        free = Slot.objects.filter(round=round_, negotiation=None).order_by("starts_at").last()
        url = {name: reverse(name, args=["keski-suomi", round_.pk]) for name in ("round_board", STATE, FITS, PLACE)}
        counted = []
        for ask_ in (
            lambda url=url: client.get(url["round_board"]),
            lambda url=url: client.get(url[STATE]),
            lambda url=url, loose=loose: client.get(url[FITS], {"kortti": loose.pk}),
            lambda url=url, loose=loose: client.get(url[PLACE], {"kortti": loose.pk}),
            lambda url=url, loose=loose, free=free: client.post(
                url[PLACE], {"negotiation": loose.pk, "slot": free.pk}, **JSON
            ),
        ):
            with CaptureQueriesContext(connection) as captured:
                response: HttpResponse = ask_()
            assert response.status_code == 200, json.dumps(response.content.decode())[:200]
            counted.append(len(captured))
        counts.append(counted)
    assert counts[0] == counts[1] == counts[2]
    assert max(counts[0]) <= MOST, counts

"""Calendars out of the database: what raises the sequence, files, secret addresses and who may have what."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_scopes import scope
from pytest_django import Settings

from hyte.logs import WithoutSecrets
from municipalities.events import record
from municipalities.models import County, Event, Membership, Municipality, MunicipalityGroup, User
from municipalities.moves import NotAllowedNow
from negotiations.log import log_of
from negotiations.models import CalendarFeed, LegalBasis, Negotiation, Round, RoundStage, Slot
from negotiations.planning import board
from negotiations.planning import negotiations as planning
from negotiations.planning.calendars import feeds, reading
from negotiations.planning.calendars.composing import Meeting
from negotiations.planning.groups import Division, divide, division_of
from negotiations.planning.slots import Choice, Hours, IsoWeek, SlotRule, change_rule
from negotiations.planning.stages import keeping
from negotiations.planning.timing import Precision, Timing
from negotiations.sitting import conduct
from tests.factories import make_negotiation, make_round, make_user
from tests.negotiations.test_calendars import check, clock, read_back, value_of

ClientFor = Callable[[User | None], Client]
Kind = CalendarFeed.Kind
THIS_YEAR = timezone.localdate().year
BOTH = [LegalBasis.COOPERATION, LegalBasis.WELFARE]


@pytest.fixture(autouse=True)
def _uncounted(settings: Settings) -> None:
    """Nothing has been counted yet."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}


def planned_on(round_: Round, municipalities: Sequence[Municipality], day: date) -> Negotiation:
    """Make a planned negotiation on a morning. Inside the county's scope."""
    starts, ends = clock(day, 9), clock(day, 12)
    return make_negotiation(round_, municipalities, day=day, items=0, starts_at=starts, ends_at=ends)


def timing(day: date, starts: int = 9, ends: int = 12) -> Timing:
    """Return a time of whole hours."""
    return Timing(Precision.MINUTE, day, day, clock(day, starts), clock(day, ends))


@pytest.fixture
def round_(keski_suomi: County) -> Round:
    """A round of this year."""
    with scope(county=keski_suomi):
        return make_round(keski_suomi, year=THIS_YEAR, starts_on=date(THIS_YEAR, 9, 1), ends_on=date(THIS_YEAR, 12, 1))


@pytest.fixture
def negotiation(round_: Round, hankasalmi: Municipality, coordinator: User) -> Negotiation:
    """A planned negotiation of Hankasalmi, made through its door."""
    day = date(THIS_YEAR, 9, 24)
    with scope(county=round_.county):
        row = planning.plan(
            Negotiation(county=round_.county, round=round_, title="Hankasalmi", mode="remote"),
            timing=timing(day),
            bases=[LegalBasis.WELFARE],
            by=coordinator,
        )
        planning.set_parties(row, municipalities=[hankasalmi], organisations=[], by=coordinator)
        return row


def sequence_of(row: Negotiation) -> int:
    """Return the SEQUENCE of a negotiation as it is now."""
    (meeting,) = reading.meetings_of(row.county, Negotiation.objects.filter(pk=row.pk))
    return meeting.sequence


# --- What a calendar is told of changes ----------------------------------------------------------------------------


def change(row: Negotiation, by: User, *, to: Timing | None = None, **fields: str) -> None:
    """Change details through their door."""
    for name, value in fields.items():
        setattr(row, name, value)
    planning.change(row, fields=[*fields, *(["time"] if to else [])], timing=to, by=by)


@pytest.mark.usefixtures("in_scope")
def test_the_sequence_rises_with_each_change_that_a_calendar_shows(
    negotiation: Negotiation, coordinator: User, joutsa: Municipality, hankasalmi: Municipality
) -> None:
    """Whatever the state is, and also when it is taken back."""
    later, latest = (timing(date(THIS_YEAR, month, 1)) for month in (10, 11))

    def again() -> Negotiation:
        return Negotiation.objects.get(pk=negotiation.pk)

    doors: list[Callable[[], object]] = [
        lambda: change(again(), coordinator, title="Hankasalmi ja Joutsa"),
        lambda: change(again(), coordinator, place="Kunnantalo"),
        lambda: change(again(), coordinator, link="https://teams.example.fi/1"),
        lambda: change(again(), coordinator, mode="hybrid"),
        lambda: change(again(), coordinator, to=later),
        lambda: planning.set_parties(again(), municipalities=[hankasalmi, joutsa], organisations=[], by=coordinator),
        lambda: conduct.convene(again(), by=coordinator),
        lambda: conduct.postpone(again(), timing=latest, reason="Este.", by=coordinator),
        lambda: conduct.cancel(again(), reason="Este.", by=coordinator),
        lambda: conduct.reinstate(again(), by=coordinator),
        lambda: conduct.convene(again(), by=coordinator),
        lambda: conduct.hold(again(), by=coordinator, at=clock(date(THIS_YEAR, 11, 2), 12)),
        lambda: conduct.take_back(again(), by=coordinator),
    ]
    seen = [sequence_of(negotiation)]
    for door in doors:
        door()
        seen.append(sequence_of(negotiation))
    assert seen == sorted(set(seen)), seen
    uids = {meeting.uid for meeting in reading.meetings_of(negotiation.county, Negotiation.objects.all())}
    assert uids == {negotiation.calendar_uid}


@pytest.mark.usefixtures("in_scope")
def test_what_is_moved_on_the_board_is_moved_in_calendars(negotiation: Negotiation, coordinator: User) -> None:
    """Placed, taken off and placed again: with the UID it had, and each time with a higher sequence."""
    round_ = negotiation.round
    assert round_ is not None
    slots = [
        Slot.objects.create(
            county=round_.county,
            round=round_,
            starts_at=clock(date(THIS_YEAR, 10, day), 9),
            ends_at=clock(date(THIS_YEAR, 10, day), 12),
        )
        for day in (5, 6)
    ]
    rows = Negotiation.objects.filter(pk=negotiation.pk)
    seen = [sequence_of(negotiation)]
    board.place(negotiation, slots[0], expected=None, by=coordinator)
    seen.append(sequence_of(negotiation))
    board.take_off(negotiation, expected=slots[0].pk, by=coordinator)
    assert reading.meetings_of(round_.county, rows) == []
    board.place(negotiation, slots[1], expected=None, by=coordinator)
    (meeting,) = reading.meetings_of(round_.county, rows)
    assert [*seen, meeting.sequence] == [seen[0], seen[0] + 1, seen[0] + 3]
    assert meeting.uid == negotiation.calendar_uid and meeting.timing.starts_at == slots[1].starts_at


@pytest.mark.usefixtures("in_scope")
def test_no_door_changes_a_calendar_silently(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    """Whatever changes what a calendar shows raises the sequence: changing places, undoing, another rule of times."""
    rule = SlotRule(IsoWeek(THIS_YEAR, 41), IsoWeek(THIS_YEAR, 42), (4,), (Hours(time(9), time(12)),))
    change_rule(round_, rule, choices={}, by=coordinator)
    first, second = Slot.objects.filter(round=round_)
    rows = [planned_on(round_, [place], date(THIS_YEAR, 9, 24)) for place in (hankasalmi, joutsa)]
    mine, other = rows
    board.take_off(mine, expected=None, by=coordinator)
    board.take_off(other, expected=None, by=coordinator)
    at_ten = replace(rule, hours=(Hours(time(10), time(12)),))

    def shown() -> dict[int, Meeting]:
        found = (reading.meetings_of(row.county, Negotiation.objects.filter(pk=row.pk)) for row in rows)
        return {number: meeting for number, meetings in enumerate(found) for meeting in meetings}

    def swap() -> None:
        move = board.place(mine, second, expected=first.pk, occupant=other.pk, by=coordinator)
        moved.append(move.back)

    def hold() -> None:
        conduct.convene(mine, by=coordinator)
        day = date(THIS_YEAR, 10, 1)
        conduct.hold(mine, timing=timing(day), by=coordinator, at=clock(day, 13))

    moved: list[Any] = []
    doors: list[Callable[[], object]] = [
        lambda: board.place_all(round_, {mine.pk: first.pk, other.pk: second.pk}, by=coordinator),
        swap,
        lambda: board.take_back(moved[-1], by=coordinator),
        lambda: change_rule(round_, at_ten, choices={row.pk: Choice.TAKE for row in rows}, by=coordinator),
        lambda: planning.change(Negotiation.objects.get(pk=mine.pk), fields=["bases"], bases=BOTH, by=coordinator),
        lambda: change(Negotiation.objects.get(pk=mine.pk), coordinator, language="sv"),
        hold,
    ]
    before = shown()
    for number, door in enumerate(doors):
        door()
        after = shown()
        assert after[0] != before.get(0), number
        for row, meeting in after.items():
            if row in before and meeting != before[row]:
                assert meeting.sequence > before[row].sequence, (number, row)
        before = after


@pytest.mark.usefixtures("in_scope")
def test_the_sequence_of_a_stage(round_: Round, coordinator: User) -> None:
    """Rises with its own changes alone."""
    when = (date(THIS_YEAR, 3, 1), date(THIS_YEAR, 3, 31))
    first, second = (
        keeping.add_stage(round_, RoundStage(name=name), when, by=coordinator) for name in ("Raportit", "Tiivistelmä")
    )
    other_round = make_round(round_.county, name="Toinen")
    keeping.add_stage(other_round, RoundStage(name="Muu"), when, by=coordinator)

    def seen() -> list[int]:
        return [stage.sequence for stage in reading.stages_of(round_.county, round_)]

    assert seen() == [0, 0]
    before = reading.stages_of(round_.county, round_)
    keeping.change_stage(first, (when[0], date(THIS_YEAR, 4, 30)), fields=[], by=coordinator)
    assert seen() == [1, 0]
    keeping.mark_done(first, by=coordinator, on=date(THIS_YEAR - 1, 4, 30))
    record(round_, "changed", by=coordinator, fields=["description"])
    assert seen() == [2, 0]
    after = reading.stages_of(round_.county, round_)
    assert [stage.uid for stage in before] == [stage.uid for stage in after]
    assert after[0].changed_at > before[0].changed_at and after[1] == before[1]
    keeping.change_stage(second, None, fields=[], by=coordinator)
    assert seen() == [2]


@pytest.mark.usefixtures("in_scope")
def test_what_no_calendar_shows_leaves_the_sequence(negotiation: Negotiation, coordinator: User) -> None:
    """A chair, a case number, somebody who takes part."""
    before = reading.revisions_of([negotiation.pk])
    change(negotiation, coordinator, chair="Puheenjohtaja", case_number="123/2026")
    record(negotiation, "people_added", by=coordinator, count=1)
    assert reading.revisions_of([negotiation.pk]) == before


@pytest.mark.usefixtures("in_scope")
def test_history_that_is_entered_late_counts_from_when_it_was_entered(
    negotiation: Negotiation, coordinator: User
) -> None:
    """A calendar that has read the file before must take the newer one for newer."""
    before = reading.revisions_of([negotiation.pk])[negotiation.pk]
    conduct.convene(negotiation, by=coordinator, at=datetime(2022, 1, 1, tzinfo=UTC))
    after = reading.revisions_of([negotiation.pk])[negotiation.pk]
    assert after.changed_at > before.changed_at and after.sequence == before.sequence + 1


@pytest.mark.usefixtures("in_scope")
def test_one_without_events_has_a_time_of_change_all_the_same(round_: Round, joutsa: Municipality) -> None:
    """DTSTAMP is required."""
    row = make_negotiation(round_, [joutsa])
    (meeting,) = reading.meetings_of(row.county, Negotiation.objects.filter(pk=row.pk))
    assert (meeting.sequence, meeting.changed_at) == (0, reading.BEFORE_ANY)


@pytest.mark.usefixtures("in_scope")
def test_a_group_that_is_renamed_renames_its_negotiation_in_calendars(
    round_: Round, joutsa: Municipality, luhanka: Municipality, coordinator: User
) -> None:
    """With an event of the negotiation, which its log tells too; another that has an own title stays as it is."""
    county = round_.county
    group = MunicipalityGroup.objects.create(county=county, year=THIS_YEAR, name="Joutsa, Luhanka", position=1)
    group.municipalities.set([joutsa, luhanka])
    named, own = (
        planning.plan(
            Negotiation(county=county, round=round_, title=title, group=group),
            timing=timing(date(THIS_YEAR, 9, day)),
            bases=[LegalBasis.WELFARE],
            by=coordinator,
        )
        for day, title in ((1, "Joutsa, Luhanka"), (2, "Oma nimi"))
    )
    before = sequence_of(named), sequence_of(own)
    now = division_of(THIS_YEAR)
    divide(county, THIS_YEAR, Division({group.pk: "Etelä"}, now.places), by=coordinator)
    assert Negotiation.objects.get(pk=named.pk).title == "Etelä"
    assert (sequence_of(named), sequence_of(own)) == (before[0] + 1, before[1])
    assert log_of([named])[-1].words == "Coordinator muutti tietoja: otsikko."


# --- One negotiation ----------------------------------------------------------------------------------------------


def download(client: Client, row: Negotiation) -> Any:
    """Ask for the file of a negotiation."""
    return client.get(reverse("negotiation_calendar", args=["keski-suomi", row.pk]))


def test_download(
    negotiation: Negotiation, editor: User, coordinator: User, client_for: ClientFor, settings: Settings
) -> None:
    """Whoever sees the negotiation has its file; cancelled, it takes the event out of the calendar."""
    client = client_for(editor)
    response = download(client, negotiation)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert response.headers["Content-Disposition"] == f'attachment; filename="neuvottelu-{THIS_YEAR}-09-24.ics"'
    assert response.headers["Cache-Control"] == "private, no-store"
    (event,) = check(response.content).values()
    assert value_of(event, "UID") == f"{negotiation.calendar_uid}@hyte"
    assert value_of(event, "URL") == f"{settings.SITE_URL}/keski-suomi/neuvottelut/{negotiation.pk}/"
    with scope(county=negotiation.county):
        conduct.cancel(negotiation, reason="Soita maija@example.fi.", by=coordinator)
    cancelled = download(client, negotiation)
    assert cancelled.headers["Content-Type"].endswith("method=CANCEL")
    (last,) = check(cancelled.content).values()
    assert b"\r\nMETHOD:CANCEL\r\n" in cancelled.content and b"maija@example.fi" not in cancelled.content
    assert int(value_of(last, "SEQUENCE")) > int(value_of(event, "SEQUENCE"))
    assert value_of(last, "UID") == value_of(event, "UID")


def test_the_page_leads_to_the_file(negotiation: Negotiation, editor: User, client_for: ClientFor) -> None:
    """On each tab; where only the month is known, it says when one can be had, and the file is refused."""
    client, page = client_for(editor), reverse("negotiation", args=["keski-suomi", negotiation.pk])
    assert "Lisää kalenteriin" in client.get(page).content.decode()
    assert f"/neuvottelut/{negotiation.pk}/kalenteri.ics" in client.get(page).content.decode()
    with scope(county=negotiation.county):
        Timing.in_months(date(THIS_YEAR, 9, 1), date(THIS_YEAR, 10, 1)).put_on(negotiation)
        negotiation.save()
    shown = client.get(page).content.decode()
    assert "Kalenteriin voi lisätä, kun päivä on tiedossa" in shown and "kalenteri.ics" not in shown
    response = download(client, negotiation)
    assert response.status_code == 409
    assert "Neuvottelun päivä ei ole vielä tiedossa" in response.content.decode()


def test_others_have_no_file(negotiation: Negotiation, second_editor: User, client_for: ClientFor) -> None:
    """As they have no page."""
    assert download(client_for(second_editor), negotiation).status_code == 404


# --- Making and revoking addresses -----------------------------------------------------------------------------------


def made_by(client: Client, holds: str, **more: str) -> Any:
    """Send the form of the page."""
    return client.post(reverse("calendars", args=["keski-suomi"]), {"holds": holds, **more})


def address_in(response: Any) -> str:
    """Return the path of the address that an answer shows."""
    found = re.search(r"https?://\S+?(/kalenteri/[0-9a-f]{64}\.ics)", response.content.decode())
    assert found
    return found[1]


def test_an_address_is_shown_once(
    negotiation: Negotiation, editor: User, client_for: ClientFor, caplog: pytest.LogCaptureFixture
) -> None:
    """In the answer to the form; the database has its SHA-256, the list tells when it was read, the log hides it."""
    client, page = client_for(editor), reverse("calendars", args=["keski-suomi"])
    response = made_by(client, "own")
    assert response.status_code == 200 and response.headers["Cache-Control"] == "private, no-store"
    path = address_in(response)
    token = path.removeprefix("/kalenteri/").removesuffix(".ics")
    assert token not in client.get(page).content.decode()
    with scope(county=negotiation.county):
        feed = CalendarFeed.objects.get()
        assert feed.token_hash == feeds.hash_of(token) and feed.read_at is None
        assert token not in str(Event.objects.values_list("payload", flat=True))
    assert "ei vielä" in client.get(page).content.decode()
    with caplog.at_level(logging.INFO):
        assert Client().get(path).status_code == 200
        logging.getLogger("gunicorn.access").info('"GET %s HTTP/1.1" 200', path)
        logging.getLogger("django.request").warning("Not Found: %s?x=1", path)
    # As the settings and hyte.wsgi have it filtered.
    for line in caplog.records:
        WithoutSecrets().filter(line)
    assert token not in " ".join(line.getMessage() for line in caplog.records)
    assert "/kalenteri/…" in " ".join(line.getMessage() for line in caplog.records)
    assert "ei vielä" not in client.get(page).content.decode()


def test_the_same_form_sent_twice_makes_one_address(
    negotiation: Negotiation,
    editor: User,
    second_editor: User,
    keski_uusimaa: County,
    mantsala: Municipality,
    client_for: ClientFor,
) -> None:
    """A page that is loaded anew shows it again; another choice, form, user and county have their own."""
    client = client_for(editor)
    seed = "0123456789abcdef0123456789abcd"
    first, second = (address_in(made_by(client, "own", seed=seed)) for _ in range(2))
    place = Municipality.objects.get(area__code="077").pk
    others = {
        address_in(made_by(client, f"municipality-{place}", seed=seed)),
        address_in(made_by(client, "own", seed=seed[::-1])),
        address_in(made_by(client, "own")),
        address_in(made_by(client, "own", seed="../" + "x" * 999)),
        address_in(made_by(client_for(second_editor), "own", seed=seed)),
    }
    assert first == second and len(others | {first}) == 6
    with scope(county=negotiation.county):
        assert CalendarFeed.objects.count() == 6
        feeds.revoke(CalendarFeed.objects.earliest("pk"), by=editor)
    editor.memberships.create(county=keski_uusimaa, municipality=mantsala, role=editor.memberships.get().role)
    elsewhere = client.post(reverse("calendars", args=["keski-uusimaa"]), {"holds": "own", "seed": seed})
    assert elsewhere.status_code == 200 and address_in(elsewhere) not in others | {first}
    refused = made_by(client, "own", seed=seed)
    assert refused.status_code == 409 and "poistettu käytöstä" in refused.content.decode()


@pytest.mark.parametrize(
    ("role", "offered", "not_offered"),
    [
        ("coordinator", ["own", "county", "municipality-077", "municipality-172", "round-"], []),
        ("editor", ["own", "municipality-077", "round-"], ["county", "municipality-172"]),
        ("reader", ["own", "municipality-077", "round-"], ["county", "municipality-172"]),
    ],
)
def test_who_may_make_what(
    role: str,
    offered: list[str],
    not_offered: list[str],
    negotiation: Negotiation,
    joutsa: Municipality,
    client_for: ClientFor,
    request: pytest.FixtureRequest,
) -> None:
    """What is not offered is not taken either."""
    client = client_for(request.getfixturevalue(role))
    page = client.get(reverse("calendars", args=["keski-suomi"])).content.decode()

    def choice(code: str) -> str:
        kind, _, of = code.partition("-")
        if kind == "municipality":
            return f"municipality-{Municipality.objects.get(area__code=of).pk}"
        return f"round-{negotiation.round_id}" if kind == "round" else code

    for code in offered:
        assert f'value="{choice(code)}"' in page
        assert Client().get(address_in(made_by(client, choice(code)))).status_code == 200
    for code in not_offered:
        assert f'value="{choice(code)}"' not in page
        assert made_by(client, choice(code)).status_code == 422


def test_a_round_leads_to_its_own_choice(negotiation: Negotiation, editor: User, client_for: ClientFor) -> None:
    """By the address; what cannot be chosen is left unchosen."""
    client, page = client_for(editor), reverse("calendars", args=["keski-suomi"])
    choice = f"round-{negotiation.round_id}"
    assert f'value="{choice}" selected' in client.get(page, {"sisalto": choice}).content.decode()
    for wrong in ("round-1", "county", "\x00", "x" * 5000):
        response = client.get(page, {"sisalto": wrong})
        assert (
            response.status_code == 200
            and " selected"
            not in re.sub(r"(?s)<(nav|footer|header).*?</\1>", "", response.content.decode())
            .split("holds")[-1]
            .split("</select>")[0]
        )


@pytest.mark.parametrize("holds", ["", "board", "round-", "round-1-2", "municipality-999999999999999999999", "\x00"])
def test_what_is_no_choice_is_refused(
    holds: str, negotiation: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """With words, and no address is made."""
    response = made_by(client_for(coordinator), holds)
    assert response.status_code == 422 and "alenterin sisältö" in response.content.decode()
    with scope(county=negotiation.county):
        assert not CalendarFeed.objects.exists()


def test_no_more_than_so_many_in_an_hour(negotiation: Negotiation, editor: User, client_for: ClientFor) -> None:
    """The next one is refused, and nothing is made."""
    client = client_for(editor)
    for _ in range(30):
        assert made_by(client, "own").status_code == 200
    assert made_by(client, "own").status_code == 409


def test_revoking(
    negotiation: Negotiation,
    coordinator: User,
    editor: User,
    second_editor: User,
    client_for: ClientFor,
) -> None:
    """One's own; any by the coordinator, who sees whose each is; and not for others, nor twice."""
    paths = [address_in(made_by(client_for(user), "own")) for user in (editor, editor, second_editor)]
    with scope(county=negotiation.county):
        first, second, third = CalendarFeed.objects.order_by("pk")

    def revoke(user: User, feed: CalendarFeed) -> int:
        address = reverse("calendar_revoke", args=["keski-suomi", feed.pk])
        return client_for(user).post(address).status_code

    page = reverse("calendars", args=["keski-suomi"])
    assert revoke(second_editor, first) == 404
    assert revoke(editor, first) == 302
    assert revoke(editor, first) == 404
    with scope(county=negotiation.county), pytest.raises(NotAllowedNow, match="jo poistettu"):
        feeds.revoke(first, by=editor)
    assert [Client().get(path).status_code for path in paths] == [404, 200, 200]
    assert client_for(editor).get(page).content.decode().count("Poista osoite käytöstä") == 1
    seen = client_for(coordinator).get(page).content.decode()
    assert seen.count("Poista osoite käytöstä") == 2
    assert str(editor) in seen and str(second_editor) in seen
    assert revoke(coordinator, third) == 302
    assert [Client().get(path).status_code for path in paths] == [404, 200, 404]
    with scope(county=negotiation.county):
        told = [happened.words for happened in log_of([third])]
        assert second.revoked_at is None and CalendarFeed.objects.get(pk=third.pk).revoked_at is not None
    assert told == [
        "Second teki kalenterin salaisen osoitteen.",
        "Coordinator poisti käytöstä kalenterin salaisen osoitteen.",
    ]


def test_the_page_costs_the_same_for_one_and_three(
    negotiation: Negotiation, coordinator: User, client_for: ClientFor
) -> None:
    """However many addresses there are."""
    client, page, spent = client_for(coordinator), reverse("calendars", args=["keski-suomi"]), []
    for count in (1, 2):
        for _ in range(count):
            made_by(client, f"round-{negotiation.round_id}")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        spent.append(len(queries))
    assert spent[0] == spent[1] <= 12, spent


# --- What is behind an address ---------------------------------------------------------------------------------------


@pytest.fixture
def feed_of(keski_suomi: County) -> Callable[..., str]:
    """Make an address through its door; return its path."""

    def make(user: User, kind: str = Kind.OWN, **of: object) -> str:
        token = uuid4().hex
        with scope(county=keski_suomi):
            feeds.make(keski_suomi, kind, token=token, by=user, **of)  # type: ignore[arg-type]
        return reverse("calendar_feed", args=[token])

    return make


FeedOf = Callable[..., str]


def uids_at(path: str) -> set[str]:
    """Return the UIDs of the calendar at a path, which is read without a session and checked."""
    response = Client().get(path)
    assert response.status_code == 200
    read_back(response.content)
    return set(check(response.content))


def test_what_each_holds(
    negotiation: Negotiation,
    round_: Round,
    joutsa: Municipality,
    hankasalmi: Municipality,
    coordinator: User,
    editor: User,
    feed_of: FeedOf,
) -> None:
    """What its maker may see: of this year and the last, cancelled ones too; of a round all of it, with its stages."""
    with scope(county=round_.county):
        other = planned_on(round_, [joutsa], date(THIS_YEAR, 9, 25))
        last_year = planned_on(round_, [hankasalmi], date(THIS_YEAR - 1, 1, 1))
        too_old = planned_on(round_, [hankasalmi], date(THIS_YEAR - 2, 12, 31))
        cancelled = planned_on(round_, [hankasalmi, joutsa], date(THIS_YEAR, 9, 26))
        conduct.cancel(cancelled, reason="Este.", by=coordinator)
        elsewhere = planned_on(make_round(round_.county, name="Toinen"), [joutsa], date(THIS_YEAR + 1, 1, 2))
        of_month = make_negotiation(round_, [hankasalmi], day=date(THIS_YEAR, 11, 1))
        Timing.in_months(date(THIS_YEAR, 11, 1), date(THIS_YEAR, 11, 1)).put_on(of_month)
        of_month.save()
        stage = round_.stages.create(
            county=round_.county,
            position=1,
            name="Raportit",
            earliest=date(THIS_YEAR, 3, 1),
            latest=date(THIS_YEAR, 4, 30),
        )
        round_.stages.create(county=round_.county, position=2, name="Päivä avoin")

    def uids(*rows: Negotiation) -> set[str]:
        return {f"{row.calendar_uid}@hyte" for row in rows}

    of_stage = {f"round-{round_.pk}-stage-{stage.pk}.keski-suomi@hyte"}
    hers = uids(negotiation, last_year, cancelled)
    assert uids_at(feed_of(editor)) == hers
    assert uids_at(feed_of(editor, Kind.MUNICIPALITY, municipality=hankasalmi)) == hers
    assert uids_at(feed_of(coordinator, Kind.MUNICIPALITY, municipality=joutsa)) == uids(other, cancelled, elsewhere)
    everything = hers | uids(other, elsewhere)
    assert uids_at(feed_of(coordinator)) == uids_at(feed_of(coordinator, Kind.COUNTY)) == everything
    of_round = hers | uids(too_old)
    assert uids_at(feed_of(editor, Kind.ROUND, round_=round_)) == of_round | of_stage
    assert uids_at(feed_of(coordinator, Kind.ROUND, round_=round_)) == of_round | of_stage | uids(other)
    content = Client().get(feed_of(editor)).content.decode()
    assert content.count("STATUS:CANCELLED") == 1
    assert "X-WR-CALNAME:Omat neuvottelut: Keski-Suomen hyvinvointialue" in content.replace("\r\n ", "")


def test_the_makers_access_is_judged_anew_each_time(
    negotiation: Negotiation,
    hankasalmi: Municipality,
    joutsa: Municipality,
    coordinator: User,
    editor: User,
    feed_of: FeedOf,
) -> None:
    """Who has left, has another role or another municipality has no more than they have on the site."""
    own, place = feed_of(editor), feed_of(editor, Kind.MUNICIPALITY, municipality=hankasalmi)
    of_round = feed_of(editor, Kind.ROUND, round_=negotiation.round)
    county = feed_of(coordinator, Kind.COUNTY)

    def statuses() -> list[int]:
        return [Client().get(path).status_code for path in (own, place, of_round, county)]

    assert statuses() == [200, 200, 200, 200]
    membership = editor.memberships.get()
    membership.municipality = joutsa
    membership.save()
    assert statuses() == [200, 404, 200, 200] and uids_at(own) == set()
    membership.ends_on = timezone.localdate() - timedelta(days=1)
    membership.save()
    assert statuses() == [404, 404, 404, 200]
    coordinator.memberships.update(role=Membership.Role.BOARD_MEMBER)
    assert statuses() == [404] * 4
    coordinator.memberships.update(role=Membership.Role.COORDINATOR)
    assert statuses() == [404, 404, 404, 200]
    coordinator.is_active = False
    coordinator.save()
    assert statuses() == [404] * 4


def test_a_board_member_has_no_page_and_no_calendar(
    negotiation: Negotiation, board_member: User, client_for: ClientFor, feed_of: FeedOf
) -> None:
    """Nor is the link in their menu."""
    client = client_for(board_member)
    assert client.get(reverse("calendars", args=["keski-suomi"])).status_code == 403
    assert "/kalenterit/" not in client.get(reverse("county_home", args=["keski-suomi"])).content.decode()
    assert all(
        Client().get(feed_of(board_member, kind, **of)).status_code == 404
        for kind, of in ((Kind.OWN, {}), (Kind.COUNTY, {}), (Kind.ROUND, {"round_": negotiation.round}))
    )


def test_one_who_is_something_elsewhere_only(
    negotiation: Negotiation, editor: User, keski_uusimaa: County, mantsala: Municipality, feed_of: FeedOf
) -> None:
    """Another county's role opens nothing here."""
    path = feed_of(editor)
    editor.memberships.update(county=keski_uusimaa, municipality=mantsala)
    assert Client().get(path).status_code == 404


def test_headers(negotiation: Negotiation, editor: User, feed_of: FeedOf) -> None:
    """For the one who asked alone, to be asked about each time, and found by nobody."""
    response = Client().get(feed_of(editor))
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Content-Language"] == "fi"
    assert not response.cookies


def test_unchanged_is_told_in_one_line(
    negotiation: Negotiation, coordinator: User, editor: User, feed_of: FeedOf
) -> None:
    """By the ETag or by the time; a change, a removal and a lost right are all changes."""
    path, client = feed_of(editor), Client()

    def validators() -> tuple[dict[str, str], dict[str, str]]:
        headers = client.get(path).headers
        return {"If-None-Match": headers["ETag"]}, {"If-Modified-Since": headers["Last-Modified"]}

    def unchanged(*asked: dict[str, str]) -> list[int]:
        return [client.get(path, headers=one).status_code for one in asked]

    by_tag, by_time = validators()
    response = client.get(path, headers=by_tag)
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == by_tag["If-None-Match"]
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert unchanged(by_tag, by_time, {"If-None-Match": '"other"'}) == [304, 304, 200]
    with scope(county=negotiation.county):
        conduct.convene(negotiation, by=coordinator)
    assert unchanged(by_tag, by_time) == [200, 200]
    by_tag, by_time = validators()
    assert unchanged(by_tag, by_time) == [304, 304]
    # Nothing is left that could tell of a negotiation when its party has gone.
    with scope(county=negotiation.county):
        negotiation.parties.filter(municipality__isnull=False).delete()
    assert unchanged(by_tag, by_time) == [200, 200]
    assert uids_at(path) == set()


def test_head_is_as_get_and_nothing_else_is_taken(negotiation: Negotiation, editor: User, feed_of: FeedOf) -> None:
    """Programs look whether there is something new."""
    path = feed_of(editor)
    head = Client().head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == Client().get(path).headers["ETag"]
    assert [getattr(Client(), method)(path).status_code for method in ("post", "put", "delete", "patch")] == [405] * 4


def test_reading_is_noted_at_most_once_an_hour(negotiation: Negotiation, editor: User, feed_of: FeedOf) -> None:
    """Most of the time nothing is written."""
    path = feed_of(editor)

    def read_at() -> datetime | None:
        Client().get(path)
        with scope(county=negotiation.county):
            return CalendarFeed.objects.get().read_at

    first = read_at()
    assert first is not None and read_at() == first
    long_ago = timezone.now() - timedelta(hours=1, seconds=1)
    with scope(county=negotiation.county):
        CalendarFeed.objects.update(read_at=long_ago)
    second = read_at()
    assert second is not None and second > long_ago


@pytest.mark.parametrize("token", ["%00", "%ED%A0%80", "a" * 5000, "å", "' OR 1=1 --", "..%2F..", ".ics"])
@pytest.mark.django_db
def test_whatever_stands_in_the_place_of_a_token_is_unknown(token: str) -> None:
    """And nothing breaks, whatever is sent to it."""
    assert Client().get(f"/kalenteri/{token}.ics").status_code == 404


def test_guesses_are_limited_and_readers_are_not(negotiation: Negotiation, editor: User, feed_of: FeedOf) -> None:
    """A service reads many people's calendars from one address: a revoked one is no guess, and theirs stay open."""
    path, revoked = feed_of(editor), feed_of(editor)
    with scope(county=negotiation.county):
        feeds.revoke(CalendarFeed.objects.latest("pk"), by=editor)
    service = Client(REMOTE_ADDR="198.51.100.7")
    assert {service.get(revoked).status_code for _ in range(25)} == {404}
    unknown = service.get(reverse("calendar_feed", args=[uuid4().hex]))
    assert unknown.status_code == 404 and unknown.content == service.get(revoked).content
    assert unknown.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Tästä osoitteesta ei löydy kalenteria." in unknown.content.decode()
    statuses = [service.get(reverse("calendar_feed", args=[uuid4().hex])).status_code for _ in range(20)]
    assert statuses == [404] * 19 + [429]
    assert service.get(path).status_code == 200
    assert Client(REMOTE_ADDR="198.51.100.8").get(reverse("calendar_feed", args=["x"])).status_code == 404


@pytest.mark.parametrize("kind", [Kind.COUNTY, Kind.ROUND])
def test_a_calendar_costs_the_same_for_one_three_and_three_hundred(
    kind: Kind,
    negotiation: Negotiation,
    round_: Round,
    hankasalmi: Municipality,
    joutsa: Municipality,
    coordinator: User,
    feed_of: FeedOf,
) -> None:
    """At most ten queries."""
    path = feed_of(coordinator, kind, **({"round_": round_} if kind == Kind.ROUND else {}))
    day, spent = date(THIS_YEAR, 1, 1), []
    with scope(county=round_.county):
        round_.stages.create(county=round_.county, position=1, name="Raportit", earliest=day, latest=day)
    for count in (1, 3, 300):
        with scope(county=round_.county):
            for number in range(Negotiation.objects.count(), count):
                planned_on(round_, [hankasalmi, joutsa], day + timedelta(days=number))
        with CaptureQueriesContext(connection) as queries:
            response = Client().get(path)
        assert response.content.count(b"BEGIN:VEVENT") == count + (kind == Kind.ROUND)
        spent.append(len(queries))
    # The first reading is noted, with one query more.
    assert spent[1] == spent[2] == spent[0] - 1 and spent[0] <= 10, spent


def test_the_words_are_in_the_language_of_the_maker(
    negotiation: Negotiation, hankasalmi: Municipality, keski_suomi: County, feed_of: FeedOf
) -> None:
    """The calendar's name; each negotiation is told in its own language."""
    reader = make_user("svensk@example.fi", Membership.Role.MUNICIPAL_READER, keski_suomi, hankasalmi)
    reader.language = "sv"
    reader.save()
    response = Client().get(feed_of(reader, Kind.MUNICIPALITY, municipality=hankasalmi))
    text = response.content.decode().replace("\r\n ", "")
    assert "X-WR-CALNAME:Förhandlingar: Hankasalmi" in text and response.headers["Content-Language"] == "sv"
    assert "SUMMARY;LANGUAGE=fi:Hyte-neuvottelu: Hankasalmi" in text

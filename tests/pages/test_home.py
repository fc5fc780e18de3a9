"""What home shows each role, what the list pages and the duty tell, and that home stays cheap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from municipalities.access import Access, access_of
from municipalities.documents import record_download
from municipalities.models import (
    CouncilTerm,
    County,
    Document,
    Membership,
    Municipality,
    Sector,
    User,
)
from negotiations import waiting
from negotiations.followup.views import besides
from negotiations.minutes.checking import mark, open_minutes, publish, send_for_checking
from negotiations.minutes.correcting import begin as begin_correction
from negotiations.minutes.remarks import reject, remark
from negotiations.minutes.signing import sign_all
from negotiations.models import LegalBasis, Measure, Negotiation, Round, RoundStage
from negotiations.planning.availability import COUNTY, Suits
from negotiations.planning.availability.answering import answer
from negotiations.planning.availability.asking import ask as ask_parties
from negotiations.planning.board import take_off
from negotiations.planning.stages.keeping import add_stage, mark_done
from negotiations.reporting.board import freeze, open_summary, put_on_agenda
from negotiations.sitting.conduct import convene, hold
from tests.factories import make_held, make_municipality, make_negotiation, make_round
from tests.negotiations.asked import ask, make_slots, place
from tests.negotiations.test_board import MEETING
from tests.negotiations.test_checking import later
from tests.negotiations.test_views_queries import World

ClientFor = Callable[[User | None], Client]
TODAY = timezone.localdate()


def url(name: str, *args: object) -> str:
    """Return an address of the cast's county."""
    return reverse(name, args=["keski-suomi", *args])


@pytest.fixture
def round_(in_scope: County) -> Round:
    """This year's round, on both legal bases."""
    return make_round(
        in_scope,
        year=TODAY.year,
        legal_bases=list(LegalBasis),
        starts_on=TODAY - timedelta(days=60),
        ends_on=TODAY + timedelta(days=60),
    )


@pytest.fixture
def access(coordinator: User, in_scope: County) -> Access:
    """The coordinator's."""
    return access_of(coordinator, "keski-suomi")


def moment(year: int, month: int, day: int) -> datetime:
    """Return noon of a day."""
    return datetime(year, month, day, 12, tzinfo=UTC)


def in_days(days: int) -> date:
    """Return a day so many days from today."""
    return TODAY + timedelta(days=days)


def acts(access: Access) -> list[tuple[str, str]]:
    """Return what waits for the coordinator, and of what."""
    with translation.override("en"):
        return [(task.act, task.subject) for task in tasks(access, today=TODAY)]


def tasks(access: Access, *, today: date) -> list[waiting.Task]:
    """Return what waits, but for the duty: it waits only in the last quarter of a year."""
    return [task for task in waiting.desk(access, today=today).tasks if url("duty") not in task.url]


# --- What waits for the coordinator ---------------------------------------------------------------------------


def test_what_waits_of_negotiations(access: Access, round_: Round, hankasalmi: Municipality, coordinator: User) -> None:
    """Each state at each time has one thing to do, the oldest first; what is far ahead waits for nobody."""
    make_held(round_, [hankasalmi], by=coordinator, day=in_days(-20), title="Pidetty")
    convene(make_negotiation(round_, [hankasalmi], day=in_days(-5), title="Ohi"), by=coordinator)
    make_negotiation(round_, [hankasalmi], day=in_days(-2), title="Unohtunut")
    make_negotiation(round_, [hankasalmi], day=in_days(10), title="Lähellä")
    convene(make_negotiation(round_, [hankasalmi], day=in_days(11), title="Kutsuttu"), by=coordinator)
    make_negotiation(round_, [hankasalmi], day=in_days(40), title="Kaukana")
    month: dict[str, Any] = {"precision": Negotiation.Precision.MONTH, "starts_at": None, "ends_at": None}
    make_negotiation(round_, [hankasalmi], day=in_days(5), title="Kuukausi", **month | {"latest": in_days(45)})
    assert acts(access) == [
        ("Begin the minutes", "Pidetty"),
        ("Mark the negotiation as held", "Ohi"),
        ("Settle what became of the negotiation", "Unohtunut"),
        ("Fix the time of the negotiation", "Kuukausi"),
        ("Invite the parties", "Lähellä"),
    ]
    coming = [row.title for row in waiting.desk(access, today=TODAY).coming]
    assert coming == ["Kuukausi", "Lähellä", "Kutsuttu"]


def test_today_is_not_over_yet(access: Access, round_: Round, hankasalmi: Municipality, coordinator: User) -> None:
    """A negotiation of today is to be opened first of all; whether it was held is not asked before its day is over."""
    make_held(round_, [hankasalmi], by=coordinator, day=in_days(-20), title="Pidetty")
    convene(make_negotiation(round_, [hankasalmi], day=TODAY, title="Tänään"), by=coordinator)
    assert acts(access) == [("Open the sitting", "Tänään"), ("Begin the minutes", "Pidetty")]
    assert len(waiting.desk(access, today=TODAY).coming) == 1


def test_what_waits_of_minutes(access: Access, round_: Round, hankasalmi: Municipality, coordinator: User) -> None:
    """There is one thing to do at a time: remarks are answered before marks are waited for, then come signatures."""

    def waits() -> list[str]:
        return [act for act, subject in acts(access) if subject == "Pidetty"]

    held = make_held(round_, [hankasalmi], by=coordinator, day=in_days(-20), title="Pidetty")
    (minutes,) = open_minutes(held, by=coordinator)
    assert waits() == ["Send the minutes for checking"]
    minutes = send_for_checking(minutes, check_by=later(), by=coordinator)
    assert waits() == []
    check = minutes.checks.get()
    said = remark(check, None, text="Päivämäärä on väärin.", by=None)
    assert waits() == ["Answer the checkers' remarks"]
    reject(said, reason="Päivämäärä on oikein.", by=coordinator)
    minutes = mark(check, by=coordinator)
    assert waits() == ["See to the signatures"]
    minutes = sign_all(minutes, by=coordinator)
    assert waits() == ["Publish the minutes"]
    minutes = publish(minutes, by=coordinator)
    assert waits() == []
    begin_correction(minutes, by=coordinator)
    assert waits() == ["Send the correction for checking"]


def test_unsigned_minutes_can_be_published_where_the_county_does_without(
    access: Access, round_: Round, hankasalmi: Municipality, coordinator: User
) -> None:
    """Where checking is confirmation enough, nobody waits for signatures."""
    access.county.signs_minutes = False
    access.county.save(update_fields=["signs_minutes"])
    held = make_held(round_, [hankasalmi], by=coordinator, day=in_days(-20), title="Pidetty")
    minutes = send_for_checking(open_minutes(held, by=coordinator)[0], check_by=later(), by=coordinator)
    mark(minutes.checks.get(), by=coordinator)
    assert ("Publish the minutes", "Pidetty") in acts(access)


def test_what_waits_of_rounds(access: Access, round_: Round, hankasalmi: Municipality, coordinator: User) -> None:
    """A round without negotiations, and one of which all is held and the summary not begun."""
    assert acts(access) == [("Plan the negotiations", "Kierros")]
    held = make_held(round_, [hankasalmi], by=coordinator, day=in_days(-20))
    minutes = send_for_checking(open_minutes(held, by=coordinator)[0], check_by=later(), by=coordinator)
    assert ("Begin the summary", "Kierros") in acts(access)
    publish(sign_all(mark(minutes.checks.get(), by=coordinator), by=coordinator), by=coordinator)
    open_summary(round_, by=coordinator)
    assert acts(access) == [("Freeze the summary", "Kierros")]


def test_what_waits_of_planning(
    access: Access, in_scope: County, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    """A time that does not suit the party in it, parties that did not answer in time, and stages that are late."""
    round_ = make_round(in_scope, year=TODAY.year + 1, name="Tuleva", starts_on=in_days(300), ends_on=in_days(390))
    slots = make_slots(round_, 2, first=310)
    joutsa_sits = make_negotiation(round_, [joutsa], day=in_days(310), title="Joutsa")
    place(joutsa_sits, slots[0])
    asked, silent = ask(round_, hankasalmi, joutsa, by=coordinator, answer_by=in_days(0))
    # Whom the negotiation is not with may have other things to do.
    answer(asked, {slots[0].pk: Suits.NO}, "", by=coordinator)
    add_stage(round_, RoundStage(name="Kutsut"), (in_days(-9), in_days(-3)), by=coordinator)
    add_stage(round_, RoundStage(name="Kortit"), (in_days(-9), in_days(-5)), by=coordinator)
    mark_done(
        add_stage(round_, RoundStage(name="Raportit"), (in_days(-9), in_days(-7)), by=coordinator), by=coordinator
    )
    add_stage(round_, RoundStage(name="Purku"), (in_days(-9), in_days(9)), by=coordinator)

    stages = ("Look at the stages of the year", "Tuleva")
    assert acts(access) == [stages]
    with translation.override("en"):
        (late,) = tasks(access, today=TODAY)
        assert (late.since, late.why.split(",")[0]) == (in_days(-5), "2 stages are late")
        tomorrow = [(task.act, task.why) for task in tasks(access, today=in_days(1))]
    assert [act for act, _why in tomorrow] == ["Look at the stages of the year", "See who has not answered"]
    assert "1 party has not answered" in tomorrow[1][1]

    answer(silent, {slots[0].pk: Suits.NO}, "", by=coordinator)
    assert acts(access) == [stages, ("Look at the times that do not suit", "Tuleva")]
    answer(silent, {slots[0].pk: Suits.YES}, "", by=coordinator)
    assert acts(access) == [stages]
    # The core group is in every negotiation.
    (core,) = ask_parties(round_, in_days(0), "", [(COUNTY, "", "ydin@example.fi")], by=coordinator)
    answer(core, {slots[0].pk: Suits.NO}, "", by=coordinator)
    assert acts(access) == [stages, ("Look at the times that do not suit", "Tuleva")]
    take_off(joutsa_sits, expected=slots[0].pk, by=coordinator)
    assert acts(access) == [stages]


def test_a_plan_and_a_round_of_the_past_wait_for_nothing(
    access: Access, in_scope: County, hankasalmi: Municipality, coordinator: User
) -> None:
    """What is only a plan cannot be moved on; minutes that were not written before the summary are not asked for."""
    plan = make_round(in_scope, name="Suunnitelma", plan_as_of=date(2023, 9, 6))
    make_negotiation(plan, [hankasalmi])
    make_round(in_scope, name="Tyhjä vanha")
    past = make_round(in_scope, name="Vanha")
    make_held(past, [hankasalmi], by=coordinator)
    summary = freeze(open_summary(past, by=coordinator), by=coordinator)
    put_on_agenda(summary, body="Aluehallitus", on=later(), by=coordinator)
    assert acts(access) == []


def test_each_task_leads_to_a_page(
    access: Access, round_: Round, hankasalmi: Municipality, coordinator: User, client_for: ClientFor
) -> None:
    """That opens."""
    make_held(round_, [hankasalmi], by=coordinator, day=in_days(-20))
    make_negotiation(round_, [hankasalmi], day=in_days(10))
    client = client_for(coordinator)
    found = tasks(access, today=TODAY)
    assert len(found) == 2
    assert [client.get(task.url).status_code for task in found] == [200, 200]


# --- The duty -------------------------------------------------------------------------------------------------


@pytest.fixture
def terms(db: None) -> None:
    """The term in force."""
    CouncilTerm.objects.get_or_create(
        body=CouncilTerm.Body.COUNTY,
        starts_on=date(TODAY.year - 1, 6, 1),
        defaults={"ends_on": date(TODAY.year + 3, 5, 31)},
    )


@pytest.mark.parametrize(
    ("today", "waits"), [(date(2026, 9, 30), False), (date(2026, 10, 1), True), (date(2026, 12, 31), True)]
)
def test_the_duty_waits_in_the_last_quarter_of_its_period(
    today: date,
    waits: bool,
    access: Access,
    in_scope: County,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    coordinator: User,
    client_for: ClientFor,
) -> None:
    """With whom nothing is planned, and who stayed away; not with whom it was met or is planned, and not all year."""
    round_ = make_round(in_scope, year=2026, starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 31))
    held = make_negotiation(round_, [hankasalmi, joutsa], day=date(2026, 5, 4), bases=[LegalBasis.WELFARE])
    convene(held, by=coordinator, at=moment(2026, 4, 4))
    away = held.parties.get(municipality=hankasalmi)
    hold(held, stayed_away=[away], by=coordinator, at=moment(2026, 5, 4))
    kinnula = make_municipality(in_scope, "256", "Kinnula", 1500)
    make_negotiation(round_, [kinnula], day=date(2026, 12, 31), bases=[LegalBasis.WELFARE])
    with translation.override("en"):
        found = [task for task in waiting.desk(access, today=today).tasks if url("duty") in task.url]
    told = [("Agree on a new negotiation", "Hankasalmi"), ("Agree on a negotiation", "Luhanka")]
    assert sorted((task.act, task.subject) for task in found) == (sorted(told) if waits else [])
    for task in found:
        assert "31 December 2026" in task.why
        assert client_for(coordinator).get(task.url).status_code == 200


def test_home_counts_the_duty(
    terms: None,
    round_: Round,
    hankasalmi: Municipality,
    joutsa: Municipality,
    luhanka: Municipality,
    coordinator: User,
    client_for: ClientFor,
) -> None:
    """For each legal basis how many of how many, and who is missing."""
    make_held(round_, [hankasalmi], by=coordinator, day=TODAY, bases=[LegalBasis.WELFARE])
    page = client_for(coordinator).get(url("county_home"))
    found = {row.coverage.basis: (row.coverage.done, row.coverage.total) for row in page.context["duty"]}
    assert found == {LegalBasis.COOPERATION: (0, 3), LegalBasis.WELFARE: (1, 3)}
    text = page.content.decode()
    assert "1 / 3" in text and "Joutsa, Luhanka" in text
    assert url("duty") in text


def test_the_duty_of_another_year_and_as_a_file(
    terms: None,
    in_scope: County,
    hankasalmi: Municipality,
    joutsa: Municipality,
    coordinator: User,
    client_for: ClientFor,
) -> None:
    """The year is in the address, also of the file; a year that is none is left alone."""
    held = make_held(make_round(in_scope), [hankasalmi], by=coordinator, day=date(2024, 9, 26))
    client = client_for(coordinator)
    page = client.get(url("duty"), {"vuosi": "2024"}).content.decode()
    assert url("negotiation", held.pk) in page and "26.9.2024" in page
    assert "26.9.2024" not in client.get(url("duty"), {"vuosi": "2024x"}).content.decode()
    for odd in ("", "0", "99999999999", "-1", "²"):
        assert client.get(url("duty"), {"vuosi": odd}).status_code == 200
    rows = client.get(url("duty"), {"vuosi": "2024", "vie": "csv"}).content.decode("utf-8-sig").splitlines()
    assert len(rows) == 3
    assert "Hankasalmi" in rows[1] and "26.9.2024" in rows[1]


def test_municipal_staff_see_the_duty_of_their_own(
    terms: None, round_: Round, hankasalmi: Municipality, joutsa: Municipality, editor: User, client_for: ClientFor
) -> None:
    """And of nobody else."""
    rows = client_for(editor).get(url("duty")).context["table"].rows
    assert [str(row.municipality) for row in rows] == ["Hankasalmi"]


# --- What has been agreed -------------------------------------------------------------------------------------


@pytest.fixture
def agreed(round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User) -> Negotiation:
    """A negotiation of Hankasalmi with a promise of the county, one of the municipality and one that is late."""
    held = make_held(round_, [hankasalmi], by=coordinator, day=in_days(-50), title="Hankasalmi")
    for text, sector, due in (
        ("Alueen lupaus", Sector.COUNTY, in_days(30)),
        ("Kunnan lupaus", Sector.MUNICIPALITY, in_days(-1)),
        ("Seurakunnan lupaus", Sector.PARISH, None),
    ):
        Measure.objects.create(
            county=round_.county,
            round=round_,
            negotiation=held,
            text=text,
            responsible_sector=sector,
            responsible="Taho",
            municipality=hankasalmi if sector == Sector.MUNICIPALITY else None,
            due_on=due,
        )
    return held


def texts(client: Client, **query: str | int) -> set[str]:
    """Return the measures that the list shows."""
    return {row.measure.text for row in client.get(url("measures"), query).context["table"].rows}


def test_what_the_county_promised_is_told_apart(agreed: Negotiation, coordinator: User, client_for: ClientFor) -> None:
    """By a tab with its number, and by filters that go together."""
    client = client_for(coordinator)
    page = client.get(url("measures"))
    assert [tab.count for tab in page.context["promised"]] == [3, 1, 1, 1]
    assert texts(client, lupaaja="alue") == {"Alueen lupaus"}
    assert texts(client, lupaaja="muut") == {"Seurakunnan lupaus"}
    assert texts(client, aika="mennyt") == {"Kunnan lupaus"}
    assert texts(client, aika="ei") == {"Seurakunnan lupaus"}
    assert texts(client, kierros=agreed.round_id or 0) == texts(client) and len(texts(client)) == 3
    assert texts(client, kunta="abc", painopiste="1' OR 1=1", kierros="999999") == texts(client)
    (late,) = [row for row in page.context["table"].rows if row.is_overdue]
    assert late.measure.text == "Kunnan lupaus"


def test_measures_are_known_by_those_who_may(
    agreed: Negotiation,
    coordinator: User,
    editor: User,
    second_editor: User,
    board_member: User,
    client_for: ClientFor,
) -> None:
    """The parties with the minutes that they check, the others once those are published; then without a link."""
    assert texts(client_for(editor)) == set()
    assert texts(client_for(second_editor)) == texts(client_for(board_member)) == set()
    minutes = send_for_checking(open_minutes(agreed, by=coordinator)[0], check_by=later(), by=coordinator)
    assert texts(client_for(board_member)) == set()
    assert len(texts(client_for(editor))) == 3
    publish(sign_all(mark(minutes.checks.get(), by=coordinator), by=coordinator), by=coordinator)
    assert len(texts(client_for(second_editor))) == len(texts(client_for(board_member))) == 3
    page = client_for(board_member).get(url("measures")).content.decode()
    assert url("negotiation", agreed.pk) not in page


def test_a_part_with_minutes_of_its_own_keeps_its_measures_until_they_are_public(
    round_: Round, hankasalmi: Municipality, coordinator: User, board_member: User, client_for: ClientFor
) -> None:
    """What was agreed in the other part, or in neither, waits for its own minutes."""
    round_.county.minutes_form = County.MinutesForm.TWO
    round_.county.save()
    held = make_held(round_, [hankasalmi], by=coordinator, bases=list(LegalBasis), day=in_days(-9))
    parts = list(held.parts.all())
    for text, item in (
        *((part.basis.name, part.items.all()[0]) for part in parts),
        ("NEITHER", None),
    ):
        Measure.objects.create(
            county=round_.county,
            negotiation=held,
            agenda_item=item,
            text=text,
            responsible_sector=Sector.COUNTY,
            responsible="Alue",
        )
    first, second = open_minutes(held, by=coordinator)
    client = client_for(board_member)
    for minutes, expected in ((first, {"COOPERATION"}), (second, {"COOPERATION", "WELFARE", "NEITHER"})):
        minutes = send_for_checking(minutes, check_by=later(), by=coordinator)
        publish(sign_all(mark(minutes.checks.get(), by=coordinator), by=coordinator), by=coordinator)
        assert texts(client) == expected


def test_the_file_holds_all_that_the_page_tells(agreed: Negotiation, coordinator: User, client_for: ClientFor) -> None:
    """Sector, municipality, due day and the parties too."""
    rows = client_for(coordinator).get(url("measures"), {"vie": "csv"}).content.decode("utf-8-sig").splitlines()
    assert len(rows) == 4
    (own,) = [row for row in rows if "Kunnan lupaus" in row]
    assert "Hankasalmi" in own and "Kunta" in own


def test_parties_that_the_title_names_are_not_told_twice(agreed: Negotiation) -> None:
    """Only the others."""
    assert besides(agreed, ["Hankasalmi", "Keski-Suomen liitto"]) == "Keski-Suomen liitto"
    assert besides(None, ["Hankasalmi"]) == "Hankasalmi"


# --- Negotiations as one list ---------------------------------------------------------------------------------


def test_negotiations_inside_rounds_and_outside_them(
    agreed: Negotiation,
    round_: Round,
    joutsa: Municipality,
    coordinator: User,
    editor: User,
    client_for: ClientFor,
) -> None:
    """All for the coordinator, filtered; their own for municipal staff."""
    outside = make_negotiation(
        round_, [joutsa], day=date(2022, 5, 5), title="Ulkopuolella", bases=[LegalBasis.COOPERATION]
    )
    Negotiation.objects.filter(pk=outside.pk).update(round=None)

    def titles(user: User, **query: str | int) -> list[str]:
        page = client_for(user).get(url("negotiations"), query)
        return [row.negotiation.title for row in page.context["table"].rows]

    assert titles(coordinator) == ["Hankasalmi", "Ulkopuolella"]
    assert titles(coordinator, kierros="ei") == ["Ulkopuolella"]
    assert titles(coordinator, kierros=round_.pk) == ["Hankasalmi"]
    assert titles(coordinator, vuosi=2022) == ["Ulkopuolella"]
    assert titles(coordinator, peruste=LegalBasis.WELFARE.value) == ["Hankasalmi"]
    assert titles(coordinator, q="joutsa") == ["Ulkopuolella"]
    assert titles(editor) == ["Hankasalmi"]


# --- Home of the others ---------------------------------------------------------------------------------------


def test_municipal_home_has_three_things_and_the_duty(
    terms: None,
    agreed: Negotiation,
    round_: Round,
    hankasalmi: Municipality,
    coordinator: User,
    editor: User,
    client_for: ClientFor,
) -> None:
    """The next negotiation, minutes to check, the municipality's measures; and how its duty stands."""
    send_for_checking(open_minutes(agreed, by=coordinator)[0], check_by=later(), by=coordinator)
    make_negotiation(round_, [hankasalmi], day=in_days(70), title="Seuraava kerta")
    page = client_for(editor).get(url("county_home"))
    text = page.content.decode()
    assert "Seuraava kerta" in text
    assert "Kunnan lupaus" in text and "Alueen lupaus" not in text
    ((_municipality, standings),) = page.context["duty"]
    assert [coverage.basis for coverage, _period, _position in standings] == list(LegalBasis)


def test_a_summary_is_new_until_it_is_downloaded(
    in_scope: County,
    hankasalmi: Municipality,
    coordinator: User,
    board_member: User,
    reader: User,
    client_for: ClientFor,
) -> None:
    """By this very user."""
    past = make_round(in_scope)
    make_held(past, [hankasalmi], by=coordinator)
    summary = freeze(open_summary(past, by=coordinator), by=coordinator)
    put_on_agenda(summary, body="Aluehallitus", on=MEETING, by=coordinator)
    client = client_for(board_member)
    assert client.get(url("county_home")).context["news"] == 1
    rows = Document.objects.filter(summaries=summary)
    rows.update(state="ready", ready_at=timezone.now(), size=1, sha256="a" * 64, lease=None, leased_until=None)
    record_download(rows.get(), user=coordinator)
    assert client.get(url("county_home")).context["news"] == 1
    record_download(rows.get(), user=board_member)
    page = client.get(url("county_home"))
    assert page.context["news"] == 0
    assert 'class="new"' not in page.content.decode()


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("coordinator", ["county_home", "rounds", "negotiations", "municipalities", "register", "measures"]),
        ("editor", ["county_home", "negotiations", "measures", "municipalities", "summaries"]),
        ("board_member", ["county_home", "summaries", "measures", "municipalities"]),
    ],
)
def test_the_menu_of_each_role_opens(
    role: str, expected: list[str], hankasalmi: Municipality, client_for: ClientFor, request: pytest.FixtureRequest
) -> None:
    """In its order; each link is a page that the role may read, and marks itself."""
    client = client_for(request.getfixturevalue(role))
    text = client.get(url("county_home")).content.decode()
    menu = text[text.index("site-nav__list") : text.index("</nav>")]
    places = [menu.index(f'href="{url(name)}"') for name in expected]
    assert places == sorted(places)
    for name in expected:
        page = client.get(url(name))
        assert page.status_code == 200, name
        text = page.content.decode()
        link = text[text.index("site-nav__list") :]
        link = link[link.index(f'href="{url(name)}"') :]
        assert link[: link.index(">")].endswith('aria-current="true"'), name


def test_help_is_for_the_roles_one_has(
    hankasalmi: Municipality, editor: User, coordinator: User, board_member: User, client_for: ClientFor
) -> None:
    """One part a role, and all parts for who has several."""

    def parts(user: User) -> set[str]:
        text = client_for(user).get(url("help")).content.decode()
        return {name for name in ("koordinaattori", "kunta", "hallitus", "kaikki") if f'id="{name}"' in text}

    assert parts(coordinator) == {"koordinaattori", "kaikki"}
    assert parts(editor) == {"kunta", "kaikki"}
    assert parts(board_member) == {"hallitus", "kaikki"}
    Membership.objects.create(
        user=editor, role=Membership.Role.BOARD_MEMBER, county=hankasalmi.county, municipality=None
    )
    assert parts(User.objects.get(pk=editor.pk)) == {"kunta", "hallitus", "kaikki"}


# --- What home costs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["coordinator", "editor", "board_member"])
def test_home_takes_fifteen_queries_at_most(
    role: str,
    terms: None,
    keski_suomi: County,
    hankasalmi: Municipality,
    coordinator: User,
    client_for: ClientFor,
    request: pytest.FixtureRequest,
) -> None:
    """With something in every list, whatever the number of rows."""
    client = client_for(request.getfixturevalue(role))
    world = World(keski_suomi, hankasalmi, coordinator)
    client.get(url("county_home"))
    for _n in range(3):
        world.grow()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url("county_home")).status_code == 200
        assert len(queries) <= 15, [query["sql"][:90] for query in queries]

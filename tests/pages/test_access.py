"""Who gets what: every address of ours by name, for every role of the cast. An address not listed fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django_scopes import scope

from municipalities.models import County, Municipality, User
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import Minutes, Negotiation, Round, Summary
from negotiations.reporting.board import freeze, open_summary, put_on_agenda
from tests.factories import make_held, make_round
from tests.negotiations.test_board import MEETING
from tests.negotiations.test_checking import later

ROLES = (
    "coordinator",
    "editor",
    "second_editor",
    "reader",
    "board_member",
    "outsider",
    "administrator",
    "anonymous",
)
# What each letter of the table stands for. "." is any answer but a refusal: the page, a redirect after a move,
# a form with errors, or a conflict.
REFUSALS = {"3": 403, "4": 404, "L": "login"}


@dataclass(frozen=True)
class Row:
    """An address: how it is asked, of what, and the answer for each role inside the county, in the order of ROLES."""

    answers: str
    method: str = "get"
    of: str = ""

    def __post_init__(self) -> None:
        """Each row has the five roles of the county; outsider, administrator and anonymous are the same for all."""
        assert len(self.answers) == 5


# In the world below, Hankasalmi (editor and reader) negotiated; its minutes are being checked; the round's summary is
# on the board's agenda and not published. The order: coordinator, editor, second editor, reader, board member.
COUNTY: dict[str, Row] = {
    "county_home": Row("....."),
    "county_style": Row("....."),
    "rounds": Row("....3"),
    "round": Row("....4", of="round"),
    "round_schedule": Row("....4", of="round"),
    "round_groups": Row("....4", of="round"),
    "round_workshops": Row("....4", of="round"),
    "negotiation": Row("..4.4", of="negotiation"),
    "municipalities": Row("....."),
    "municipality": Row(".....", of="municipality"),
    "documents": Row("....."),
    "document": Row("..4.4", of="minutes_document"),
    "document_download": Row("..4.4", of="minutes_document"),
    "document_retry": Row(".3434", "post", of="minutes_document"),
    "minutes_render": Row(".3434", "post", of="minutes"),
    "minutes_send": Row(".3434", "post", of="minutes"),
    "minutes_return": Row(".3434", "post", of="minutes"),
    "minutes_mark": Row("..434", "post", of="minutes"),
    "minutes_publish": Row(".3434", "post", of="minutes"),
    "summaries": Row("....."),
    "summary": Row(".444.", of="summary"),
    "summary_render": Row(".4443", "post", of="summary"),
    "summary_freeze": Row(".4443", "post", of="summary"),
    "summary_reopen": Row(".4443", "post", of="summary"),
    "summary_put_on_agenda": Row(".4443", "post", of="summary"),
    "summary_note": Row(".4443", "post", of="summary"),
    "summary_publish": Row(".4443", "post", of="summary"),
}
# Addresses outside any county: the answer for nobody and for everybody who has signed in.
OPEN = {"healthz": (200, 200), "home": ("login", "any"), "set_language": (302, 302)}
# Other people's address books, by the prefix of their path.
PREFIXES = ("admin/", "tili/")


@dataclass(frozen=True)
class World:
    """What the addresses are about."""

    county: County
    round: Round
    negotiation: Negotiation
    minutes: Minutes
    summary: Summary
    municipality: Municipality


@pytest.fixture
def world(keski_suomi: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality) -> World:
    """A round with one negotiation of Hankasalmi, held and being minuted, and a summary on the agenda."""
    with scope(county=keski_suomi):
        round_ = make_round(keski_suomi)
        negotiation = make_held(round_, [hankasalmi], by=coordinator)
        (minutes,) = open_minutes(negotiation, by=coordinator)
        minutes = send_for_checking(minutes, check_by=later(), by=coordinator)
        summary = freeze(open_summary(round_, by=coordinator), by=coordinator)
        summary = put_on_agenda(summary, body="Aluehallitus", on=MEETING, by=coordinator)
        minutes.refresh_from_db()
    return World(keski_suomi, round_, negotiation, minutes, summary, hankasalmi)


def address(name: str, row: Row, world: World) -> str:
    """Return the address of the row's thing."""
    kwargs: dict[str, object] = {"county": world.county.slug}
    if row.of == "municipality":
        kwargs["code"] = world.municipality.area.code
    elif row.of == "minutes_document":
        kwargs["pk"] = world.minutes.document_id
    elif row.of:
        kwargs["pk"] = getattr(world, row.of).pk
    return reverse(name, kwargs=kwargs)


def data_of(name: str, world: World) -> dict[str, object]:
    """Return what the form at the address asks for, where the answer depends on it."""
    if name != "minutes_mark":
        return {}
    with scope(county=world.county):
        return {"check": world.minutes.checks.get().pk, "outcome": "approved"}


def every_name() -> dict[str, str]:
    """Return every address of ours: its name and its pattern."""
    found: dict[str, str] = {}

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> None:
        for pattern in patterns:
            path = before + str(pattern.pattern)
            if path.startswith(PREFIXES):
                continue
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            else:
                found[pattern.name or path] = path

    walk(get_resolver().url_patterns, "")
    return found


def test_every_address_is_in_the_table() -> None:
    """One that is added must be judged here first."""
    assert set(every_name()) == set(COUNTY) | set(OPEN)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", list(COUNTY))
def test_county_address(
    name: str,
    role: str,
    world: World,
    client_for: Callable[[User | None], Client],
    request: pytest.FixtureRequest,
) -> None:
    """The answer is the table's; another county's things and an installation's administrator's are 404."""
    row = COUNTY[name]
    letter = {"outsider": "4", "administrator": "4", "anonymous": "L"}.get(role) or row.answers[ROLES.index(role)]
    user = None if role == "anonymous" else request.getfixturevalue(role)
    path = address(name, row, world)
    response = getattr(client_for(user), row.method)(path, data_of(name, world))
    if letter == "L":
        assert response.status_code == 302
        assert response.headers["Location"].startswith(reverse("account_login"))
    elif letter == ".":
        assert response.status_code in {200, 302, 409, 422}, response.status_code
        assert not response.headers.get("Location", "").startswith(reverse("account_login"))
    else:
        assert response.status_code == REFUSALS[letter]


@pytest.mark.parametrize("name", [name for name, row in COUNTY.items() if row.method == "post"])
def test_a_move_is_not_made_by_following_a_link(
    name: str, world: World, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """GET changes nothing."""
    assert client_for(coordinator).get(address(name, COUNTY[name], world)).status_code == 405


@pytest.mark.parametrize("name", list(OPEN))
def test_open_address(name: str, coordinator: User, client_for: Callable[[User | None], Client]) -> None:
    """Outside any county."""
    for user, expected in zip((None, coordinator), OPEN[name], strict=True):
        response = client_for(user).get(reverse(name))
        if expected == "login":
            assert response.headers["Location"].startswith(reverse("account_login"))
        elif expected == "any":
            assert response.status_code in {200, 302}
        else:
            assert response.status_code == expected


@pytest.mark.parametrize("slug", ["keski-uusimaa", "ei-olemassa"])
def test_another_county_and_one_that_is_not_there_look_alike(
    slug: str, keski_uusimaa: County, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """404 for both."""
    assert client_for(coordinator).get(reverse("county_home", kwargs={"county": slug})).status_code == 404


def test_ids_of_another_county_are_unknown_in_ones_own(
    world: World,
    keski_uusimaa: County,
    mantsala: Municipality,
    outsider: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """Under one's own county's address too."""
    client = client_for(outsider)
    for name, row in COUNTY.items():
        if not row.of:
            continue
        path = address(name, row, world).replace("/keski-suomi/", "/keski-uusimaa/")
        assert getattr(client, row.method)(path).status_code == 404, name


def test_admin_opens_for_the_administrator_only(
    coordinator: User, administrator: User, client_for: Callable[[User | None], Client]
) -> None:
    """Everyone else is asked to sign in."""
    path = reverse("admin:index")
    assert client_for(administrator).get(path).status_code == 200
    assert client_for(coordinator).get(path).status_code == 302
    assert client_for(None).get(path).status_code == 302


@pytest.mark.django_db
def test_nobody_signs_up(client_for: Callable[[User | None], Client]) -> None:
    """Accounts are made by an administrator."""
    response = client_for(None).post(reverse("account_signup"), {"email": "new@example.fi"})
    assert response.status_code in {200, 302, 403, 404}
    assert not User.objects.filter(email="new@example.fi").exists()

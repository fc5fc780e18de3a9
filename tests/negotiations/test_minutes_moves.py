"""Every state of minutes x every address that changes them x every role of the cast: what comes of each, exactly.

Minutes and a document that corrects them go through the same states. An address of minutes that is not here fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.core import signing as tokens
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from django_scopes import scope

from municipalities.models import County, Municipality, User
from municipalities.moves import NotAllowedNow
from municipalities.views.undoing import SALT
from negotiations.followup.measures import Agreed, Owner, Sector, add_measures
from negotiations.minutes import correcting, versions
from negotiations.minutes.attachments import add_attachments
from negotiations.minutes.checking import freeze, mark, open_minutes, publish, return_to_draft, send_for_checking
from negotiations.minutes.signing import sign_all
from negotiations.models import AgendaItem, CorrectionEntry, Minutes, MinutesRemark, MinutesSignature
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import later

State = Minutes.State
ROLES = ("coordinator", "editor", "reader", "second_editor", "board_member", "outsider", "anonymous")
STATES = (State.DRAFT, State.CHECKING, State.CHECKED, State.PUBLISHED)
# Done; refused as not allowed now, on a page of its own or on the one that keeps what was typed; refused as never
# allowed, as not to be known of; led to sign in.
DONE, NOW, KEPT, NEVER, UNKNOWN, SIGN_IN = ".", "9", "2", "3", "4", "L"
ANSWERS = {409: NOW, 422: KEPT, 403: NEVER, 404: UNKNOWN}
# Who may know of minutes in each state beside the coordinator: the parties once sent, everybody once published.
KNOWN = {
    "editor": "4333",
    "reader": "4333",
    "second_editor": "4443",
    "board_member": "4443",
    "outsider": "4444",
    "anonymous": "LLLL",
}
# What is reached through the negotiation is known of as that is: by its parties, whatever the state of the minutes.
KNOWN_BY_NEGOTIATION = KNOWN | {
    "editor": "3333",
    "reader": "3333",
    "second_editor": "4444",
    "board_member": "4444",
}


@dataclass
class World:
    """Minutes in a state, with one of everything that they are made of."""

    county: County
    minutes: Minutes
    coordinator: User

    @property
    def item(self) -> AgendaItem:
        """The first item."""
        return AgendaItem.objects.filter(part__negotiation=self.minutes.negotiation_id).earliest("position")

    def remark(self, **fields: Any) -> MinutesRemark:
        """Return a remark that is open, whatever the state: made past the rules."""
        version = versions.latest(self.minutes) or freeze(self.minutes)
        check = self.minutes.checks.earliest("pk")
        values: dict[str, Any] = {"text": "Tarkista.", "county": self.county}
        made: MinutesRemark = MinutesRemark.objects.create(version=version, check_row=check, **(values | fields))
        return made

    def sign(self) -> None:
        """Have both signatures entered, where they can be."""
        with suppress(NotAllowedNow):
            sign_all(self.minutes, by=self.coordinator)

    def token(self, name: str, /, **values: Any) -> str:
        """Return what brings back something that was removed, as the page after the removal has it."""
        url = reverse(name, args=[self.county.slug, self.minutes.pk])
        return tokens.dumps({"county": self.county.pk, "user": self.coordinator.pk, "url": url, **values}, salt=SALT)


# What is sent, and of what: arguments of the address, and the data. It may prepare what the move needs.
Sent = Callable[[World], tuple[list[Any], Mapping[str, Any]]]


def of_minutes(**data: Any) -> Sent:
    """Return what is sent to an address of the minutes."""
    return lambda world: ([world.minutes.pk], data)


def of_negotiation(**data: Any) -> Sent:
    """Return what is sent to an address of the negotiation."""
    return lambda world: ([world.minutes.negotiation_id], data)


def of_item(**data: Any) -> Sent:
    """Return what is sent to an address of the first item."""
    return lambda world: ([world.item.pk], data)


def of_check(**data: Any) -> Sent:
    """Return what is sent to an address of the first checker, who has an e-mail address."""

    def sent(world: World) -> tuple[list[Any], Mapping[str, Any]]:
        world.minutes.checks.update(email="tarkastaja@example.fi", delete_after=timezone.localdate())
        return [world.minutes.checks.earliest("pk").pk], data

    return sent


def of_signature(world: World) -> tuple[list[Any], Mapping[str, Any]]:
    """Return what is sent to the address of a signature that is waited for."""
    world.minutes.signatures.update(email="pj@example.fi", delete_after=timezone.localdate())
    return [world.minutes.signatures.get(role=MinutesSignature.Role.CHAIR).pk], {}


def of_attachment(**data: Any) -> Sent:
    """Return what is sent to an address of the attachment."""
    return lambda world: ([world.minutes.attachments.earliest("pk").pk], data)


def of_entry(**data: Any) -> Sent:
    """Return what is sent to an address of a correction."""
    return lambda world: ([world.minutes.entries.earliest("pk").pk], data)


def of_role(prepare: Callable[[World], object] | None = None, **data: Any) -> Sent:
    """Return what is sent to an address of the secretary's signature."""

    def sent(world: World) -> tuple[list[Any], Mapping[str, Any]]:
        if prepare:
            prepare(world)
        return [world.minutes.pk, "sihteeri"], data

    return sent


def marked(world: World) -> tuple[list[Any], Mapping[str, Any]]:
    """Return a mark of the latest version."""
    version = versions.latest(world.minutes)
    check = world.minutes.checks.earliest("pk").pk
    return [world.minutes.pk], {"check": check, "outcome": "approved", "version": version.number if version else ""}


def read_and_marked(world: World) -> tuple[list[Any], Mapping[str, Any]]:
    """Return the mark on the page where the minutes are read."""
    version = versions.latest(world.minutes)
    return [world.minutes.pk], {"version": version.number if version else ""}


def remarked(world: World) -> tuple[list[Any], Mapping[str, Any]]:
    """Return a comment on the whole."""
    version = versions.latest(world.minutes)
    data = {"comment": "Tarkista luvut.", "version": version.number if version else ""}
    return [world.minutes.pk, "yleista"], data


def withdrawn(world: World) -> tuple[list[Any], Mapping[str, Any]]:
    """Return the taking back of an open remark."""
    return [world.minutes.pk, world.remark().pk], {}


def rejected(world: World) -> tuple[list[Any], Mapping[str, Any]]:
    """Return a decision on an open remark."""
    return [world.remark().pk], {"decision": "reject", "reason": "Kirjattu oikein."}


def published(world: World) -> tuple[list[Any], Mapping[str, Any]]:
    """Return the publishing of what has been signed."""
    world.sign()
    return [world.minutes.pk], {}


def amended(kind: str, **texts: str) -> Sent:
    """Return the mending of a typo in the first item, or in the words of its part."""

    def sent(world: World) -> tuple[list[Any], Mapping[str, Any]]:
        pk = world.item.pk if kind == "item" else world.item.part_id
        return [world.minutes.pk, pk], {"kind": "typo", **texts}

    return sent


def added_checker(world: World) -> tuple[list[Any], Mapping[str, Any]]:
    """Return a checker for a party that has none."""
    check = world.minutes.checks.earliest("pk")
    party = check.party_id
    MinutesRemark.objects.filter(check_row=check).delete()
    check.delete()
    return [world.minutes.pk], {"party": party, "name": "Uusi"}


def restored(name: str, /, **values: Any) -> Sent:
    """Return the bringing back of what was removed."""

    def sent(world: World) -> tuple[list[Any], Mapping[str, Any]]:
        own = dict(values)
        if name == "minutes_checker_undo":
            own["party"] = added_checker(world)[1]["party"]
        return [world.minutes.pk], {"token": world.token(name, **own)}

    return sent


def uploaded(world: World) -> tuple[list[Any], Mapping[str, Any]]:
    """Return an attachment with its file."""
    return [world.minutes.pk], {"title": "Muistio", "upload": SimpleUploadedFile("muistio.txt", b"Muistio.")}


def measured(world: World) -> tuple[list[Any], Mapping[str, Any]]:
    """Return a measure for the first item."""
    data = {"agenda_item": world.item.pk, "texts": "Uusi teko.", "owner": "county"}
    return [world.minutes.negotiation_id], data


@dataclass(frozen=True)
class Row:
    """What comes of sending to an address: of minutes in each state, and of a correction in each."""

    sent: Sent
    minutes: str
    correction: str
    known: Mapping[str, str]
    method: str = "post"
    # Roles for which the answer is not that of who may only know of the minutes.
    others: Mapping[str, tuple[str, str]] | None = None

    def expected(self, role: str, number: int, *, is_correction: bool) -> str:
        """Return the answer to a role in the state of this number."""
        if role == "coordinator":
            return (self.correction if is_correction else self.minutes)[number]
        if self.others and role in self.others:
            return self.others[role][is_correction][number]
        return self.known[role][number]


row = partial(Row, known=KNOWN)
by_negotiation = partial(Row, known=KNOWN_BY_NEGOTIATION)
ENTRY = {"place": "2 §", "was": "a", "now": "c", "reason": "Virhe."}
CHECKING_ONLY = ("9.99", "9.99")
DRAFT_ONLY = (".999", ".999")
CHECKED_ONLY = ("99.9", "99.9")
# A party's editor marks and remarks as the coordinator does; of a draft they may not know.
EDITOR_CHECKS = {"editor": ("4.99", "4.99")}

TABLE: dict[str, Row] = {
    # Moves.
    "minutes_open": by_negotiation(of_negotiation(), "....", "...."),
    "minutes_send": row(of_minutes(check_by=later().isoformat()), *DRAFT_ONLY),
    "minutes_return": row(of_minutes(), *CHECKING_ONLY),
    "minutes_mark": row(marked, *CHECKING_ONLY, others=EDITOR_CHECKS),
    "minutes_publish": row(published, *CHECKED_ONLY),
    "minutes_render": row(of_minutes(), "....", "...."),
    # Writing: what belongs to a negotiation is in its own minutes, which are published where they are corrected.
    "minutes_item": by_negotiation(of_item(agreed="Sovittiin toisin."), ".222", "2222"),
    "minutes_part": by_negotiation(lambda world: ([world.item.part_id], {"opening": "Avattiin."}), ".222", "2222"),
    "minutes_paste": by_negotiation(of_negotiation(text="1 § Asia\nPuhuttiin."), ".999", "9999"),
    "quick_minutes": by_negotiation(of_negotiation(), "9999", "9999", method="get"),
    "measures_add": by_negotiation(measured, ".222", "2222"),
    "agenda_add": by_negotiation(
        lambda world: ([world.minutes.negotiation_id], {"part": world.item.part_id, "titles": "Uusi asia"}),
        ".999",
        "9999",
    ),
    # Versions.
    "minutes_amend_item": row(amended("item", title="Asia", agreed="Sovittiin toisin."), "9.99", "4444"),
    "minutes_amend_part": row(amended("part", opening="Avattiin klo 9."), "9.99", "4444"),
    "minutes_versions": row(
        of_minutes(),
        "....",
        "....",
        method="get",
        others={
            "editor": ("4...", "4..."),
            "reader": ("4...", "4..."),
            "second_editor": ("4444", "4444"),
            "board_member": ("4444", "4444"),
        },
    ),
    # Remarks and marks of the one who reads.
    "minutes_check": row(read_and_marked, *CHECKING_ONLY, others=EDITOR_CHECKS),
    "minutes_check_remark": row(remarked, *CHECKING_ONLY, others=EDITOR_CHECKS),
    "minutes_check_withdraw": row(withdrawn, *CHECKING_ONLY, others=EDITOR_CHECKS),
    "minutes_remark": row(
        rejected,
        "..99",
        "..99",
        # What checkers have said is read with the whole, by the parties.
        others={"second_editor": ("4444", "4444"), "board_member": ("4444", "4444")},
    ),
    # Checkers.
    "minutes_checker_add": row(added_checker, *DRAFT_ONLY),
    "minutes_checker_undo": row(restored("minutes_checker_undo", name="A", role="", email=""), *DRAFT_ONLY),
    "minutes_checker": row(of_check(name="Toinen", role="", email=""), *DRAFT_ONLY),
    "minutes_checker_remove": row(of_check(), *DRAFT_ONLY),
    "minutes_checker_replace": row(of_check(name="Uusi", reason="Vaihtoi tehtävää."), "..99", "..99"),
    "minutes_checker_link": row(of_check(), *CHECKING_ONLY),
    "minutes_checker_remind": row(of_check(), *CHECKING_ONLY),
    # Signatures.
    "minutes_sign": row(of_role(way="paper", signed_on=timezone.localdate().isoformat()), *CHECKED_ONLY),
    "minutes_signer": row(of_role(name="Varapuheenjohtaja", email=""), "...9", "...9"),
    "minutes_sign_back": row(of_role(World.sign), *CHECKED_ONLY),
    "minutes_signature_link": row(of_signature, *CHECKED_ONLY),
    # Corrections.
    "minutes_correct": row(of_minutes(), "99..", "9999"),
    "minutes_correction_remove": row(of_minutes(), "9999", ".999"),
    "minutes_entry_add": row(of_minutes(**ENTRY), "9999", ".999"),
    "minutes_entry_undo": row(restored("minutes_entry_undo", number=1, **ENTRY), "9999", ".999"),
    "minutes_entry": row(of_entry(**ENTRY), "9999", ".999"),
    "minutes_entry_remove": row(of_entry(), "9999", ".999"),
    # Attachments.
    "minutes_attachments_add": row(of_minutes(titles="Liite"), *DRAFT_ONLY),
    "minutes_attachment_new": row(uploaded, *DRAFT_ONLY),
    "minutes_attachments_undo": row(
        restored("minutes_attachments_undo", title="Liite", number=1, file=None, item=None, secrecy_ground=""),
        *DRAFT_ONLY,
    ),
    "minutes_attachment": row(of_attachment(title="Toinen"), *DRAFT_ONLY),
    "minutes_attachment_move": row(of_attachment(direction="down"), *DRAFT_ONLY),
    "minutes_attachment_remove": row(of_attachment(), *DRAFT_ONLY),
}
# Addresses of minutes that change nothing in them: papers made of them, files, and pages behind a link, which have
# tests of their own.
READ = {
    "negotiation_minutes",
    "minutes_papers",
    "minutes_public",
    "minutes_excerpt",
    "minutes_attachment_list",
    "minutes_attachment_file",
    "minutes_word",
    "minutes_package",
    "minutes_link",
    "minutes_link_remark",
    "minutes_link_withdraw",
}


def names_of_minutes() -> Iterator[str]:
    """Give the name of every address of minutes."""

    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            elif (pattern.name or "").startswith("negotiations_"):
                # The admin's, which looks at minutes only.
                continue
            elif "minutes" in (pattern.name or "") or "poytakirj" in str(pattern.pattern):
                yield pattern.name or str(pattern.pattern)

    yield from walk(get_resolver().url_patterns)


def test_every_address_of_minutes_is_in_the_table() -> None:
    """One that is added is judged here first; and what is judged here exists."""
    found = set(names_of_minutes())
    assert found - set(TABLE) - READ == set()
    assert found >= READ


def take_to(state: str, minutes: Minutes, by: User) -> Minutes:
    """Take minutes from a draft to a state, through their moves."""
    if state == State.DRAFT:
        return minutes
    minutes = send_for_checking(minutes, check_by=later(), by=by)
    if state == State.CHECKING:
        return minutes
    minutes = mark(minutes.checks.get(), by=by)
    return minutes if state == State.CHECKED else publish(sign_all(minutes, by=by), by=by)


def make_world(county: County, place: Municipality, by: User, state: str, *, is_correction: bool) -> World:
    """Make minutes, or a document that corrects published ones, in a state."""
    names = {"chair": "Puheenjohtaja", "secretary": "Sihteeri"}
    held = make_held(make_round(county), [place], by=by, items=1, **names)
    (minutes,) = open_minutes(held, by=by)
    add_measures([Agreed("Teko.", Owner(Sector.COUNTY))], of=held, by=by)
    add_attachments(minutes, ["Nostot"], by=by)
    if not is_correction:
        # It has been sent once and taken back, as remarks are of a version.
        minutes = return_to_draft(send_for_checking(minutes, check_by=later(), by=by), by=by)
        minutes = take_to(state, minutes, by)
        CorrectionEntry.objects.create(county=county, minutes=minutes, position=1, **(ENTRY | {"now": "b"}))
        return World(county, minutes, by)
    minutes = correcting.begin(take_to(State.PUBLISHED, minutes, by), by=by)
    correcting.add_entry(CorrectionEntry(county=county, minutes=minutes, **(ENTRY | {"now": "b"})), by=by)
    add_attachments(minutes, ["Selvitys"], by=by)
    return World(county, take_to(state, minutes, by), by)


def answer_of(client: Client, name: str, method: str, args: list[Any], data: Mapping[str, Any]) -> str:
    """Return what came of sending; with the page's own words where it is none of the answers."""
    for value in data.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    response = getattr(client, method)(reverse(name, args=args), data)
    if response.status_code == 302 and response.headers["Location"].startswith(reverse("account_login")):
        return SIGN_IN
    if response.status_code in {200, 302}:
        return DONE
    return ANSWERS.get(response.status_code, str(response.status_code))


@pytest.mark.parametrize("is_correction", [False, True], ids=["minutes", "correction"])
@pytest.mark.parametrize("state", STATES)
def test_state_and_move_and_role(
    state: str,
    is_correction: bool,
    keski_suomi: County,
    hankasalmi: Municipality,
    coordinator: User,
    client_for: Callable[[User | None], Client],
    request: pytest.FixtureRequest,
) -> None:
    """The answer is the table's, and what is refused changes no state."""
    with scope(county=keski_suomi):
        world = make_world(keski_suomi, hankasalmi, coordinator, state, is_correction=is_correction)
    clients = {role: client_for(None if role == "anonymous" else request.getfixturevalue(role)) for role in ROLES}
    wrong: dict[tuple[str, str], tuple[str, str]] = {}
    number = STATES.index(State(state))
    for name, told in TABLE.items():
        # What is prepared for a move, and what each role does, is undone before the next.
        with transaction.atomic():
            with scope(county=keski_suomi):
                args, data = told.sent(world)
            for role, client in clients.items():
                with transaction.atomic():
                    found = answer_of(client, name, told.method, [keski_suomi.slug, *args], data)
                    expected = told.expected(role, number, is_correction=is_correction)
                    if found != expected:
                        wrong[name, role] = (expected, found)
                    if found != DONE:
                        with scope(county=keski_suomi):
                            assert Minutes.objects.get(pk=world.minutes.pk).state == state, (name, role)
                    transaction.set_rollback(True)
            transaction.set_rollback(True)
    assert wrong == {}

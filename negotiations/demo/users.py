"""One user per role in two counties, and an administrator. For a demo on this machine only."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from municipalities.models import County, Membership, Municipality, User

# Known to everyone who reads this: load_demo refuses to run anywhere but on a loopback address.
PASSWORD = "hyte-esittely-2024"

Role = Membership.Role


@dataclass(frozen=True)
class Login:
    """A user of the demo."""

    email: str
    name: str
    role: Membership.Role
    county: str = ""
    municipality: str = ""


LOGINS = (
    Login("koordinaattori@keski-suomi.example", "Keski-Suomen koordinaattori", Role.COORDINATOR, "keski-suomi"),
    Login(
        "joutsa@keski-suomi.example", "Joutsan hyvinvointikoordinaattori", Role.MUNICIPAL_EDITOR, "keski-suomi", "172"
    ),
    Login(
        "hankasalmi@keski-suomi.example",
        "Hankasalmen hyvinvointikoordinaattori",
        Role.MUNICIPAL_EDITOR,
        "keski-suomi",
        "077",
    ),
    Login("lukija@keski-suomi.example", "Hankasalmen lukija", Role.MUNICIPAL_READER, "keski-suomi", "077"),
    Login("hallitus@keski-suomi.example", "Keski-Suomen aluehallituksen jäsen", Role.BOARD_MEMBER, "keski-suomi"),
    Login("koordinaattori@keski-uusimaa.example", "Keski-Uudenmaan koordinaattori", Role.COORDINATOR, "keski-uusimaa"),
    Login(
        "mantsala@keski-uusimaa.example",
        "Mäntsälän hyvinvointikoordinaattori",
        Role.MUNICIPAL_EDITOR,
        "keski-uusimaa",
        "505",
    ),
    Login("lukija@keski-uusimaa.example", "Mäntsälän lukija", Role.MUNICIPAL_READER, "keski-uusimaa", "505"),
    Login(
        "hallitus@keski-uusimaa.example", "Keski-Uudenmaan aluehallituksen jäsen", Role.BOARD_MEMBER, "keski-uusimaa"
    ),
    Login("yllapito@hyte.example", "Ylläpitäjä", Role.ADMINISTRATOR),
)


def load() -> dict[str, User]:
    """Make the users that are not there yet, and return them all by address."""
    users = {}
    # One for all: hashing takes its time on purpose, and the password is no secret.
    password = make_password(PASSWORD)
    for login in LOGINS:
        user, _made = User.objects.get_or_create(email=login.email, defaults={"name": login.name, "password": password})
        Membership.objects.get_or_create(
            user=user,
            role=login.role,
            county=County.objects.get(slug=login.county) if login.county else None,
            municipality=Municipality.objects.get(area__code=login.municipality) if login.municipality else None,
        )
        users[login.email] = user
    return users

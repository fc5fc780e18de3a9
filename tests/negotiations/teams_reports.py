"""Attendance reports as Teams gives them, made up for the tests: the new form in three languages, and the older two."""

from __future__ import annotations

from collections.abc import Sequence

TAB = "\t"
Row = Sequence[str]

ENGLISH = (
    ("1. Summary", "2. Participants", "3. In-Meeting Activities"),
    ("Meeting title", "Attended participants", "Start time", "End time", "Meeting duration"),
    ("Name", "First Join", "Last Leave", "In-Meeting Duration", "Email", "Participant ID (UPN)", "Role"),
    ("Name", "Join Time", "Leave Time", "Duration", "Email", "Role"),
)
FINNISH = (
    ("1. Yhteenveto", "2. Osallistujat", "3. Toiminta kokouksessa"),
    ("Kokouksen otsikko", "Osallistujia", "Alkamisaika", "Päättymisaika", "Kokouksen pituus"),
    (
        "Nimi",
        "Ensimmäinen liittyminen",
        "Viimeinen poistuminen",
        "Kesto kokouksessa",
        "Sähköposti",
        "Osallistujan tunnus (UPN)",
        "Rooli",
    ),
    ("Nimi", "Liittymisaika", "Poistumisaika", "Kesto", "Sähköposti", "Rooli"),
)
SWEDISH = (
    ("1. Sammanfattning", "2. Deltagare", "3. Aktiviteter under mötet"),
    ("Mötesrubrik", "Deltagare", "Starttid", "Sluttid", "Mötets längd"),
    ("Namn", "Första anslutning", "Senaste utträde", "Tid i mötet", "E-post", "Deltagar-ID (UPN)", "Roll"),
    ("Namn", "Anslutningstid", "Utträdestid", "Varaktighet", "E-post", "Roll"),
)
# One whose headings nobody has seen, but whose columns stand where Teams puts them.
UNKNOWN = (
    ("1. X", "2. Y", "3. Z"),
    ("A", "B", "C", "D", "E"),
    ("Nimi", "Eka", "Vika", "Miten kauan", "Osoite", "Tunniste", "Rooli"),
    ("Nimi", "Eka", "Vika", "Miten kauan", "Osoite", "Rooli"),
)


def person(name: str, duration: str = "1h 40m 5s", email: str = "", role: str = "Presenter") -> tuple[str, ...]:
    """Return the cells of somebody in the second section."""
    return (name, "12/1/26, 8:58:12 AM", "12/1/26, 10:38:17 AM", duration, email, email, role)


def report(people: Sequence[Row], words: tuple[Row, ...] = ENGLISH, *, divider: str = TAB) -> str:
    """Write a report of the new form: its three sections, the third with a line for each coming."""
    sections, facts, columns, activities = words
    lines: list[Row] = [(sections[0],)]
    told = ("Hyvinvointineuvottelu", str(len(people)), "12/1/26, 8:55:00 AM", "12/1/26, 10:40:00 AM", "1h 45m")
    lines += list(zip(facts, told, strict=True))
    lines += [(), (sections[1],), columns, *people, (), (sections[2],), activities]
    lines += [(one[0], one[1], one[2], one[3], one[4], one[6]) for one in people]
    return "\r\n".join(divider.join(_cell(cell, divider) for cell in line) for line in lines) + "\r\n"


def _cell(cell: str, divider: str) -> str:
    return f'"{cell}"' if divider in cell else cell


def as_teams(text: str) -> bytes:
    """Encode as Teams does: UTF-16, little end first, with the mark of it."""
    return b"\xff\xfe" + text.encode("utf-16-le")


# The older form: one line for each coming and going.
COMINGS = (
    "Full Name\tUser Action\tTimestamp\n"
    "Maija Meri\tJoined before\t4.5.2021, 8:59:23\n"
    "Olli Oja (Guest)\tJoined\t4.5.2021, 9:01:00\n"
    "Olli Oja (Guest)\tLeft\t4.5.2021, 9:03:00\n"
    "Maija Meri\tLeft\t4.5.2021, 9:30:00\n"
    "Olli Oja (Guest)\tJoined\t4.5.2021, 9:40:00\n"
    "Liisa Lahti\tJoined\t4.5.2021, 10:00:00\n"
    "Liisa Lahti\tLeft\t4.5.2021, 10:30:00\n"
)
FLAT = (
    "Nimi,Liittymisaika,Poistumisaika,Kesto,Sähköposti,Rooli\n"
    '"Meri, Maija","1.12.2026 klo 8.58.12","1.12.2026 klo 10.38.17",1 t 40 min 5 s,maija@joutsa.example,Esittäjä\n'
    "Olli Oja,1.12.2026 klo 9.00.00,1.12.2026 klo 9.45.00,,,Osallistuja\n"
)

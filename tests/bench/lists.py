"""Every page of a county that can be opened, with few rows and with many: as many queries, and not too much time.

The pages are found by their addresses, so that a new one is measured without anybody's doing. What its number stands
for is told by the words of the address before it (OF); one that stands for something unknown here is named as left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from tests.bench.asking import Site, cookie_of
from tests.bench.content import World
from tests.bench.figures import Figure, Section, median, ms

MOST_QUERIES = 12
MOST_QUERIES_AT_HOME = 15
MOST_TIMES = 4.0
# The beginning of an address below the county's → the attribute of World whose number follows it.
OF = {
    "kierrokset": "round",
    "neuvottelut": "negotiation",
    "vaiheet": "stage",
    "asialistapohjat": "template",
    "poytakirjat": "minutes",
    "yhteenvedot": "summary",
    "asiakirjat": "document",
    "toimenpiteet": "measure",
    "ryhmat": "group",
    "kuntaryhmat": "group",
    "jarjestot": "organisation",
    "organisaatiot": "organisation",
    "henkilot": "person",
    "tunnusluvut": "indicator",
    "tunnusluvut/luettelo": "indicator",
    "tunnusluvut/joukot": "indicator_set",
    "tunnusluvut/joukot/kohdat": "item",
    "tuonnit": "run",
    "kuntakortit/niput": "bundle",
}
# Home is each role's own; the other pages are at their longest for the coordinator.
ROLES = {"county_home": ("coordinator", "municipal_editor", "board_member")}
# Not pages: a file that these made-up documents do not have, a picture, and the bench's own.
NO_PAGES = {"document_download", "card_bundle_zip", "card_word", "indicator_chart", "county_empty"}
# Added to the address of a page that shows nothing without it.
ASKED = {"search": "?haku=kunta&q=kunta"}


# A page below such an address, or of any row but a round, is a form or a page of one row: told, without the limits of
# a list, except that its queries may not grow.
FORMS = {"uusi", "muokkaa", "lisaa", "tayta", "poista", "yhdista", "tuo", "taulukko"}
LISTS_OF_A_YEAR = {"cards"}
# Shows every municipality at once, of which no county has more than some twenty: measured with them by `indicators`.
# The planning board shows every time, negotiation and answer of a round at once: measured by `board`.
WHOLE = {"figures", "round_board", "round_board_state"}


@dataclass(frozen=True)
class Address:
    """A page: the name of its address, and the first part and the parameters of its route below the county's."""

    name: str
    route: str
    parameters: tuple[str, ...]

    @property
    def is_list(self) -> bool:
        """Whether this is the address of a list: of a county's rows, or of a round's."""
        parts = self.route.strip("/").split("/")
        if self.name in WHOLE or FORMS & set(parts):
            return False
        return not self.parameters or parts[0] == "kierrokset" or self.name in LISTS_OF_A_YEAR

    def path(self, world: World) -> str | None:
        """Return the address in this county; None when it is of something that is not known here."""
        values: dict[str, Any] = {}
        before = self.route.partition("/<")[0]
        for parameter in self.parameters:
            if parameter == "code":
                values[parameter] = world.own.area.code
            elif parameter == "year" and before == "kuntakortit":
                values[parameter] = world.round.year
            elif len(self.parameters) == 1 and before in OF:
                values[parameter] = getattr(world, OF[before]).pk
            else:
                return None
        return reverse(self.name, kwargs={"county": world.county.slug, **values}) + ASKED.get(self.name, "")


def addresses() -> Iterator[Address]:
    """Yield every named address below a county's."""
    for below in get_resolver().url_patterns:
        if not isinstance(below, URLResolver) or not str(below.pattern).startswith("<slug:county>/"):
            continue
        yield from _flat(below, "")


def _flat(below: URLResolver, before: str) -> Iterator[Address]:
    for entry in below.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _flat(entry, before + str(entry.pattern))
        elif isinstance(entry, URLPattern) and isinstance(entry.pattern, RoutePattern) and entry.name:
            yield Address(entry.name, before + str(entry.pattern), tuple(entry.pattern.converters))


@dataclass
class Page:
    """A page measured with few and with many rows."""

    name: str
    is_list: bool
    paths: tuple[str, str]
    cookies: tuple[str, str]
    sizes: tuple[int, int]
    queries: tuple[int, int]
    seconds: tuple[list[float], list[float]]

    @property
    def times(self) -> float:
        """How many times as long the page with many rows takes."""
        return median(self.seconds[1]) / median(self.seconds[0])

    @property
    def grows(self) -> bool:
        """Whether the page lists what there is more of."""
        return self.sizes[1] > 1.15 * self.sizes[0]

    @property
    def most_queries(self) -> int:
        """How many queries it may take."""
        return MOST_QUERIES_AT_HOME if self.name.startswith("county_home") else MOST_QUERIES

    @property
    def faults(self) -> str:
        """What is beyond its limit, in words; empty when nothing is."""
        found = []
        if self.queries[0] != self.queries[1]:
            found.append("queries grow")
        if self.is_list and max(self.queries) > self.most_queries:
            found.append(f"over {self.most_queries} queries")
        if self.is_list and self.times > MOST_TIMES:
            found.append(f"over {MOST_TIMES:.0f}x")
        return ", ".join(found)


def measure(few: World, many: World, *, repetitions: int) -> Section:
    """Open every page with few and with many rows by turns."""
    site = Site()
    pages, left_out = _pages(site, few, many)
    for _ in range(repetitions):
        for page in pages:
            for which in (0, 1):
                page.seconds[which].append(site.ask(page.paths[which], page.cookies[which]).seconds)
    lists = [page for page in pages if page.is_list and page.grows]
    home = max((max(page.queries) for page in pages if page.name.startswith("county_home")), default=0)
    others = [page for page in pages if page.is_list and not page.name.startswith("county_home")]
    worst = max(lists, key=lambda page: page.times)
    busiest = max(others, key=lambda page: max(page.queries))
    growing = [page for page in pages if page.queries[0] != page.queries[1]]
    notes = [
        f"{'page':<36}{'queries':>9}{f'{few.rows} rows':>12}{f'{many.rows} rows':>12}{'times':>8}",
        *(
            f"{page.name:<36}{'/'.join(str(n) for n in dict.fromkeys(page.queries)):>9}"
            f"{ms(median(page.seconds[0])):>12}{ms(median(page.seconds[1])):>12}{page.times:>8.2f}  {page.faults}"
            for page in sorted(pages, key=lambda page: (page not in lists, not page.grows, page.name))
        ),
        f"left out: {', '.join(left_out)}" if left_out else "nothing was left out",
    ]
    raw = {
        page.name: {
            "is_list": page.is_list,
            "queries": page.queries,
            "sizes": page.sizes,
            "grows": page.grows,
            "ms": [round(median(seconds) * 1000, 2) for seconds in page.seconds],
            "times": round(page.times, 3),
        }
        for page in pages
    }
    return Section(
        "lists",
        f"Pages with {few.rows} and with {many.rows} rows: {len(pages)}, the first {len(lists)} lists that grow",
        [
            Figure("time, many rows / few, worst list", worst.times, "x", MOST_TIMES, worst.name, raw),
            Figure("time, many rows / few, median list", median(page.times for page in lists), "x", MOST_TIMES),
            Figure("pages whose queries grow with the rows", len(growing), "pages", 0, _names(growing)),
            Figure("queries, the page with most", max(busiest.queries), "queries", MOST_QUERIES, busiest.name),
            Figure("queries, home, the role with most", home, "queries", MOST_QUERIES_AT_HOME),
        ],
        notes,
    )


def _names(pages: list[Page]) -> str:
    return ", ".join(page.name for page in pages)


def _pages(site: Site, few: World, many: World) -> tuple[list[Page], list[str]]:
    """Return the pages that open in both counties, and the names of the addresses whose rows are unknown here."""
    pages, left_out = [], []
    for address in addresses():
        if address.name in NO_PAGES:
            continue
        paths = tuple(address.path(world) for world in (few, many))
        if paths[0] is None or paths[1] is None:
            left_out.append(address.name)
            continue
        roles = ROLES.get(address.name, ("coordinator",))
        for role in roles:
            cookies = (cookie_of(few.users[role]), cookie_of(many.users[role]))
            # The first time warms templates; a move or a file is no page.
            answers = [site.ask(path, cookie) for path, cookie in zip(paths, cookies, strict=True) if path]
            if any(answer.status != 200 or not answer.content_type.startswith("text/html") for answer in answers):
                if any(answer.status >= 500 for answer in answers):
                    left_out.append(f"{address.name} (error {answers[0].status})")
                continue
            queries = [len(site.queries(path, cookie)) for path, cookie in zip(paths, cookies, strict=True) if path]
            pages.append(
                Page(
                    address.name + (f" ({role})" if len(roles) > 1 else ""),
                    address.is_list,
                    (paths[0], paths[1]),
                    cookies,
                    (answers[0].size, answers[1].size),
                    (queries[0], queries[1]),
                    ([], []),
                )
            )
    return pages, left_out

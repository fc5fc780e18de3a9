"""The best way to give negotiations slots: as many as possible, then what suits best, then the earliest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Costs = Mapping[int, Mapping[int, int]]


def best(wanted: Sequence[int], slots: Sequence[int], costs: Costs) -> dict[int, int]:
    """Return which slot each negotiation gets: the largest number of them, of those ways the one of least cost.

    `costs` tell what speaks against a slot, for the slots that a negotiation can have. Of ways that are as good, the
    one with the earliest slots is taken, so that spare times are left at the end; and of those the one in which the
    slots go to the negotiations in their order. The same is found each time.
    """
    if not wanted or not slots:
        return {}
    # These take most of a second to load, and are needed here alone.
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    # Whole numbers, that floats hold exactly: a step of cost outweighs all places in time together, and what cannot
    # be outweighs all costs together.
    step = len(slots) ** 2
    dearest = max((cost for row in costs.values() for cost in row.values()), default=0)
    impossible = (dearest + 1) * step * (min(len(wanted), len(slots)) + 1)
    matrix = np.full((len(wanted), len(slots)), float(impossible))
    place = {slot: number for number, slot in enumerate(slots)}
    for row, negotiation in enumerate(wanted):
        for slot, cost in costs[negotiation].items():
            matrix[row, place[slot]] = cost * step + place[slot]
    rows, columns = linear_sum_assignment(matrix)
    found = {
        wanted[row]: slots[column]
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if slots[column] in costs[wanted[row]]
    }
    return in_order(wanted, place, costs, found)


def in_order(wanted: Sequence[int], place: Mapping[int, int], costs: Costs, found: Mapping[int, int]) -> dict[int, int]:
    """Return the same slots given to the negotiations in their order, wherever that costs the same.

    Two of them change places if the earlier one has the later slot, or none: each change brings them nearer to their
    order, so that it ends.
    """
    given = dict(found)
    changed = True
    while changed:
        changed = False
        for number, one in enumerate(wanted):
            for other in wanted[number + 1 :]:
                mine, its = given.get(one), given.get(other)
                if not _is_better_changed(costs, place, one, mine, other, its):
                    continue
                for negotiation, slot in ((one, its), (other, mine)):
                    given.pop(negotiation, None)
                    if slot is not None:
                        given[negotiation] = slot
                changed = True
    return given


def _is_better_changed(
    costs: Costs, place: Mapping[int, int], one: int, mine: int | None, other: int, its: int | None
) -> bool:
    """Whether two negotiations, the first one first in order, can change slots at no cost, and should."""
    if its is None or its not in costs[one]:
        return False
    if mine is None:
        return costs[one][its] == costs[other][its]
    if place[mine] <= place[its] or mine not in costs[other]:
        return False
    return costs[one][its] + costs[other][mine] == costs[one][mine] + costs[other][its]


def competing(costs: Costs, given: Mapping[int, int], negotiation: int) -> tuple[list[int], list[int]]:
    """Return the negotiations that compete with one left over, with itself, and the slots they compete for.

    All slots that any of them can have are among these, and they are one fewer than the negotiations: so one is left
    over whatever is done (Hall's theorem). That holds for the largest number that can be placed.
    """
    owner = {slot: other for other, slot in given.items()}
    rivals, slots, ahead = [negotiation], dict.fromkeys(costs[negotiation]), list(costs[negotiation])
    seen = {negotiation}
    while ahead:
        rival = owner[ahead.pop(0)]
        if rival in seen:
            continue
        seen.add(rival)
        rivals.append(rival)
        fresh = [slot for slot in costs[rival] if slot not in slots]
        slots.update(dict.fromkeys(fresh))
        ahead += fresh
    return rivals, list(slots)

"""The times in which a round's negotiations can be held, from a rule rather than from a typed list."""

from negotiations.planning.slots.changing import (
    Choice,
    change_rule,
    effect_of,
    make_slots,
    mode_of,
    read,
    rule_of,
)
from negotiations.planning.slots.rules import (
    DayException,
    ExceptionKind,
    Hours,
    IsoWeek,
    RuleDay,
    RuleError,
    SlotRule,
    days_of,
    slot_times,
)

__all__ = [
    "Choice",
    "DayException",
    "ExceptionKind",
    "Hours",
    "IsoWeek",
    "RuleDay",
    "RuleError",
    "SlotRule",
    "change_rule",
    "days_of",
    "effect_of",
    "make_slots",
    "mode_of",
    "read",
    "rule_of",
    "slot_times",
]

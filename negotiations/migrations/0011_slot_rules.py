"""Rules of slots in a new shape: weeks with their years, several times of the day, and exceptions with reasons."""

from collections import defaultdict
from datetime import date
from functools import cache

from django.db import migrations


def _week(year, number):
    return f"{year}-W{number:02}"


@cache
def _holidays(year):
    import holidays

    return frozenset(holidays.country_holidays("FI", years=year))


def _is_holiday(day):
    return day in _holidays(day.year)


def to_new(old):
    """Return an old rule in the new shape, with exactly the same times.

    Old rules gave public holidays times too: those are days added on purpose. Two days of a week with other weekdays
    than usual, one gone and one come, are a day moved.
    """
    year, ends = old["year"], old["ends"]
    weeks_off = set(old.get("weeks_off", ()))
    own_weekdays = {int(week): set(days) for week, days in old.get("weekdays_of_week", {}).items()}
    own_starts = {date.fromisoformat(day): start for day, start in old.get("starts_on_day", {}).items()}
    usual = set(old["weekdays"])
    exceptions = []

    def tell(kind, day, **more):
        exceptions.append({"kind": kind, "day": day.isoformat(), **more})

    def own_hours(day):
        return {"hours": [[own_starts[day], ends]]} if day in own_starts else {}

    for week in range(old["first_week"], old["last_week"] + 1):
        if week in weeks_off:
            continue
        days = own_weekdays.get(week, usual)
        gone = [date.fromisocalendar(year, week, day) for day in sorted(usual - days)]
        come = [date.fromisocalendar(year, week, day) for day in sorted(days - usual)]
        while gone and come:
            to = come.pop(0)
            tell("swap", gone.pop(0), instead=to.isoformat(), **own_hours(to))
        for day in gone:
            tell("off", day)
        for day in come:
            tell("add", day, **own_hours(day))
        for day in (date.fromisocalendar(year, week, day) for day in sorted(usual & days)):
            if _is_holiday(day):
                tell("add", day, **own_hours(day))
            elif day in own_starts:
                tell("hours", day, **own_hours(day))
    return {
        "first_week": _week(year, old["first_week"]),
        "last_week": _week(year, old["last_week"]),
        "weekdays": list(old["weekdays"]),
        "hours": [[old["starts"], ends]],
        "weeks_off": [_week(year, week) for week in sorted(weeks_off) if old["first_week"] <= week <= old["last_week"]],
        "exceptions": sorted(exceptions, key=lambda one: (one["day"], one["kind"])),
        "mode": "",
    }


def to_old(new):
    """Return a new rule in the old shape; none where that cannot say it, and then the slots stay as they are.

    Reasons and the mode have no place there. Nothing but the year's own weeks, one time of the day, and the same end
    for all can be told.
    """
    (first_year, first), (last_year, last) = (_parsed(new[key]) for key in ("first_week", "last_week"))
    if first_year != last_year or len(new["hours"]) != 1:
        return None
    year, (starts, ends) = first_year, new["hours"][0]
    usual = set(new["weekdays"])
    off = {number for _year, number in map(_parsed, new.get("weeks_off", ()))}
    days = {}
    for week in range(first, last + 1):
        for weekday in sorted(usual) if week not in off else ():
            day = date.fromisocalendar(year, week, weekday)
            if not _is_holiday(day):
                days[day] = starts
    for one in new.get("exceptions", ()):
        hours = one.get("hours") or [[starts, ends]]
        if len(hours) != 1 or hours[0][1] != ends:
            return None
        day = date.fromisoformat(one["day"])
        if one["kind"] in ("off", "swap"):
            days.pop(day, None)
        if one["kind"] in ("add", "hours"):
            days[day] = hours[0][0]
        if one["kind"] == "swap":
            days[date.fromisoformat(one["instead"])] = hours[0][0]
    by_week = defaultdict(set)
    for day in days:
        day_year, week, weekday = day.isocalendar()
        if day_year != year:
            return None
        by_week[week].add(weekday)
    first, last = min([first, *by_week]), max([last, *by_week])
    return {
        "year": year,
        "first_week": first,
        "last_week": last,
        "weekdays": list(new["weekdays"]),
        "starts": starts,
        "ends": ends,
        "weeks_off": [week for week in range(first, last + 1) if not by_week[week]],
        "weekdays_of_week": {
            str(week): sorted(by_week[week])
            for week in range(first, last + 1)
            if by_week[week] and by_week[week] != usual
        },
        "starts_on_day": {day.isoformat(): start for day, start in sorted(days.items()) if start != starts},
    }


def _parsed(week):
    year, _separator, number = week.partition("-W")
    return int(year), int(number)


def _convert(apps, schema_editor, convert, mark):
    rounds = apps.get_model("negotiations", "Round").objects.using(schema_editor.connection.alias)
    for round_ in rounds.exclude(slot_rule=None).only("pk", "slot_rule"):
        # One that is in the shape already stays: a migration broken off can be begun again.
        if round_.slot_rule and mark in round_.slot_rule:
            round_.slot_rule = convert(round_.slot_rule)
            round_.save(update_fields=["slot_rule"])


def forwards(apps, schema_editor):
    _convert(apps, schema_editor, to_new, "year")


def backwards(apps, schema_editor):
    _convert(apps, schema_editor, to_old, "hours")


class Migration(migrations.Migration):
    dependencies = [("negotiations", "0010_planning_one_county")]

    operations = [migrations.RunPython(forwards, backwards)]

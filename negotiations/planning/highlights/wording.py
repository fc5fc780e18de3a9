"""What a suggestion says, in whole sentences: why, and on which figures. In the language in use."""

from __future__ import annotations

from django.utils.translation import get_language, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from indicators.figures import Direction, Measure, format_value
from indicators.models import Indicator
from negotiations.planning.highlights.rules import Evidence, Finding, Kind, Trend, Years

# Finnish inflects numbers: kolmessa kunnassa neljästä.
IN_SO_MANY = (
    pgettext_lazy("in so many municipalities", "one"),
    pgettext_lazy("in so many municipalities", "two"),
    pgettext_lazy("in so many municipalities", "three"),
    pgettext_lazy("in so many municipalities", "four"),
    pgettext_lazy("in so many municipalities", "five"),
    pgettext_lazy("in so many municipalities", "six"),
    pgettext_lazy("in so many municipalities", "seven"),
    pgettext_lazy("in so many municipalities", "eight"),
    pgettext_lazy("in so many municipalities", "nine"),
    pgettext_lazy("in so many municipalities", "ten"),
)
OUT_OF_SO_MANY = (
    pgettext_lazy("out of so many municipalities", "one"),
    pgettext_lazy("out of so many municipalities", "two"),
    pgettext_lazy("out of so many municipalities", "three"),
    pgettext_lazy("out of so many municipalities", "four"),
    pgettext_lazy("out of so many municipalities", "five"),
    pgettext_lazy("out of so many municipalities", "six"),
    pgettext_lazy("out of so many municipalities", "seven"),
    pgettext_lazy("out of so many municipalities", "eight"),
    pgettext_lazy("out of so many municipalities", "nine"),
    pgettext_lazy("out of so many municipalities", "ten"),
)


def sentences(finding: Finding, measure: Measure, *, is_example: bool) -> str:
    """Return what is said of a finding: what it is, the figures and their years, and in how many municipalities."""
    parts = [*_claim(finding, measure), *_besides(finding, measure)]
    if is_example:
        parts.append(_("(Example data.)"))
    return f"{measure.name.rstrip('.')}: " + " ".join(parts)


def _claim(finding: Finding, measure: Measure) -> list[str]:
    """What it is, the figures, and where it holds."""
    evidence, is_one = finding.evidence, len(finding.evidence.locals) == 1
    if finding.kind == Kind.WORSENING:
        what = (
            _("the figure has worsened in the municipality.")
            if is_one
            else _("the figure has worsened in the municipality group.")
        )
    elif finding.by_change:
        what = (
            _("the figure has improved in the municipality.")
            if is_one
            else _("the figure has improved in the municipality group.")
        )
    elif finding.by_places:
        places = how_many(evidence.judged(Direction.WORSE), len(evidence.told))
        what = _("the figure is weaker than in the whole county %(places)s.") % {"places": places}
        return [what, _levels(evidence, measure)]
    elif finding.kind == Kind.GAP:
        what = (
            _("the municipality’s figure is weaker than the county’s.")
            if is_one
            else _("the municipality group’s figure is weaker than the county’s.")
        )
    else:
        what = (
            _("the municipality’s figure is better than the county’s.")
            if is_one
            else _("the municipality group’s figure is better than the county’s.")
        )
    trend = evidence.trend
    if trend is not None and (finding.kind == Kind.WORSENING or finding.by_change):
        return [what, _course(evidence, trend, measure), *_of_change(evidence, trend)]
    return [what, _levels(evidence, measure), *_of_level(finding)]


def _levels(evidence: Evidence, measure: Measure) -> str:
    """The figures of the years."""
    values = {
        "when": _when(evidence.years),
        "group": _value(evidence.group, measure),
        "county": _value(evidence.county, measure),
    }
    if evidence.group is None:
        return _("It was %(county)s in the whole county %(when)s.") % values
    if len(evidence.locals) == 1:
        return _("It was %(group)s in the municipality and %(county)s in the whole county %(when)s.") % values
    return _("It was %(group)s in the municipalities together and %(county)s in the whole county %(when)s.") % values


def _course(evidence: Evidence, trend: Trend, measure: Measure) -> str:
    """The figures of then and now."""
    values = {
        "then": _when(trend.first),
        "lately": _when(trend.last),
        "before": _value(trend.before, measure),
        "now": _value(trend.now, measure),
    }
    if len(evidence.locals) == 1:
        told = _("It was %(before)s %(then)s and %(now)s %(lately)s.")
    elif trend.counted == len(evidence.locals):
        told = _("In the municipalities together it was %(before)s %(then)s and %(now)s %(lately)s.")
    else:
        told = _(
            "In those of the municipalities that have a figure of both times it was %(before)s %(then)s and"
            " %(now)s %(lately)s together."
        )
    told %= values
    if trend.county_before is None or trend.county_now is None:
        return told
    beside = _("In the whole county it was %(before)s and %(now)s at the same times.") % {
        "before": _value(trend.county_before, measure),
        "now": _value(trend.county_now, measure),
    }
    return f"{told} {beside}"


def _when(years: Years) -> str:
    if years.is_one:
        return _("in %(year)s") % {"year": years.first}
    return _("in the years %(first)s–%(last)s taken together") % {"first": years.first, "last": years.last}


def _of_level(finding: Finding) -> list[str]:
    """In how many municipalities the figure is on the side that is told of, and how many have none."""
    evidence = finding.evidence
    if len(evidence.locals) == 1:
        return []
    side = Direction.WORSE if finding.kind == Kind.GAP else Direction.BETTER
    count = evidence.on_side(side)
    parts = []
    if count:
        higher = (side == Direction.BETTER) == (evidence.polarity == Indicator.Polarity.HIGHER)
        words = (
            _("The figure is greater than the county’s %(places)s.")
            if higher
            else _("The figure is smaller than the county’s %(places)s.")
        )
        parts.append(words % {"places": how_many(count, len(evidence.told))})
    # Over several years only some of them may be lacking.
    if evidence.years.is_one and (lacking := len(evidence.locals) - len(evidence.told)):
        parts.append(
            ngettext("%(count)s municipality has no figure.", "%(count)s municipalities have no figure.", lacking)
            % {"count": lacking}
        )
    return parts


def _of_change(evidence: Evidence, trend: Trend) -> list[str]:
    """In how many municipalities the figure went the same way as together."""
    if len(evidence.locals) == 1:
        return []
    grew = trend.now > trend.before
    count = trend.risen if grew else trend.fallen
    if not count:
        return []
    words = _("The figure grew %(places)s.") if grew else _("The figure lessened %(places)s.")
    return [words % {"places": how_many(count, trend.counted)}]


def _besides(finding: Finding, measure: Measure) -> list[str]:
    """What the other kind of comparison says: how a level has gone, or how a change stands against the county."""
    evidence, trend = finding.evidence, finding.evidence.trend
    if finding.kind == Kind.WORSENING or finding.by_change:
        return _standing(finding)
    if finding.by_places or trend is None or trend.direction not in {Direction.BETTER, Direction.WORSE}:
        return []
    values = {"when": _when(trend.first), "before": _value(trend.before, measure)}
    # Of other municipalities than the figure above: not to be told as one course.
    if trend.counted != len(evidence.told):
        return []
    if finding.kind == Kind.GAP and trend.direction == Direction.WORSE:
        return [_("It has also worsened: %(when)s it was %(before)s.") % values]
    if finding.kind == Kind.GAP:
        return [_("It has improved, however: %(when)s it was %(before)s.") % values]
    return [_("It has also improved: %(when)s it was %(before)s.") % values]


def _standing(finding: Finding) -> list[str]:
    against, is_worsening = finding.evidence.against, finding.kind == Kind.WORSENING
    if against == Direction.WORSE:
        return [_("It is also weaker than the county’s.")]
    if against == Direction.BETTER:
        return [
            _("It is still better than the county’s.") if is_worsening else _("It is also better than the county’s.")
        ]
    return []


def how_many(count: int, of: int) -> str:
    """Return in how many municipalities of how many: "in three municipalities of four", "in all four municipalities".

    Raises IndexError for none of them: nothing holds in no municipality.
    """
    if not 0 < count <= of:
        raise IndexError(count)
    if of > len(OUT_OF_SO_MANY):
        return _("in %(count)s municipalities (of %(of)s compared)") % {"count": count, "of": of}
    if count == of and of > 1:
        if of == 2:
            return _("in both municipalities")
        return _("in all %(of)s municipalities") % {"of": IN_SO_MANY[of - 1]}
    values = {"count": IN_SO_MANY[count - 1], "of": OUT_OF_SO_MANY[of - 1]}
    if count == 1:
        return _("in %(count)s municipality of %(of)s") % values
    return _("in %(count)s municipalities of %(of)s") % values


def _value(value: float | None, measure: Measure) -> str:
    """Write a figure; the unit of others than percentages is in the indicator's name."""
    written = format_value(value, measure.decimals, get_language() or "fi")
    if measure.unit == Indicator.Unit.PERCENT:
        return pgettext("a percentage in a sentence", "%(number)s%%") % {"number": written}
    return written

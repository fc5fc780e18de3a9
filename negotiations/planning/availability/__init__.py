"""When the parties of a round can come: asked by a link, answered slot by slot, read by whoever plans.

`reading` tells what is known, `people` finds whom to ask, `asking` sends the links and the reminders, `answering` takes
the answers, and `overview` shows a coordinator how the inquiry stands. A link is the party's own: its token is in the
letter alone.
"""

from negotiations.planning.availability.reading import COUNTY, Availability, Suits, key_of, name_of, read

__all__ = ["COUNTY", "Availability", "Suits", "key_of", "name_of", "read"]

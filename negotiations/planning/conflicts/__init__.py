"""What is in the way of a negotiation at its time: who or what would be in two places, and what has been asked for.

Blocking conflicts make a placing impossible; warnings tell what to think of. Judged anew on each change, also when it
is the parties' answers that have changed. `values` are what they are judged by, `rules` find them, `words` tell them
and `reading` reads how a round stands.
"""

from negotiations.planning.conflicts.reading import read
from negotiations.planning.conflicts.rules import conflicts, of_placing
from negotiations.planning.conflicts.values import Conflict, Kind, Meeting, Situation, Weight

__all__ = ["Conflict", "Kind", "Meeting", "Situation", "Weight", "conflicts", "of_placing", "read"]

"""A proposal for the times of a round's negotiations: as many as can be placed, as well as can be; and why not all.

`possible` tells what can be where and how well it suits, `matching` finds the best of all ways, `reasons` tell why one
could not be placed, and `proposing` puts them together.
"""

from negotiations.planning.proposal.proposing import Placed, Proposal, Unplaced, propose
from negotiations.planning.proposal.reasons import Mend, Reason, Why

__all__ = ["Mend", "Placed", "Proposal", "Reason", "Unplaced", "Why", "propose"]

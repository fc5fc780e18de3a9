"""What is left out of the logs."""

from __future__ import annotations

import logging
import re

# Addresses whose last part opens something to whoever has it: an approver's link, that of a party that is asked which
# times suit it, that of a checker or signer of minutes, a calendar that is subscribed to, one for setting a
# password, that of a phone in a workshop, and the code by which it joined.
SECRET = re.compile(
    r"(/kuntakortin-hyvaksynta/|/sopivat-ajat/|/poytakirjan-tarkastus/|/kalenteri/|/password/reset/key/"
    # The token of a workshop's phone is long; the pages of a negotiation's workshop have short names.
    r"|/tyopaja/(?:\?(?:[^\s\"']*&)?koodi=|(?=[^/\s?\"']{24})))[^/\s?\"'&]+"
)


class WithoutSecrets(logging.Filter):
    """Tells that such an address was asked for, without what opens it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the secret out of the message; let it through."""
        message = record.getMessage()
        if SECRET.search(message):
            record.msg, record.args = SECRET.sub(r"\1…", message), None
        return True

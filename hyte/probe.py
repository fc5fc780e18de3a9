"""Asks the site how it is, from inside its container: `python -m hyte.probe http://127.0.0.1:8000/healthz/`.

The request names the host of SITE_URL, since the site refuses any other.
"""

import os
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit


def main(url: str) -> str | None:
    """Return None when the site is well, else what is wrong."""
    request = urllib.request.Request(url, headers={"Host": urlsplit(os.environ["SITE_URL"]).netloc})
    try:
        with urllib.request.urlopen(request, timeout=10):
            return None
    except urllib.error.HTTPError as error:
        return f"{error.code}: {error.read(200).decode(errors='replace')}"
    except OSError as error:
        return str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""The image's HEALTHCHECK: exit status 0 when whatever serves here can take a frame."""

import http.client
import sys

# Nuclio's processor answers on 8082 from its first moment on. Where nothing listens there, the
# container runs `auto-annotate serve`, on the port published by the image or on its own default.
ENDPOINTS = ((8082, "/ready"), (8080, "/readyz"), (8070, "/readyz"))


def why_not_ready() -> str | None:
    """Return which port does not answer as a ready function's does; None where all do."""
    for port, path in ENDPOINTS:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
        try:
            connection.request("GET", path)
            status = connection.getresponse().status
        except ConnectionRefusedError:
            continue
        except (OSError, http.client.HTTPException) as error:
            return f"{path} on port {port}: {error!r}"
        return None if status == 200 else f"{path} on port {port} answers {status}"
    return "nothing listens"


sys.exit(why_not_ready())

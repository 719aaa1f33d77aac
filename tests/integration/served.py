"""A pretend host, a `tocsin run` that watches it, and a client of its web API."""
import base64
import hashlib
import re

from program import SLOWER
from servers import wait_until
from watched import ENGINE, Watched
from web import Web

ANY_PORT = {"listen": "127.0.0.1:0"}
SOON = 0.3 * SLOWER  # a change is visible within so many seconds


def token_entry(token, name="alice", role="act"):
    """How a configuration names a token."""
    return {"name": name, "hash": hashlib.sha256(token.encode()).hexdigest(), "role": role}


def user_entry(password, name="alice", role="act", salt=b"0123456789abcdef"):
    """How a configuration names a user, with the cheapest hash that it may."""
    hashed = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32, maxmem=2**26)
    salt, hashed = (base64.b64encode(one).decode().rstrip("=") for one in (salt, hashed))
    return {"name": name, "passwordHash": f"$scrypt$ln=14,r=8,p=1${salt}${hashed}", "role": role}


def basic(password, name="alice"):
    """The header that logs in with a password."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


class Served(Watched):
    HOSTS = 40

    def serve(self, *webhooks, web=None, **more):
        """Watches the host; returns a client that may act."""
        self.running = self.run_tocsin(*webhooks, web={**ANY_PORT, **(web or {})}, **more)
        return self.client()

    def client(self, token=True):
        """Of the latest run; `token`: that of the data directory, another one, or none."""
        url = self.url()  # when it is served there is a token
        token = (self.data / "web.token").read_text().strip() if token is True else token
        return Web(url, token or None)

    def url(self):
        line = self.running.wait_for_line("dashboard: http")
        return re.search(r"dashboard: (https?://\S+)", line)[1]

    def again(self):
        """Ends the run, and starts the next one on whatever port."""
        self.running.stop()
        self.running = self.start_tocsin()
        return self.client()

    def wait_for_alert(self, web, service=ENGINE, seconds=15, **wanted):
        """What the API says of the alert, as soon as it says so and the history has it."""
        def look():
            return next((alert for alert in web.get("/alerts")["alerts"]
                         if alert["service"] == service and alert["id"] and wanted.items() <= alert.items()), None)
        return wait_until(look, seconds, lambda: f"{service} {wanted}: {web.get('/alerts')}")

    def service(self, web, name=ENGINE):
        return next(one for one in web.get(f"/hosts/{self.host}/services")["services"] if one["name"] == name)

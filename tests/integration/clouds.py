"""The documented rules of cloud services: what each answers to a request. For Receiver(always=...)."""
import json
import re

from receiver import Answer


def _refused(status, why):
    return Answer(status=status, body=why.encode())


def _json(body):
    try:
        return json.loads(body.decode())
    except ValueError:
        return None


class NewRelic:
    """The Event API and the Log API: https://docs.newrelic.com, "Limits and restricted characters"."""

    MOST_BYTES = 1_000_000

    def __init__(self, keys):
        """`keys`: account id -> insert key."""
        self.keys = keys
        self.events = []  # (account, event) that were stored
        self.logs = []

    def __call__(self, request):
        if request.method != "POST" or len(request.body) > self.MOST_BYTES:
            return _refused(413, "payload too large")
        if request.headers.get("api-key") not in self.keys.values():
            return _refused(403, "Invalid insert key, or the account does not have access")
        if not request.headers.get("content-type", "").startswith("application/json"):
            return _refused(415, "unsupported content type")
        account = re.fullmatch(r"/v1/accounts/(\d+)/events", request.path)
        if account:
            return self._take_events(account[1], request)
        return self._take_logs(request) if request.path == "/log/v1" else _refused(404, "no such API")

    def _take_events(self, account, request):
        if self.keys.get(account) != request.headers["api-key"]:
            return _refused(403, "the key is of another account")
        # Bad data is answered with 200 as well, and is lost.
        for event in _json(request.body) or []:
            if self._is_valid(event) and re.fullmatch(r"[A-Za-z0-9:_ ]+", event.get("eventType", "")):
                self.events.append((account, event))
        return Answer(body=b'{"success":true, "uuid":"00000000-0000-0000-0000-000000000000"}')

    @staticmethod
    def _is_valid(attributes):
        return len(attributes) <= 255 and all(
            len(name) <= 255 and (isinstance(value, (int, float))
                                  or isinstance(value, str) and len(value.encode()) <= 4096)
            for name, value in attributes.items())

    def _take_logs(self, request):
        for batch in _json(request.body) or []:
            for log in batch["logs"]:
                if self._is_valid(batch["common"]["attributes"]) and "message" in log:
                    self.logs.append((log["message"], batch["common"]["attributes"]))
        return Answer(status=202, body=b'{"requestId":"00000000"}')


class PagerDuty:
    """Events API v2: https://developer.pagerduty.com, "Send an Alert Event"."""

    def __init__(self, key):
        self.key = key
        self.incidents = {}  # dedup key -> open?
        self.summaries = []

    def __call__(self, request):
        event = _json(request.body)
        if request.path != "/v2/enqueue" or request.method != "POST":
            return _refused(404, "not found")
        problem = "too large" if len(request.body) > 512 * 1024 else self._problem(event)
        if problem:
            return _refused(400, json.dumps({"status": "invalid event", "errors": [problem]}))
        self.incidents[event["dedup_key"]] = event["event_action"] == "trigger"
        self.summaries.append(event["payload"]["summary"])
        return Answer(status=202, body=json.dumps(
            {"status": "success", "message": "Event processed",
             "dedup_key": event["dedup_key"]}).encode())

    def _problem(self, event):
        if not event or event.get("routing_key") != self.key:
            return "'routing_key' is invalid"
        if event.get("event_action") not in ("trigger", "acknowledge", "resolve"):
            return "'event_action' is invalid"
        if len(event.get("dedup_key", "")) not in range(1, 256):
            return "'dedup_key' is invalid"
        payload = event.get("payload", {})
        if event["event_action"] == "trigger" and not (
                0 < len(payload.get("summary", "")) <= 1024 and payload.get("source")
                and payload.get("severity") in ("critical", "warning", "error", "info")):
            return "'payload' is invalid"
        return None


class Ntfy:
    """Publishing as JSON: https://docs.ntfy.sh/publish/#publish-as-json."""

    def __init__(self, topic, token):
        self.topic = topic
        self.token = token
        self.messages = []

    def __call__(self, request):
        message = _json(request.body)
        if request.path != "/" or request.method != "POST":
            return _refused(404, '{"code":40401,"http":404,"error":"page not found"}')
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _refused(401, '{"code":40101,"http":401,"error":"unauthorized"}')
        if not message or not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", message.get("topic", "")):
            return _refused(400, '{"code":40009,"http":400,"error":"invalid request: topic invalid"}')
        if message["topic"] != self.topic:
            return _refused(403, '{"code":40301,"http":403,"error":"forbidden"}')
        if message.get("priority", 3) not in range(1, 6) or len(message["message"].encode()) > 4096:
            return _refused(400, '{"code":40007,"http":400,"error":"invalid request"}')
        self.messages.append(message)
        return Answer(body=b'{"id":"abc","event":"message"}')

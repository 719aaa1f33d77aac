"""Slack and Teams as their documentation describes them: what they refuse, and with which words."""
import json
import time

from patience import SLOWER
from receiver import Answer

# https://api.slack.com/reference/block-kit/blocks
HEADER, FIELD, TEXT, BLOCKS, FIELDS = 150, 2000, 3000, 50, 10


def characters(text):
    """As UTF-16 counts them."""
    return len(text.encode("utf-16-le")) // 2


def problem_of_block(block):
    kind = block.get("type")
    if kind == "header":
        text = block["text"]
        return text["type"] != "plain_text" or not 1 <= characters(text["text"]) <= HEADER
    if kind == "section":
        fields = block.get("fields", [])
        texts = [block["text"]] if "text" in block else []
        return (not texts and not fields or len(fields) > FIELDS
                or any(not 1 <= characters(text["text"]) <= TEXT for text in texts)
                or any(not 1 <= characters(field["text"]) <= FIELD for field in fields))
    if kind == "context":
        return any(not 1 <= characters(element["text"]) <= TEXT for element in block["elements"])
    return kind != "divider"


class Slack:
    """Incoming webhooks: `messages` are (path, message) of those that were posted."""

    def __init__(self, hooks):
        self.hooks = hooks  # path -> "" or the code of what is wrong with it
        self.messages = []
        self.too_fast = 0
        self._last = {}

    def __call__(self, request):
        path = request.path
        if path not in self.hooks:
            return Answer(404, body=b"no_service")
        if self.hooks[path]:
            status = 410 if self.hooks[path] == "channel_is_archived" else 403
            return Answer(status, body=self.hooks[path].encode())
        now = time.monotonic()
        if now - self._last.get(path, 0) < 0.75 / SLOWER:  # short bursts are borne
            self.too_fast += 1
            return Answer(429, (("Retry-After", "1"),), b"rate_limited")
        self._last[path] = now
        try:
            message = json.loads(request.body)
        except ValueError:
            return Answer(400, body=b"invalid_payload")
        blocks = message.get("blocks", [])
        if not blocks and not message.get("text"):
            return Answer(400, body=b"no_text")
        if len(blocks) > BLOCKS or any(map(problem_of_block, blocks)):
            return Answer(400, body=b"invalid_blocks")
        self.messages.append((path, message))
        return Answer(200, body=b"ok")


class Teams:
    """A Workflows webhook, known by its whole URL: `cards` are those that it took."""
    LARGEST = 28 * 1024

    def __init__(self, path):
        self.path = path
        self.cards = []

    def __call__(self, request):
        if request.path != self.path:
            return Answer(401, body=b'{"error":{"code":"DirectApiAuthorizationRequired"}}')
        if len(request.body) > self.LARGEST:
            return Answer(413)
        try:
            message = json.loads(request.body)
            attachment, = message["attachments"]
            card = attachment["content"]
            good = (message["type"] == "message" and attachment["contentUrl"] is None
                    and attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
                    and card["type"] == "AdaptiveCard" and card["version"] in ("1.2", "1.3", "1.4", "1.5")
                    and card["body"])
        except (ValueError, KeyError, TypeError):
            good = False
        if not good:
            return Answer(400, body=b'{"error":{"code":"TriggerInputSchemaMismatch"}}')
        self.cards.append(card)
        return Answer(202, body=b"")

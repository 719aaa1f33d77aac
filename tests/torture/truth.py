"""What services went through, against what destinations received about them. Pure: all times are parameters, in seconds
of time.monotonic().

A check misses what is shorter than its period. So not every state must be notified, but the last one of each service, and
each that stood still for CALM seconds in which nothing kept tocsin from seeing it. What is notified must have been so, in
that order, once.
"""
import collections
import dataclasses
import math

CALM = 8  # the period of the checks is 1 s; the rest is for a machine that is busy with other things


@dataclasses.dataclass(frozen=True)
class Stay:
    """A state of a service, from some moment between `begins` and `began` until the next one."""
    state: str
    begins: float
    began: float


@dataclasses.dataclass(frozen=True)
class Message:
    """One alert about one service, as a destination received it. `id` is None where the protocol has none."""
    at: float
    service: tuple  # host, name
    before: str
    state: str
    id: str | None


@dataclasses.dataclass(frozen=True)
class Cut:
    """A list for people that ended with "and 7 more": of one host, or of any (None)."""
    at: float
    host: str | None
    lines: int


class Disturbances:
    """When a host could not be observed: spans of time of one host, or of all of them (host None)."""

    def __init__(self):
        self._spans = collections.defaultdict(list)

    def add(self, host, begin, end):
        self._spans[host].append((begin, end))

    def calm(self, host, begin, end):
        """The longest time without any between the two."""
        longest = 0
        for start, stop in sorted(self._spans[host] + self._spans[None]):
            if stop > begin:
                longest = max(longest, min(start, end) - begin)
                begin = max(begin, min(stop, end))
        return max(longest, end - begin)

    def at(self, host, time):
        return any(begin <= time <= end for begin, end in self._spans[host] + self._spans[None])


class History:
    """What one service went through."""

    def __init__(self, service, state):
        self.service = service
        self.stays = [Stay(state, -math.inf, -math.inf)]

    def enter(self, state, begins, began):
        self.stays.append(Stay(state, begins, began))

    @property
    def state(self):
        return self.stays[-1].state

    def required(self, disturbances):
        """Of each stay but the first: whether it must be notified, unless the same state was notified last."""
        ends = [stay.begins for stay in self.stays[2:]]
        return [disturbances.calm(self.service[0], stay.began, end) >= CALM
                for stay, end in zip(self.stays[1:], ends)] + [True] * (len(self.stays) > 1)


@dataclasses.dataclass
class Verdict:
    """What is wrong with what one destination received: texts; and what is not wrong, counted."""
    lost: list = dataclasses.field(default_factory=list)
    repeated: list = dataclasses.field(default_factory=list)  # under another id
    reordered: list = dataclasses.field(default_factory=list)
    invented: list = dataclasses.field(default_factory=list)  # never so, or not at that time
    notified: int = 0
    unlisted: int = 0  # in the rest of a list that was cut
    again: int = 0  # the same id once more, which at-least-once allows
    latest: float = 0  # seconds from the change to its message
    latest_text: str = "-"

    @property
    def faults(self):
        return [f"{kind}: {text}" for kind in ("lost", "repeated", "reordered", "invented") for text in getattr(self, kind)]


def judge(histories, disturbances, messages, cuts=()):
    """`histories`: {service: History}; `messages` in the order of their arrival."""
    verdict = Verdict()
    by_service = collections.defaultdict(list)
    seen = set()
    for message in messages:
        if message.id is not None and (message.service, message.id) in seen:
            verdict.again += 1
            continue
        seen.add((message.service, message.id))
        by_service[message.service].append(message)
    for service in by_service.keys() - histories.keys():
        verdict.invented += [f"{service}: nobody watches it" for _ in by_service[service]]
    for service, history in histories.items():
        received = by_service[service]
        if received and received[0].id is None:
            received = _without_echoes(received, verdict)
        lost = _judge(history, history.required(disturbances), received, verdict)
        verdict.lost += [(service, stay) for stay in lost]
    _excuse(verdict, cuts)
    verdict.lost = [f"{_name(service)} {stay.state} since {stay.began:.2f}" for service, stay in verdict.lost]
    return verdict


def judge_host(host, alerts):
    """`alerts` about it in the order of their arrival, each a kind and an id: they begin with the bad news and end well."""
    kinds, seen = [], set()
    for kind, key in alerts:
        if kind in ("unreachable", "reachable") and key not in seen and kinds[-1:] != [kind]:
            kinds.append(kind)
        if key is not None:
            seen.add(key)
    if kinds and (kinds[0] != "unreachable" or kinds[-1] != "reachable"):
        yield f"{host} ends as {kinds}"


def _excuse(verdict, cuts):
    """What has no line of its own may be one of those for which a list had no room, as many as it says. Those with the
    fewest lists to choose from choose first, and leave to others the lists that may be about any host."""
    room = [cut.lines for cut in cuts]
    excused = []
    for service, stay in sorted(verdict.lost, key=lambda one: one[1].begins, reverse=True):
        free = [place for place, cut in enumerate(cuts)
                if room[place] and cut.host in (None, service[0]) and stay.begins <= cut.at]
        if free:
            room[max(free, key=lambda place: cuts[place].host is not None)] -= 1
            excused.append((service, stay))
    verdict.unlisted += len(excused)
    verdict.lost = [one for one in verdict.lost if one not in excused]


def _without_echoes(messages, verdict):
    """Without ids, a message equal to the one before of its service is taken for the same, sent again."""
    kept = []
    for message in messages:
        if kept and (message.before, message.state) == (kept[-1].before, kept[-1].state):
            verdict.again += 1
        else:
            kept.append(message)
    return kept


def _judge(history, required, messages, verdict):
    stays, first = history.stays[1:], history.stays[0].state
    lost, surplus, pairs = _align(first, stays, required, messages)
    for stay, message in pairs:
        verdict.notified += 1
        late = message.at - stay.began
        if late > verdict.latest:
            verdict.latest, verdict.latest_text = late, f"{_name(history.service)} {stay.state}"
    for message in surplus:
        missed = next((stay for stay in lost if stay.state == message.state and stay.begins <= message.at), None)
        text = f"{_name(history.service)} {message.before} -> {message.state} at {message.at:.2f} ({message.id})"
        if missed:
            lost.remove(missed)
            verdict.reordered.append(text)
        elif _last_before(messages, message, first) == message.state:
            verdict.repeated.append(text)
        else:
            verdict.invented.append(text)
    return lost


def _name(service):
    return "/".join(service)


def _last_before(messages, message, first):
    at = messages.index(message)
    return messages[at - 1].state if at else first


def _align(first, stays, required, messages):
    """The reading of the messages with the fewest faults, rather losses than messages too many, then the earliest losses, as a
    list may have been cut before the later ones, and of those the one with the earliest news: the stays that were lost, the messages that belong to none, and the pairs that belong together."""
    start = (0, 0, first)  # stays passed, messages passed, the state that was notified last
    best = {start: (0, 0.0, 0.0, None, None)}  # faults, losses, lateness, the place before and the step from there

    def offer(place, faults, losses, lateness, *way):
        if place not in best or (faults, losses, lateness) < best[place][:3]:
            best[place] = (faults, losses, lateness, *way)

    states = {first, *(stay.state for stay in stays), *(message.state for message in messages)}
    for i in range(len(stays) + 1):
        for j in range(len(messages) + 1):
            for told in states:
                place = (i, j, told)
                if place not in best:
                    continue
                faults, losses, lateness = best[place][:3]
                if j < len(messages):
                    offer((i, j + 1, told), faults + 6, losses, lateness, place, "surplus")
                if i == len(stays):
                    continue
                stay = stays[i]
                if stay.state != told:
                    since = stay.begins - stays[0].begins
                    offer((i + 1, j, stay.state), faults + 4, losses + since, lateness, place, "lost")
                if stay.state == told or not required[i]:
                    offer((i + 1, j, told), faults, losses, lateness, place, "passed")
                if j < len(messages) and _fits(messages[j], told, stay):
                    offer((i + 1, j + 1, stay.state), faults, losses, lateness + messages[j].at - stay.begins, place, "pair")

    lost, surplus, pairs = [], [], []
    place = min((place for place in best if place[:2] == (len(stays), len(messages))), key=lambda place: best[place][:3])
    while place != start:
        i, j, _ = place
        *_, place, step = best[place]
        if step == "lost":
            lost.append(stays[i - 1])
        elif step == "surplus":
            surplus.append(messages[j - 1])
        elif step == "pair":
            pairs.append((stays[i - 1], messages[j - 1]))
    return lost[::-1], surplus[::-1], pairs[::-1]


def _fits(message, told, stay):
    return told == message.before and message.state == stay.state != told and stay.begins <= message.at

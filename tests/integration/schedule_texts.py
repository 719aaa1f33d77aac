"""Random schedules in the grammar that later.js and tocsin share, for later_test.py."""

#: What it is called, the least and the largest of its values.
UNITS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31),
         ("day of the month", 1, 31), ("day of the week", 1, 7), ("day instance", 1, 5),
         ("day of the year", 1, 366), ("week of the month", 1, 5), ("week of the year", 1, 53),
         ("week", 1, 53), ("month", 1, 12))
SHORT_UNITS = UNITS[:5]
DAYS = ("sunday", "mon", "tue", "tuesday", "wed", "thursday", "fri", "sat", "saturday")
MONTHS = ("jan", "february", "march", "apr", "may", "june", "july", "aug", "sept", "october",
          "nov", "dec")
#: 1990 to 2060, in milliseconds
FIRST, LAST = 631_152_000_000, 2_840_140_800_000
COUNT = 6


def ordinal(number):
    """5th"""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def some(random, values):
    """A few of them, most often in their order."""
    chosen = random.sample(values, random.choice((1, 1, 2, 3)))
    if random.random() < 0.95:
        chosen.sort(key=values.index)
    return chosen


def every(random):
    """`every 5 minutes starting on the 3rd minute`"""
    name, least, most = random.choice(UNITS if random.random() < 0.3 else SHORT_UNITS)
    step = random.choice((1, 2, 3, 4, 5, 7, 10, 12, 15, 20, 25, 30, 45, 90))
    text = f"every {step} {name}"
    kind = random.random()
    if kind < 0.12:
        return f"{text} starting on the {ordinal(random.randint(least, most))} {name}"
    if kind < 0.24:
        begin = random.randint(least, most)
        return f"{text} between the {ordinal(begin)} and {ordinal(random.randint(begin, most))}"
    return text


def on_the(random):
    """`on the 1st,5th minute`"""
    name, least, most = random.choice(UNITS)
    kind = random.random()
    if kind < 0.15:
        return f"on the first {name}"
    if kind < 0.3:
        return f"on the last {name}"
    numbers = some(random, list(range(least, most + 1)))
    if kind < 0.4 and len(numbers) > 1:
        return f"on the {ordinal(min(numbers))} through {ordinal(max(numbers))} {name}"
    return f"on the {','.join(map(ordinal, numbers))} {name}"


def time(random):
    """`9:05 pm`, `21:05`"""
    minute = random.choice((0, 0, 15, 30, random.randint(0, 59)))
    if random.random() < 0.5:
        return f"{random.randint(0, 23)}:{minute:02}"
    return f"{random.randint(1, 12)}:{minute:02}{random.choice((' ', ''))}{random.choice(('am', 'pm'))}"


def limit(random):
    """`after 9:00`, `before 20th hour`"""
    side = random.choice(("after", "before"))
    if random.random() < 0.5:
        return f"{side} {time(random)}"
    name, least, most = random.choice(UNITS)
    return f"{side} {ordinal(random.randint(least + 1, most))} {name}"


PARTS = (
    every, every, on_the, on_the, limit,
    lambda random: random.choice(("every weekday", "every weekend")),
    lambda random: "on " + ",".join(some(random, DAYS)),
    lambda random: "on mon" + random.choice((" through ", "-", " to ")) + "fri",
    lambda random: "of " + " and ".join(some(random, MONTHS)),
    lambda random: "in " + ",".join(map(str, some(random, list(range(2020, 2080))))),
    lambda random: "at " + " and ".join(sorted(time(random) for _ in range(random.choice((1, 1, 2))))),
    lambda random: "at " + time(random),
)


def clause(random):
    """What must hold at once."""
    return " ".join(part(random) for part in random.sample(PARTS, random.choice((1, 1, 2, 2, 3))))


def text(random):
    """A text of later.parse.text."""
    parts = [clause(random)]
    if random.random() < 0.2:
        parts.append("also " + clause(random))
    if random.random() < 0.2:
        parts.append("except " + clause(random))
    return " ".join(parts)


def cron_field(random, least, most, names=()):
    """`5-20/3`"""
    kind = random.random()
    if kind < 0.35:
        return "*"
    if kind < 0.5:
        return f"*/{random.randint(1, max(2, (most - least) // 2))}"
    begin = random.randint(least, most)
    if kind < 0.6 and begin < most:
        end = random.randint(begin + 1, most)
        return f"{begin}-{end}" + (f"/{random.randint(1, 5)}" if random.random() < 0.5 else "")
    if kind < 0.65 and begin > 0:
        return f"{begin}/{random.randint(1, 9)}"
    if names and kind < 0.8:
        return random.choice(names)
    return ",".join(map(str, sorted({begin, random.randint(least, most)})))


CRON_MONTHS = tuple("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split())
CRON_DAYS = tuple("SUN MON TUE WED THU FRI SAT MON-FRI".split())


def cron(random):
    """An expression of later.parse.cron, of five or six fields."""
    days = cron_field(random, 1, 31)
    weekdays = random.choice(("*", "?", cron_field(random, 0, 6, CRON_DAYS)))
    special = random.random()
    if special < 0.1:
        days, weekdays = f"{random.randint(1, 31)}W", "*"
    elif special < 0.2:
        days = "L"
    elif special < 0.3:
        days, weekdays = "*", f"{random.randint(0, 6)}L"
    elif special < 0.4:
        days, weekdays = "*", f"{random.randint(0, 6)}#{random.randint(1, 5)}"
    fields = [cron_field(random, 0, 59), cron_field(random, 0, 23), days,
              cron_field(random, 1, 12, CRON_MONTHS), weekdays]
    if random.random() < 0.4:
        fields.insert(0, cron_field(random, 0, 59))
    return " ".join(fields)


def question(random):
    """For both sides."""
    is_cron = random.random() < 0.3
    return {"text": cron(random) if is_cron else text(random), "cron": is_cron,
            "after": random.randint(FIRST, LAST) // 1000 * 1000, "count": COUNT}

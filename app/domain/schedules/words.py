"""Schedules in plain words, in English and Vietnamese."""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from app.domain.schedules.fields import Field
from app.domain.schedules.models import Calendar, Cron, FixedDelay, FixedRate, Once, Schedule
from app.domain.schedules.pattern import Times
from app.domain.schedules.phrases import LANGUAGES, Language, Phrases
from app.domain.schedules.zones import local

#: So many times of a day are listed one by one.
_LISTED = 8
_NONE = Field("*", frozenset())


def describe(schedule: Schedule, language: Language = "en") -> str:
    """Return a schedule in words, such as ``At 09:00, on Monday to Friday (Europe/Berlin)``."""
    phrases = LANGUAGES[language]
    parts = [_rule(schedule, phrases), *_bounds(schedule, phrases)]
    text = ", ".join(parts)
    if isinstance(schedule, Cron | Calendar):
        text = phrases.zone.format(text, schedule.timezone)
    return text[0].upper() + text[1:]


def in_words(schedule: Schedule) -> dict[str, str]:
    """Return a schedule in the words of each language, by its code."""
    return {language: describe(schedule, language) for language in LANGUAGES}


def _rule(schedule: Schedule, phrases: Phrases) -> str:
    if isinstance(schedule, Cron):
        return _cron(schedule, phrases)
    if isinstance(schedule, Calendar):
        return _calendar(schedule, phrases)
    if isinstance(schedule, FixedRate | FixedDelay):
        return _interval(schedule, phrases)
    return _once(schedule, phrases) if isinstance(schedule, Once) else phrases.manual


def _interval(schedule: FixedRate | FixedDelay, phrases: Phrases) -> str:
    if isinstance(schedule, FixedRate):
        return phrases.fixed_rate.format(length(schedule.interval_seconds, phrases))
    return phrases.fixed_delay.format(length(schedule.delay_seconds, phrases))


def _once(schedule: Once, phrases: Phrases) -> str:
    if schedule.scheduled_at is None:
        return phrases.once
    return phrases.once_at.format(_written(schedule.scheduled_at, schedule.timezone))


def _bounds(schedule: Schedule, phrases: Phrases) -> Iterator[str]:
    zone = schedule.timezone
    if schedule.starts_at is not None:
        yield phrases.starts.format(_written(schedule.starts_at, zone))
    if schedule.ends_at is not None:
        yield phrases.ends.format(_written(schedule.ends_at, zone))
    if schedule.max_runs is not None:
        yield phrases.most.format(schedule.max_runs)
    if schedule.blackouts:
        yield phrases.blackouts.format(len(schedule.blackouts))
    if schedule.jitter_seconds:
        yield phrases.jitter.format(length(schedule.jitter_seconds, phrases))


def _written(moment: datetime, zone: str) -> str:
    return f"{local(moment, zone):%Y-%m-%d %H:%M:%S %Z}"


def length(seconds: int, phrases: Phrases) -> str:
    """Return a number of seconds as days, hours, minutes and seconds."""
    parts = []
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        number, seconds = divmod(seconds, size)
        one, many = phrases.lengths[unit]
        if number:
            parts.append(one if number == 1 else many.format(number))
    return " ".join(parts)


def _cron(schedule: Cron, phrases: Phrases) -> str:
    reading = schedule.reading()
    day, weekday = _day(reading.day, phrases), _weekday(reading.weekday, phrases)
    link = phrases.or_day if reading.has_either_day else phrases.and_day
    days = link.format(day, weekday) if day and weekday else day or weekday
    year = reading.year or _NONE
    parts = [
        _clock(reading.pattern.times, phrases),
        days,
        _months(reading.month.numbers, phrases),
        _years(() if year.is_any else year.numbers, phrases),
    ]
    return ", ".join(filter(None, parts))


def _calendar(schedule: Calendar, phrases: Phrases) -> str:
    day = phrases.day.format(_list(schedule.days, phrases)) if schedule.days else ""
    weekday = _weekdays(schedule.weekdays or (), phrases)
    parts = [
        _clock(schedule.pattern().times, phrases),
        phrases.and_day.format(day, weekday) if day and weekday else day or weekday,
        _months(schedule.months or (), phrases),
        _years(schedule.years or (), phrases),
    ]
    return ", ".join(filter(None, parts))


def _clock(times: Times, phrases: Phrases) -> str:
    if times.total <= _LISTED:
        return phrases.at.format(_joined(_clock_times(times), phrases))
    clock = [("minute", times.minutes, 60), ("hour", times.hours, 24)]
    if times.seconds != [0]:
        clock.insert(0, ("second", times.seconds, 60))
    parts = [_unit(name, numbers, size, phrases) for name, numbers, size in clock]
    # "Every 10 seconds" says already that it is so in each minute and hour.
    while len(parts) > 1 and _is_every(parts[-2], phrases) and _is_all(clock[len(parts) - 1]):
        parts.pop()
    text = functools.reduce(phrases.within.format, parts)
    return text if _is_every(parts[0], phrases) else phrases.at.format(text)


def _is_all(unit: tuple[str, Sequence[int], int]) -> bool:
    _, numbers, size = unit
    return len(numbers) == size


def _is_every(text: str, phrases: Phrases) -> bool:
    """Return whether a phrase needs no "at"."""
    every = (*phrases.every.values(), *phrases.every_so_many.values())
    return text.startswith(tuple(form.split("{")[0] for form in every))


def _clock_times(times: Times) -> list[str]:
    has_seconds = times.seconds != [0]
    return [
        f"{hour:02}:{minute:02}" + (f":{second:02}" if has_seconds else "")
        for hour, minute, second in itertools.product(times.hours, times.minutes, times.seconds)
    ]


def _unit(name: str, numbers: Sequence[int], size: int, phrases: Phrases) -> str:
    if len(numbers) == size:
        return phrases.every[name]
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 0
    is_even = step > 1 and size % step == 0 and list(numbers) == list(range(0, size, step))
    if is_even:
        return (phrases.every_so_many | phrases.divisible)[name].format(step)
    return phrases.unit[name].format(_list(numbers, phrases))


def _day(field: Field, phrases: Phrases) -> str:
    if field.is_any:
        return ""
    parts = [phrases.day.format(_list(field.numbers, phrases))] if field.numbers else []
    parts += [_special_day(special, phrases) for special in field.specials]
    return phrases.joint.join(parts)


def _special_day(special: str, phrases: Phrases) -> str:
    if special == "L":
        return phrases.last_day
    if special == "LW":
        return phrases.last_weekday
    if special.endswith("W"):
        return phrases.nearest.format(special[:-1])
    return phrases.before_last.format(special.removeprefix("L-"))


def _weekday(field: Field, phrases: Phrases) -> str:
    if field.is_any:
        return ""
    parts = [_weekdays(field.numbers, phrases)] if field.numbers else []
    for special in field.specials:
        name = phrases.weekdays[int(special[0])]
        if special.endswith("L"):
            parts.append(phrases.the_last.format(name))
        else:
            parts.append(phrases.the_nth.format(phrases.ordinals[int(special[2:]) - 1], name))
    return phrases.joint.join(parts)


def _weekdays(numbers: Iterable[int], phrases: Phrases) -> str:
    """Return the weekdays in words, the week beginning on Monday."""
    from_monday = sorted((number - 1) % 7 for number in numbers)
    if not from_monday or len(from_monday) == 7:
        return ""
    return phrases.weekday.format(
        _list(from_monday, phrases, lambda number: phrases.weekdays[(number + 1) % 7])
    )


def _months(numbers: Iterable[int], phrases: Phrases) -> str:
    months = sorted(numbers)
    if not months or len(months) == 12:
        return ""
    return phrases.month.format(_list(months, phrases, lambda month: phrases.months[month - 1]))


def _years(numbers: Iterable[int], phrases: Phrases) -> str:
    years = sorted(numbers)
    return phrases.year.format(_list(years, phrases)) if years else ""


def _list(numbers: Iterable[int], phrases: Phrases, name: Callable[[int], str] = str) -> str:
    """Return numbers by their names; three or more in a row become a span."""
    parts: list[str] = []
    for _, run in itertools.groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0]):
        row = [number for _, number in run]
        if len(row) > 2:
            parts.append(phrases.span.format(name(row[0]), name(row[-1])))
        else:
            parts += [name(number) for number in row]
    return _joined(parts, phrases)


def _joined(parts: Sequence[str], phrases: Phrases) -> str:
    return phrases.joint.join(filter(None, (", ".join(parts[:-1]), parts[-1])))

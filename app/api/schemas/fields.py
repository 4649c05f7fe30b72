"""Fields that take what they say and nothing that only looks like it."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import marshmallow as ma

from app.domain.ids import normalise_id
from app.domain.schedules.once import parse_rfc3339
from app.domain.schedules.pattern import LAST_YEAR

_ZONE_WITHOUT_PLUS = re.compile(r" (\d\d:\d\d)$")


#: So many values of one filter are taken.
MOST_VALUES = 100


class Text(ma.fields.String):
    """A text, optionally put into its form by a function that raises ``ValueError``."""

    default_error_messages = {"invalid": "must be a text"}

    def __init__(self, form: Callable[[str], str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.form = form

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value:
            raise ma.ValidationError("invalid character: NUL can't be stored")
        try:
            return self.form(value) if self.form else value
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class Whole(ma.fields.Integer):
    """A whole number; in a query, digits that make one."""

    default_error_messages = {"invalid": "must be a whole number"}

    def __init__(self, lowest: int, highest: int, message: str = "", **kwargs: Any) -> None:
        self.lowest, self.highest = lowest, highest
        self.message = message or f"must be between {lowest} and {highest}"
        described = {"minimum": lowest, "maximum": highest} | kwargs.pop("metadata", {})
        super().__init__(metadata=described, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        number = self._number(value)
        if not self.lowest <= number <= self.highest:
            raise ma.ValidationError(self.message)
        return number

    def _number(self, value: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class QueryWhole(Whole):
    """A whole number in a query."""

    def _number(self, value: Any) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", str(value), re.ASCII):
            raise self.make_error("invalid")
        return int(value)


class Flag(ma.fields.Boolean):
    """True or false, and nothing that resembles them."""

    default_error_messages = {"invalid": "must be true or false"}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("invalid")
        return value


class QueryFlag(ma.fields.Boolean):
    """True or false in a query."""

    default_error_messages = {"invalid": "must be true or false"}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        word = str(value).lower()
        if word not in {"true", "false", "1", "0"}:
            raise self.make_error("invalid")
        return word in {"true", "1"}


class Choice(Text):
    """One of some words."""

    def __init__(self, *words: str, **kwargs: Any) -> None:
        super().__init__(metadata={"enum": list(words)} | kwargs.pop("metadata", {}), **kwargs)
        self.words = words

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text not in self.words:
            raise ma.ValidationError(f"must be one of: {', '.join(self.words)}")
        return text


class Id(Text):
    """An id, with dashes or without. What is no id names nothing."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return normalise_id(text) or text


def _all_words(messages: Any) -> list[str]:
    """Return what is wrong with any of some values, as faults of the field that has them."""
    if isinstance(messages, dict):
        return [words for one in messages.values() for words in _all_words(one)]
    return [str(one) for one in messages]


class Several(ma.fields.List[Any]):
    """Some values: a list, or in a query the name repeated or the values with commas between."""

    def __init__(self, one: ma.fields.Field[Any], **kwargs: Any) -> None:
        described = {"description": "Repeatable, or with commas: any of them"}
        described |= kwargs.pop("metadata", {})
        length = ma.validate.Length(max=MOST_VALUES)
        super().__init__(one, validate=length, metadata=described, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        given = value if isinstance(value, list | tuple) else [value]
        parts: list[Any] = []
        for one in given:
            parts += [p for p in one.split(",") if p] if isinstance(one, str) else [one]
        try:
            found = super()._deserialize(parts, attr, data, **kwargs)
        except ma.ValidationError as error:
            raise ma.ValidationError(_all_words(error.messages)) from None
        return list(dict.fromkeys(found))


class Moment(ma.fields.DateTime):
    """A moment with its zone, as RFC 3339 has it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str):
            raise ma.ValidationError("must be a text such as 2030-01-31T09:00:00Z")
        try:
            return parse_rfc3339(value.strip())
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class QueryMoment(Moment):
    """A moment in a query; a ``+`` that became a blank on the way is mended."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime:
        mended = _ZONE_WITHOUT_PLUS.sub(r"+\1", str(value).strip())
        return super()._deserialize(mended, attr, data, **kwargs)


def in_bounds(moment: datetime) -> None:
    """Refuse a moment that no schedule can be asked about."""
    if not 1970 <= moment.year <= LAST_YEAR:
        raise ma.ValidationError(f"must be from 1970 to {LAST_YEAR}")


class ObjectOrText(ma.fields.Raw):
    """A JSON object, or the text of one."""

    default_error_messages = {"invalid": "must be a JSON object, or the text of one"}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str | dict):
            raise self.make_error("invalid")
        return value


def at_most(length: int) -> Callable[[str], str]:
    """Return a form that refuses longer texts."""

    def check(text: str) -> str:
        if len(text) > length:
            raise ValueError(f"must have at most {length} characters")
        return text

    return check


#: In a filter by owner: who asks.
ME = "me"


def owner(text: str) -> str:
    """Return who shall own what is listed. Raises :class:`ValueError` if nobody could."""
    if text != ME and not text.startswith("user:"):
        raise ValueError(f"must be {ME}, or a user such as user:ann")
    return at_most(255)(text)

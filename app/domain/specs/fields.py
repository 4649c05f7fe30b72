"""Types of fields that several specs have."""

import re
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field

from app.domain.specs.base import MAX_TIMEOUT_SECONDS

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_ARGUMENTS = 1000
MAX_VARIABLES = 1000


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the character NUL")
    return text


def _variable_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("must be a name of letters, digits and _ that starts with no digit")
    return text


def _empty_is_absent(value: object) -> object:
    return None if value == "" else value


def _zero_is_absent(value: object) -> object:
    return None if value == 0 and value is not False else value


def _null_is_empty_list(value: object) -> object:
    return [] if value is None else value


def _null_is_empty_map(value: object) -> object:
    return {} if value is None else value


EMPTY_IS_ABSENT = BeforeValidator(_empty_is_absent)
NULL_IS_EMPTY_LIST = BeforeValidator(_null_is_empty_list)
NULL_IS_EMPTY_MAP = BeforeValidator(_null_is_empty_map)

Text = Annotated[str, AfterValidator(_without_nul)]
VariableName = Annotated[str, AfterValidator(_variable_name)]
Arguments = Annotated[list[Text], Field(max_length=MAX_ARGUMENTS), NULL_IS_EMPTY_LIST]
Environment = Annotated[
    dict[VariableName, Text], Field(max_length=MAX_VARIABLES), NULL_IS_EMPTY_MAP
]
OptionalText = Annotated[Text | None, EMPTY_IS_ABSENT]
Timeout = Annotated[
    Annotated[int, Field(ge=1, le=MAX_TIMEOUT_SECONDS)] | None,
    BeforeValidator(_zero_is_absent),
    Field(
        validation_alias=AliasChoices("timeout", "timeout_seconds"),
        title="Timeout",
        description="Seconds an attempt may take; no limit when empty.",
    ),
]

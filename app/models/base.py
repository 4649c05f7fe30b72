"""What all tables share."""

from datetime import datetime
from typing import Annotated, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

from app.db import UtcDateTime

Id = Annotated[str, mapped_column(sa.String(32))]
Moment = Annotated[datetime, mapped_column(UtcDateTime())]


class Base(DeclarativeBase):
    """The tables of OneOff; constraints have names so that migrations can speak of them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime(), str: sa.Text(), int: sa.BigInteger()}

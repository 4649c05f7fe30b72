"""SQL that takes the tones off Vietnamese names, so that ``dong bo`` finds ``Đồng bộ``.

Both databases index what it makes of the names of jobs; ``app/services/search.py`` writes the
same words where it asks them.
"""

_TONED = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
_BARE = "aaaaaaaaaaaaaaaaaeeeeeeeeeeeiiiiiooooooooooooooooouuuuuuuuuuuyyyyyd"
TONED = _TONED + _TONED.upper()
BARE = _BARE + _BARE.upper()
#: Tones that stand as signs of their own behind a letter.
SIGNS = "\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323"


def on_postgresql(column: str) -> str:
    """Return the expression for PostgreSQL."""
    return f"translate({column}, '{TONED}{SIGNS}', '{BARE}')"


def on_sqlite(column: str) -> str:
    """Return the expression for SQLite, letter by letter; names of plain letters pass by.

    Its parser does not know nesting as deep as calls of ``replace`` for all letters would be.
    """
    letters, bare = TONED + SIGNS, BARE
    letter = f"substr({column}, n, 1)"
    place = f"instr('{letters}', {letter})"
    step = f"CASE {place} WHEN 0 THEN {letter} ELSE substr('{bare}', {place}, 1) END"
    query = (
        "WITH RECURSIVE bare (n, text) AS (SELECT 1, ''"
        f" UNION ALL SELECT n + 1, text || {step} FROM bare WHERE n <= length({column}))"
        f" SELECT text FROM bare WHERE n > length({column})"
    )
    return f"CASE WHEN {column} NOT GLOB '*[^ -~]*' THEN {column} ELSE ({query}) END"

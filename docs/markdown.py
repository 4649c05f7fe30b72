"""What generated pages are made of."""

NOTE = "<!-- Written by docs/generate.py from the code. Don't edit it here. -->"


def table(*rows: tuple[str, ...]) -> str:
    """Return a Markdown table; the first row is its head."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    cells.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def page(title: str, *parts: str) -> str:
    """Return a whole generated page."""
    return "\n\n".join([f"# {title}", NOTE, *parts]) + "\n"

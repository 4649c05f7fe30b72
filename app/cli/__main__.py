"""``python -m app.cli`` is ``oneoff``."""

from app.cli.root import main

main()

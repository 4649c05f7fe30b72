"""``python -m app.cli`` is ``oneoff``."""

from app.cli.main import main

main()

"""Files of output that executions left on this machine, beside what the ledger keeps."""

import logging
from pathlib import Path

log = logging.getLogger(__name__)


def remove(folder: Path, execution_id: str) -> int:
    """Remove the log files of an execution; return how many went."""
    gone = 0
    for path in folder.glob(f"{execution_id}-*.std*.log"):
        try:
            path.unlink(missing_ok=True)
            gone += 1
        except OSError as error:
            log.warning("the log file %s can't be removed: %s", path, error)
    return gone

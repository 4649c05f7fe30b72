"""What is asked of the lists: every documented filter and order, alone and some together."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from bench.history import Labels


def every(labels: Labels, job_id: str) -> dict[str, list[str]]:
    """Return by path the queries that are measured."""
    return {
        "/api/jobs": [urlencode(q, doseq=True) for q in _jobs(labels)],
        "/api/executions": [urlencode(q, doseq=True) for q in _executions(labels, job_id)],
    }


def _at(days: float) -> str:
    moment = datetime.now(UTC) + timedelta(days=days)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _jobs(labels: Labels) -> list[Mapping[str, object]]:
    orders = ("scheduled_at", "priority", "created_at", "name", "last_ended_at")
    return [
        {"limit": 50},
        *({"sort_by": by, "sort_order": way} for by in orders for way in ("asc", "desc")),
        *({"status": status} for status in ("scheduled", "completed", "failed", "paused")),
        {"status": "completed", "sort_by": "created_at", "sort_order": "desc"},
        *({"project_id": one} for one in (labels.common_project, labels.rare_project)),
        {"project_id": labels.common_project, "sort_by": "priority", "sort_order": "desc"},
        {"project_id": labels.rare_project, "sort_by": "created_at", "sort_order": "desc"},
        {"project_id": labels.common_project, "status": "failed"},
        {"project_id": labels.rare_project, "status": "failed", "type": "http"},
        *({"type": kind} for kind in ("http", "shell")),
        {"type": "http", "sort_by": "priority", "sort_order": "desc"},
        *({"search": text} for text in ("nightly", "report 1234", "mail 77", "zzzz", "7")),
        {"search": "nightly", "sort_by": "created_at", "sort_order": "desc"},
        {"search": "import", "status": "failed", "project_id": labels.common_project},
        *({"tag_id": one} for one in (labels.common_tag, labels.rare_tag)),
        {"created_by": "user:bench"},
        {"status": "failed,cancelled"},
        {"status": "failed,cancelled", "sort_by": "name"},
        {"project_id": [labels.common_project, labels.rare_project]},
        {"type": "http,shell", "sort_by": "created_at", "sort_order": "desc"},
        *({"result": one} for one in ("completed", "failed", "cancelled", "failed,cancelled")),
        {"result": "failed", "sort_by": "created_at", "sort_order": "desc"},
        {"result": "failed", "sort_by": "last_ended_at", "sort_order": "desc"},
        {"resting": "true"},
        {"resting": "true", "sort_by": "created_at", "sort_order": "desc"},
        *({"enabled": one} for one in ("true", "false")),
        *({"queue": one} for one in ("default", "bulk", "none")),
        {"queue": "bulk", "sort_by": "created_at", "sort_order": "desc"},
        *({"priority": one} for one in ("9", "1,2")),
        {"created_from": _at(-61), "sort_by": "created_at", "sort_order": "desc"},
        {"created_to": _at(-119.9)},
        {"tag_id": [labels.common_tag, labels.rare_tag]},
        {"tag_id": labels.common_tag, "sort_by": "priority", "sort_order": "desc"},
        {"time_from": _at(0), "time_to": _at(7)},
        {"time_from": _at(-30), "status": "completed"},
        {"time_to": _at(-59.9), "project_id": labels.common_project},
    ]


def _executions(labels: Labels, job_id: str) -> list[Mapping[str, object]]:
    orders = ("started_at", "duration_ms")
    statuses = ("completed", "failed", "timeout", "cancelled", "scheduled", "pending", "running")
    return [
        {"limit": 50},
        {"include": "all"},
        *({"sort_by": by, "sort_order": way} for by in orders for way in ("asc", "desc")),
        *({"status": status} for status in statuses),
        {"status": ["completed", "failed"]},
        {"status": "failed", "sort_by": "duration_ms", "sort_order": "desc"},
        {"job_id": job_id},
        {"job_id": job_id, "include": "all"},
        *({"project_id": one} for one in (labels.common_project, labels.rare_project)),
        {"project_id": labels.common_project, "status": "failed"},
        {"project_id": labels.rare_project, "sort_by": "duration_ms"},
        *({"tag_id": one} for one in (labels.common_tag, labels.rare_tag)),
        {"tag_id": labels.common_tag, "status": "failed"},
        {"date_from": _at(-1)},
        {"date_from": _at(-30), "date_to": _at(-29), "status": "completed"},
        {"date_to": _at(-59.9), "project_id": labels.common_project},
        *({"origin": one} for one in ("api", "schedule", "manual", "replay")),
        {"origin": "manual", "status": "failed"},
        {"origin": "api", "project_id": labels.rare_project},
        {"origin": "manual,replay"},
        {"project_id": [labels.common_project, labels.rare_project]},
        *({"worker": one} for one in ("host-1", "host-2", "host-3", "host-1,host-2")),
        *({"queue": one} for one in ("default", "bulk", "none")),
        *({"error_code": one} for one in ("EXIT_CODE", "TIMEOUT", "NONE", "EXIT_CODE,TIMEOUT")),
        {"error_code": "TIMEOUT", "worker": "host-1"},
        *({"duration_from": one} for one in (1000, 49_999, 60_000)),
        {"usual": "true"},
    ]

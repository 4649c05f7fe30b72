"""What becomes of due moments and why, told by codes with values, and in a sentence.

The codes are part of the wire: whoever speaks another language says them in words of its own.
"""

import re
from typing import Any, Final

Told = dict[str, Any]

#: The sentence of each code. A value may be told itself, or words by language.
TEXTS: Final[dict[str, str]] = {
    "schedule_once": "It runs {words}, planned for {at}",
    "schedule_unplanned": "It runs {words}, planned for no moment",
    "schedule_follows": "{words}: its moments follow the ends of its executions",
    "schedule_due": "{words}: {local} is a due moment",
    "schedule_not_due": "{words}: {local} is no due moment; the next one after it is {next}",
    "schedule_over": "{words}: {local} is no due moment; none follows",
    "in_blackout": "It lies in a blackout: {blackout}",
    "origin_api": "It was asked for when its job was made",
    "origin_manual": "Somebody started it by hand",
    "origin_schedule": "Its schedule said so",
    "origin_catchup": "It makes up for a moment that was missed",
    "origin_chain": "Its chain came to this link",
    "origin_trigger": "A trigger called",
    "origin_replay": "Somebody replayed another execution",
    "retried": "Attempt {attempt}: execution {execution} had ended badly",
    "caught_up": "Execution {execution} was missed",
    "jittered": "Its job's jitter moves it by {seconds} s",
    "handed": "It was handed to the broker, for its moment",
    "queued": "It went to the queue {queue} with priority {priority}",
    "queued_late": "It went to the queue {queue} with priority {priority}, after {seconds} s late",
    "claimed": "Worker {worker} took it (slot {slot}, claim {claim})",
    "claimed_late": "Worker {worker} took it (slot {slot}, claim {claim}), "
    "after {seconds} s of waiting",
    "installation_paused": "The installation is paused",
    "queue_paused": "The queue {queue} is paused",
    "moment_to_come": "Its moment has not come",
    "moment_held": "Its moment has not come; it is held until then",
    "slots": "{slots} slots of living workers serve the queue {queue}",
    "job_paused": "Its job is paused",
    "limit_reached": "The limit of {limit} is reached",
    "waits_for": "It waits until execution {execution} of the same job has ended",
    "its_turn": "Its turn",
    "skipped": "It was skipped. {reason}.",
    "skipped_many": "It was skipped. {reason}. It stands for {moments} moments.",
    "ended": "It ended as {status}",
    "ended_badly": "It ended as {status}: {error}",
    "job_made": "The job was made at {at}",
    "none_due": "No execution was due at that moment",
    "rests_paused": "The schedule rests since {at}: the job is paused",
    "rests_disabled": "The schedule rests since {at}: the job is disabled",
    "schedule_ended": "The schedule was stopped, or is over",
    "no_row": "There is no row: it was due before the present schedule, or retention took it away",
    "yet_to_come": "That moment has yet to come",
    "rests": "The schedule rests",
    "not_yet_made": "The job did not exist yet.",
    "not_due": "It was not due then.",
    "did_not_run": "It did not run. {reason}.",
    "did_not_run_paused": "It did not run: the job is paused.",
    "did_not_run_disabled": "It did not run: the job is disabled.",
    "did_not_run_cancelled": "It did not run: it was cancelled ({reason}).",
    "not_at_work": "Its schedule is not at work.",
    "unknown": "The ledger no longer knows.",
    "will_not_be_due": "It will not be due then.",
    "will_not_run": "It will not run unless the job goes on by then.",
    "will_run": "It will run then.",
    "has_not_run": "It has not run yet.",
    "ran_late": "It ran {seconds} s after its moment.",
    "ran": "It ran at its moment.",
    "note_six_fields": "has six fields: the first is the second. Others put the weekday or the "
    "year last; here the fields are read as {fields}",
    "note_either_day": "sets both the day of the month and the weekday: here either one is enough "
    "(OR), as in cron; other products want both. A calendar schedule wants both",
    "note_never": "never fires: there is no due moment from now on",
    "note_rarely": "rarely fires: the next due moment is {next}",
    "note_hourly": "fires {count} times in each hour",
    "note_burst": "fires {count} times between {begin} and {end}",
    "note_jitter": "the jitter ({jitter}) is longer than the interval ({interval})",
    "note_all_black": "the next 100 due moments are all in blackouts",
    "note_collides_one": "collides with 1 other job at {at}",
    "note_collides": "collides with {count} other jobs at {at}",
    "note_collides_most": "collides with more than {count} other jobs at {at}",
}

_NUMBER = r"(?P<number>[0-9]+)"
#: The reasons that are kept with what was passed over or taken back, by code.
_REASONS: Final = {
    code: re.compile(form, re.DOTALL)
    for code, form in {
        "overlap": r"overlap: execution (?P<execution>[0-9a-f]{32}) was in progress",
        "overlap_unnamed": "overlap",
        "overlap_chain": rf"overlap: run {_NUMBER} was under way",
        "missed_unattended": "missed: nobody could fire it in time",
        "missed_restored": r"missed: restored from a backup of (?P<at>.+)",
        "missed_earlier": rf"missed: {_NUMBER} moments before this run's",
        "paused_installation": "paused: the installation was paused",
        "paused_job": "paused: the job was paused|job paused",
        "paused_because": "paused: (?P<note>.+)",
        "disabled_job": "disabled: the job was disabled|job disabled",
        "blackout": "blackout: (?P<blackout>.+)",
        "link_failed": rf"link {_NUMBER} failed",
        "job_deleted": "its job was deleted",
        "no_link_failed": "no link failed before it",
    }.items()
}
REASONS: Final = tuple(_REASONS)


def say(code: str, **values: Any) -> Told:
    """Return a decision: its code, its values, and the sentence that they make."""
    return {"code": code, "params": values, "text": TEXTS[code].format_map(_spoken(values))}


def say_reason(text: str) -> Told:
    """Return a kept reason with its code and values; without a code if it is in free words."""
    for code, form in _REASONS.items():
        found = form.fullmatch(text)
        if found is not None:
            return {"code": code, "params": found.groupdict(), "text": text}
    return {"code": None, "params": {}, "text": text}


def _spoken(values: Told) -> dict[str, str]:
    return {name: _word(value) for name, value in values.items()}


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return str(value["text"] if "text" in value else value["en"])
    return str(value)

"""Settings that the control door may change while the sandbox runs."""

import sqlite3

_ANSWER_DELAY = "answer_delay_seconds"


def find_answer_delay(db: sqlite3.Connection) -> float | None:
    """Give the delay set over the control door, in seconds, or None."""
    row = db.execute("SELECT value FROM setting WHERE name = ?", (_ANSWER_DELAY,)).fetchone()
    return float(row["value"]) if row else None


def set_answer_delay(db: sqlite3.Connection, seconds: float | None) -> None:
    """Keep a delay that outlives a restart; None goes back to what the process was started with."""
    if seconds is None:
        db.execute("DELETE FROM setting WHERE name = ?", (_ANSWER_DELAY,))
    else:
        db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (_ANSWER_DELAY, repr(seconds)))

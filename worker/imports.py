"""Imports as the worker runs them; the HTTP door runs short ones itself, while whoever sent them waits."""

from portal.qualli.running import CRASHES, run_import

__all__ = ["CRASHES", "run_import"]

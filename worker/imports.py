"""Imports as the worker runs them; the HTTP door runs short ones itself, while whoever sent them waits."""

from portal.qualli.running import CRASHES, forget_strays, run_import

__all__ = ["CRASHES", "forget_strays", "run_import"]

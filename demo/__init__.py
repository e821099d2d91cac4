"""`make run`: everything at once on one machine, with invented people."""

"""What people are told when something goes wrong, is late, or is well again: on pages and by mail."""

"""Ways to tell people beside the pages: a file for each (docs/how-to-add-a-channel.md)."""

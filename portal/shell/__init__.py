"""What stands around every page: header, start page, audit of what is looked at."""

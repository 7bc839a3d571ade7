"""Copies of a server: what is in them, where they lie, how they are made and brought back.

Used by two commands (`cli/backup.py`, `cli/restore.py`) and by the routes that hand objects out.
"""

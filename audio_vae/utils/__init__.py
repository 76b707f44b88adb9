"""Helpers that know nothing of sound.

errors   the error of everything that a user can cause
files    files and folders that appear only when they are complete
signals  requests to end, such as Ctrl-C
tables   tables as text or Markdown, and numbers as they are shown in them
"""

"""Helpers that know nothing of sound.

download  a file from the network, checked by its hash
errors    `UserError`, an error that the user can correct; one-line messages; whose fault an error is; checks of values
files     files that get their final name only when complete; safe file names
folders   folders of results that get their contents only when complete
patience  reads from storage that is away for a while
names     names of files, classes and speakers that may be written in two ways
progress  how far long work is: a bar or lines
signals   SIGINT and SIGTERM: postpone them, handle them, stop with a message
tables    tables as text or Markdown, and numbers as they are shown in them
"""

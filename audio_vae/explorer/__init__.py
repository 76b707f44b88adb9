"""The explorer: a page in the browser that finds, makes and keeps sounds with a model.

page/      the page: HTML, CSS and JavaScript modules, as they are
about      what the page has to know of a model, and its files
layout     where the sounds lie on the map
files      files that were sent
values     numbers that a client gave
shared_run a run for several threads, and what was made lately
workbench  what the page refers to, as points of the latent space, and what is made of them
frames     sounds as the bytes of an answer
keeping    what is kept: a WAV file, a folder or a kit as a ZIP archive
lanes      requests one after the other, the quick ones beside the slow ones
guard      which requests are answered: Host, Origin, sizes; and the headers of every answer
app        the addresses of the server
serve      the server on a port of this machine
runtime    onnxruntime-web, downloaded once or given
static     the page as files alone, without a server
"""

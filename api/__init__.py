"""The two doors to the twin: the command line (`cli.py`) and, over HTTP, the API."""

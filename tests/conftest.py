"""The same examples on every run and machine: Hypothesis draws from each test's own name and keeps no database."""

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, database=None, deadline=None, print_blob=True)
settings.load_profile("fixed")

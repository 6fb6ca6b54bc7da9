"""Properties: few examples in ``make test``, many in ``make test-long``; no deadline that a busy machine breaks."""

from hypothesis import settings
from tests.counts import count

settings.register_profile("unit", deadline=None, max_examples=count(short=40, long=1000), print_blob=True)
settings.load_profile("unit")

"""How many examples the large property tests take: a tenth, or with `--long` all that is asked for."""

import sys

MANY = 10_000 if "--long" in sys.argv else 1_000
FUZZ_SECONDS = 600 if "--long" in sys.argv else 60

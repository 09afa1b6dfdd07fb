"""`python -m lessons.periodic`: a long run from a terminal."""

import sys

from lessons.periodic.long_run.command import main

if __name__ == "__main__":
    sys.exit(main())

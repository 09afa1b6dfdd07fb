"""`python -m lessons.periodic`: a long run from a terminal; with `map`, a map over learning rate and weight decay."""

import sys

from lessons.periodic import map_command
from lessons.periodic.long_run import command

if __name__ == "__main__":
    if sys.argv[1:2] == [map_command.NAME]:
        sys.exit(map_command.main(sys.argv[2:]))
    sys.exit(command.main())

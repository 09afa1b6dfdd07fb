"""`python -m deploy.classroom rehearse --students 30 --code CODE`: simulated learners; see `rehearsal`."""

import sys

from deploy.classroom import rehearsal

USAGE = "python -m deploy.classroom rehearse [--students 30] [--address http://127.0.0.1:8866] [--code CODE]"

if sys.argv[1:2] != ["rehearse"]:
    sys.exit(USAGE)
sys.exit(rehearsal.main(sys.argv[2:]))

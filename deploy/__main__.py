"""`python -m deploy`: serve the lessons; see `deploy.serve`."""

import sys

from deploy.serve import main

main(sys.argv[1:])

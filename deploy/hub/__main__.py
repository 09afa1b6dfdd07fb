"""`python -m deploy.hub`: the server of one learner, as a hub starts it; see `deploy.hub.single_user`."""

import sys

from deploy.hub.single_user import main

main(sys.argv[1:])

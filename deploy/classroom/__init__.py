"""A class on one server: it joins by a code, votes on questions of the lessons, and the teacher's run decides."""

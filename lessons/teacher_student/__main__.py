"""`python -m lessons.teacher_student widths`: a sweep over widths and students, from a terminal."""

import sys

from lessons.teacher_student.widths_command import main

if __name__ == "__main__":
    sys.exit(main())

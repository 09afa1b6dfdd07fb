"""Login with one password for all learners, and another one for teachers."""

from __future__ import annotations

from secrets import compare_digest
from typing import Any

from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from traitlets import Set, Unicode


class SharedPasswords(SharedPasswordAuthenticator):
    """JupyterHub's own authenticator for a shared password, but that names of teachers take the teachers' alone.

    (A learner could log in under a teacher's name otherwise. A password of administrators would let teachers into
    everybody's server.)
    """

    teachers = Set(Unicode(), help="Names of teachers.").tag(config=True)
    teacher_password = Unicode(help="What they type beside them.").tag(config=True)

    async def authenticate(self, handler: Any, data: dict[str, str]) -> Any:
        """Return who it is; None if the password is another one."""
        name, password = self.normalize_username(data["username"]), data["password"]
        if name not in self.teachers:
            return await super().authenticate(handler, data)
        return name if compare_digest(password.encode(), self.teacher_password.encode()) else None

"""JupyterHub on one machine: `make hub`, or `python -m jupyterhub --config deploy/hub/jupyterhub_config.py`.

What an operator chooses is in environment variables (README.md beside this file). For a classroom beyond a trial,
exchange the authenticator and the spawner; the lines are at the end.
"""

import os
import sys

from deploy.hub import choices, class_address
from deploy.hub.proxy import proxy_command

c = get_config()  # type: ignore[name-defined] # noqa: F821
try:
    chosen = choices.read(os.environ)
    c.ConfigurableHTTPProxy.command = proxy_command()
except (ValueError, FileNotFoundError) as refusal:
    sys.exit(str(refusal))

# The hub, and what it keeps: a folder that nobody else may read.
chosen.state.mkdir(mode=0o700, parents=True, exist_ok=True)
c.JupyterHub.bind_url = chosen.address
c.JupyterHub.db_url = f"sqlite:///{chosen.state / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(chosen.state / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(chosen.state / "proxy.pid")
c.JupyterHub.active_server_limit = chosen.seats
c.JupyterHub.concurrent_spawn_limit = 4  # a server's start is a second of one core; more at once only wait longer
c.JupyterHub.cleanup_servers = c.JupyterHub.cleanup_proxy = True  # they end with the hub

# Who may come in: any name with the password of the day. Nobody is an administrator.
c.Authenticator.allow_all = True
c.Authenticator.username_pattern = choices.USERNAME
if chosen.password is None:
    c.JupyterHub.authenticator_class = "deploy.hub.trial.TrialAuthenticator"
else:
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = chosen.password
    if chosen.teachers:
        c.JupyterHub.authenticator_class = "deploy.hub.shared_passwords.SharedPasswords"
        c.SharedPasswords.teachers = set(chosen.teachers)
        c.SharedPasswords.teacher_password = chosen.teacher_password

# What each gets: a process of this user's, in a folder of its own. See README.md for what that does not keep apart.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(chosen.state / "homes" / "{username}")
c.Spawner.cmd = [sys.executable, "-m", "deploy.hub"]
c.Spawner.environment = {"LESSONS_AS": chosen.opened}
c.Spawner.mem_limit = chosen.memory
c.Spawner.cpu_limit = 1  # kept by one thread a kernel; a container keeps it by itself
c.Spawner.http_timeout = c.Spawner.start_timeout = 120  # thirty at once on a small machine

# Servers that nobody uses are stopped; notebooks are kept.
c.JupyterHub.services = [
    {"name": "idle", "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={chosen.idle}"]}
]
c.JupyterHub.load_roles = [
    {
        "name": "idle",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle"],
    }
]

# The class: everybody may join it by its code, and the group of teachers teaches it.
if chosen.teachers:
    c.JupyterHub.services.append(class_address.service(chosen.address, chosen.state))
    c.JupyterHub.load_roles.append({"name": "user", "scopes": ["self", class_address.ACCESS]})
    c.JupyterHub.load_groups = {class_address.TEACHERS: {"users": list(chosen.teachers)}}
    c.Spawner.environment["LESSONS_CLASS"] = class_address.class_base(chosen.address)

# For a real classroom, with `pip install oauthenticator dockerspawner` and an image built from deploy/Dockerfile:
#
# c.JupyterHub.authenticator_class = "github"  # or "google", "generic-oauth", "lti13", "pam"
# c.Authenticator.allow_all = False
# c.Authenticator.allowed_users = {"ada", "grace"}
# c.JupyterHub.spawner_class = "docker"  # or "systemd"; "localprocess" with "pam": each learner a user of the system
# c.DockerSpawner.image = "training-dynamics-lab"
# c.Spawner.cmd = ["python", "-m", "deploy.hub"]
# c.JupyterHub.hub_ip = "0.0.0.0"  # containers have to reach the hub; keep port 8081 closed to the outside

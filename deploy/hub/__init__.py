"""JupyterHub for a classroom: each learner gets a server with the lessons; see README.md beside this file."""

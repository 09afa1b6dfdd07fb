"""What pyproject.toml cannot say: the notebooks stand at the top of the repository, in a wheel inside `deploy`."""

from setuptools import find_namespace_packages, setup

# Folders of templates and settings count as packages: setuptools would call them forgotten.
FOLDERS = find_namespace_packages(
    include=["lessons*", "widgets*", "deploy*"], exclude=["*.__pycache__", "deploy.kubernetes"]
)

setup(
    packages=[*FOLDERS, "deploy.notebooks", "deploy.notebooks.pictures"],
    package_dir={"deploy.notebooks": "notebooks"},
)

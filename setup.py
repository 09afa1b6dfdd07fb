"""What pyproject.toml cannot say: the notebooks stand at the top of the repository, in a wheel inside `deploy`."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["lessons*", "widgets*", "deploy*"]), "deploy.notebooks"],
    package_dir={"deploy.notebooks": "notebooks"},
)

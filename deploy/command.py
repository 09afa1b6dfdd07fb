"""The lessons from any folder.

    training-dynamics-lab serve                 all lessons, on http://127.0.0.1:8866
    training-dynamics-lab serve my.ipynb        a notebook of your own, as a page
    training-dynamics-lab lab                   JupyterLab, code in sight
    training-dynamics-lab hub                   JupyterHub, for a class with accounts
    training-dynamics-lab pages FOLDER          the lessons as plain files that play recorded runs, for any web server
    training-dynamics-lab rehearse --code CODE  simulated learners for a class that serve --class has opened
    training-dynamics-lab --version

What follows serve, lab or hub goes to Voilà, JupyterLab or JupyterHub, whose options `serve --help` and so on list.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from lessons import __version__

NO_HUB = "The hub needs packages that are not installed here: pip install 'training-dynamics-lab[hub]'."


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says; `arguments` are those of the process unless given."""
    action, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if action in ("-h", "--help"):
        print(__doc__)
    elif action == "--version":
        print(__version__)
    elif action in ACTIONS:
        ACTIONS[action](rest)
    else:
        sys.exit(f"'{action}' is none of {', '.join(ACTIONS)}; training-dynamics-lab --help says what they do.")


# Each action imports what it runs: a forked kernel imports this module, too, and one action needs no other's packages.


def _serve(arguments: list[str]) -> None:
    from deploy import serve

    serve.main(arguments)


def _lab(arguments: list[str]) -> None:
    from jupyterlab.labapp import LabApp

    from deploy.places import LAB_SETTINGS, named

    settings = [str(LAB_SETTINGS), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(settings)
    try:
        opened = arguments if named(arguments) else [str(_notebooks() / "index.ipynb"), *arguments]
    except OSError as error:
        sys.exit(str(error))
    LabApp.launch_instance(opened)


def _notebooks() -> Path:
    """The folder that JupyterLab works in: of an installed package a copy, which the learner may change."""
    from deploy.hub.own_copy import refresh
    from deploy.places import IS_INSTALLED, NOTEBOOKS

    if not IS_INSTALLED:
        return NOTEBOOKS
    folder = Path.cwd() / "notebooks"
    kept = refresh(NOTEBOOKS, folder)
    print(f"The notebooks are copied to {folder}.", *(f"Yours is kept: {name}." for name in kept), flush=True)
    return folder


def _hub(arguments: list[str]) -> None:
    try:
        from jupyterhub.app import JupyterHub
    except ImportError:
        sys.exit(NO_HUB)
    from deploy.hub import choices, proxy

    try:
        choices.read(os.environ)  # before anything is fetched
        proxy.install()
    except (ValueError, FileNotFoundError) as refusal:
        sys.exit(str(refusal))
    config = Path(proxy.__file__).with_name("jupyterhub_config.py")
    JupyterHub.launch_instance([f"--config={config}", *arguments])


def _pages(arguments: list[str]) -> None:
    from deploy.pages.builder import build

    options = [each for each in arguments if each.startswith("-")]
    if options or not arguments:
        sys.exit(
            "training-dynamics-lab pages takes a folder, which it makes and fills, and notebooks if not all lessons."
        )
    folder, *notebooks = map(Path, arguments)
    for notebook in notebooks:
        if not notebook.is_file():
            sys.exit(f"There is no notebook '{notebook}' in {Path.cwd()}.")
    build(folder, notebooks)


def _rehearse(arguments: list[str]) -> None:
    from deploy.classroom import rehearsal

    sys.exit(rehearsal.main(arguments))


ACTIONS = {"serve": _serve, "lab": _lab, "hub": _hub, "pages": _pages, "rehearse": _rehearse}

if __name__ == "__main__":
    main()

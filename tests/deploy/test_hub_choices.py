"""What an operator may choose for the hub, and what is refused before it starts."""

import subprocess
import sys
from pathlib import Path

import pytest
from traitlets.config import PyFileConfigLoader

from deploy.hub import choices

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "deploy" / "hub" / "jupyterhub_config.py"
PASSWORD = {"LESSONS_HUB_PASSWORD": "long enough"}
TEACHERS = {"LESSONS_HUB_TEACHERS": "ada", "LESSONS_HUB_TEACHER_PASSWORD": "longer still"}


def test_a_password_is_all_that_has_to_be_given():
    chosen = choices.read(PASSWORD)
    assert chosen.address == "http://127.0.0.1:8000"
    assert chosen.password == "long enough"
    assert (chosen.seats, chosen.idle, chosen.opened) == (30, 3600, "lab")


def test_a_trial_needs_none_and_stays_on_this_machine():
    assert choices.read({"LESSONS_HUB_TRIAL": "1"}).password is None
    assert choices.read({"LESSONS_HUB_TRIAL": "1", "LESSONS_HUB_URL": "http://localhost:9000"}).password is None


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "LESSONS_HUB_PASSWORD"),
        ({"LESSONS_HUB_PASSWORD": ""}, "LESSONS_HUB_PASSWORD"),
        ({"LESSONS_HUB_PASSWORD": "short"}, "5 characters"),
        ({"LESSONS_HUB_TRIAL": "1", "LESSONS_HUB_URL": "http://0.0.0.0:8000"}, "this machine alone"),
        ({"LESSONS_HUB_TRIAL": "1", "LESSONS_HUB_URL": "http://:8000"}, "this machine alone"),
        ({"LESSONS_HUB_TRIAL": "1", "LESSONS_HUB_URL": "http://hub.example.org"}, "this machine alone"),
        ({**PASSWORD, "LESSONS_HUB_SEATS": "0"}, "whole number"),
        ({**PASSWORD, "LESSONS_HUB_SEATS": "many"}, "whole number"),
        ({**PASSWORD, "LESSONS_HUB_IDLE": "-5"}, "whole number"),
        ({**PASSWORD, "LESSONS_AS": "slides"}, "lab or voila"),
        ({**PASSWORD, "LESSONS_HUB_TEACHERS": "ada"}, "LESSONS_HUB_TEACHER_PASSWORD"),
        ({**PASSWORD, "LESSONS_HUB_TEACHERS": "ada", "LESSONS_HUB_TEACHER_PASSWORD": "short"}, "at least 8"),
        ({**PASSWORD, "LESSONS_HUB_TEACHERS": "ada", "LESSONS_HUB_TEACHER_PASSWORD": "long enough"}, "another than"),
        ({"LESSONS_HUB_TRIAL": "1", "LESSONS_HUB_TEACHERS": "ada, .."}, "is no name"),
        ({"LESSONS_HUB_TRIAL": "1", "LESSONS_HUB_TEACHERS": "ada emmy"}, "is no name"),
    ],
)
def test_a_wrong_choice_is_a_sentence(environment, sentence):
    with pytest.raises(ValueError, match=sentence):
        choices.read(environment)


def test_teachers_are_named_as_the_hub_names_its_users():
    assert choices.read(PASSWORD).teachers == ()
    trial = choices.read({"LESSONS_HUB_TRIAL": "1", "LESSONS_HUB_TEACHERS": " Ada, emmy@example.org,"})
    assert (trial.teachers, trial.teacher_password) == (("ada", "emmy@example.org"), None)
    chosen = choices.read({**PASSWORD, **TEACHERS})
    assert (chosen.teachers, chosen.teacher_password) == (("ada",), "longer still")


def test_the_hub_refuses_to_start_without_a_password_and_says_why(tmp_path, monkeypatch):
    for name in ("LESSONS_HUB_PASSWORD", "LESSONS_HUB_TRIAL"):
        monkeypatch.delenv(name, raising=False)
    command = [sys.executable, "-m", "jupyterhub", f"--config={CONFIG}"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "LESSONS_HUB_PASSWORD" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """A function that reads the hub's configuration as the hub does."""
    monkeypatch.setattr("deploy.hub.proxy.proxy_command", lambda: ["proxy"])

    def read(**environment):
        monkeypatch.setenv("LESSONS_HUB_STATE", str(tmp_path / "state"))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return PyFileConfigLoader(CONFIG.name, path=str(CONFIG.parent)).load_config()

    return read


def test_the_configuration_follows_the_choices(configured, tmp_path):
    read = configured(**PASSWORD, LESSONS_HUB_SEATS="7", LESSONS_HUB_MEMORY="1G", LESSONS_AS="voila")
    assert read.JupyterHub.bind_url == "http://127.0.0.1:8000"
    assert read.JupyterHub.active_server_limit == 7
    assert read.JupyterHub.authenticator_class == "shared-password"
    assert read.Spawner.mem_limit == "1G"
    assert read.Spawner.environment["LESSONS_AS"] == "voila"
    assert "allow-root" not in str(read)
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_a_trial_lets_everyone_of_this_machine_in(configured, monkeypatch):
    monkeypatch.delenv("LESSONS_HUB_PASSWORD", raising=False)
    read = configured(LESSONS_HUB_TRIAL="1")
    assert read.JupyterHub.authenticator_class == "deploy.hub.trial.TrialAuthenticator"
    assert "127.0.0.1" in read.JupyterHub.bind_url


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "-x", "x" * 65])
def test_no_name_is_a_way_out_of_the_folder_of_homes(configured, name):
    from jupyterhub.auth import Authenticator

    pattern = configured(**PASSWORD).Authenticator.username_pattern
    assert not Authenticator(username_pattern=pattern).validate_username(name)
    assert Authenticator(username_pattern=pattern).validate_username("ada.lovelace@example.org")


def test_a_class_is_there_for_teachers_alone(configured):
    without = configured(**PASSWORD)
    assert [each["name"] for each in without.JupyterHub.services] == ["idle"]
    assert "LESSONS_CLASS" not in without.Spawner.environment
    read = configured(**PASSWORD, **TEACHERS)
    assert [each["name"] for each in read.JupyterHub.services] == ["idle", "class"]
    assert read.JupyterHub.load_groups == {"teachers": {"users": ["ada"]}}
    assert read.SharedPasswords.teachers == {"ada"}
    assert read.SharedPasswords.teacher_password == "longer still"
    assert read.Spawner.environment["LESSONS_CLASS"] == "/services/class/"
    # Nobody becomes an administrator of the hub by teaching.
    assert "admin_users" not in read.Authenticator

"""The lanes that a person made: kept while presets are looked at, and brought back."""

from __future__ import annotations

from dataclasses import dataclass

from lessons.core.settings import SettingError
from widgets.lab.lane_list import LaneList
from widgets.lab.plan import Plan
from widgets.lab.session import Session
from widgets.view.view import LabView


@dataclass(frozen=True)
class _Kept:
    """Lanes, how fast they were played, and what changes by itself in them."""

    lanes: LaneList
    speed: float
    plan: Plan


class OwnLanes:
    """Keeps the last lanes that were no preset's, for who goes back to them.

    With a function of the learner's the lab opens with a lane of it, which no preset has: these lanes are their own.

    Args:
        view: The lab's view.
    """

    def __init__(self, view: LabView):
        check = view.settings_type.checked
        self._presets = [[check(dict(changes)) for changes in preset.lanes] for preset in view.presets]
        self._kept: _Kept | None = None

    def keep(self, session: Session) -> None:
        """Keep the lanes of a session, which a preset is about to replace, if they are a person's own."""
        if not self._are_presets(session):
            self._kept = _Kept(session.lanes, session.player.speed, session.plan)

    def offered(self, session: Session) -> bool:
        """True if there is a way back: a preset's lanes are there, and a person's own were there before."""
        return self._kept is not None and self._are_presets(session)

    def bring_back(self, session: Session) -> None:
        """Let a session have the kept lanes again, and wait at their start as a preset does.

        Raises:
            SettingError: If none are kept.
        """
        if self._kept is None:
            raise SettingError(["There are no lanes of your own to go back to."])
        session.player.speed, session.held = self._kept.speed, False
        session.change_lanes(self._kept.lanes, revealed=False, plan=self._kept.plan)

    def _are_presets(self, session: Session) -> bool:
        return session.plan.begun(session.lanes).settings in self._presets

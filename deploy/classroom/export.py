"""The answers of a class as a table, for who wants to count on."""

from __future__ import annotations

import csv
import io
import json

from deploy.classroom.classroom import Classroom
from deploy.classroom.grading import grader
from deploy.classroom.room_state import Vote

HEADER = ("alias", "nickname", "lesson", "vote", "question", "round", "answer", "truth", "grade", "seconds")
# A cell that begins with one of these, or with a space before it, is a formula to one spreadsheet or another.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def answers_csv(room: Classroom) -> str:
    """Return a line an answer; truth and grade only of what is revealed. Seconds are since the round began."""
    made = io.StringIO()
    table = csv.writer(made, lineterminator="\n")
    table.writerow(HEADER)
    for vote in room.state.votes.values():
        graded = (lambda _: "") if vote.worth is None else grader(vote.asked, vote.worth)
        for number, rows in sorted(vote.answers.items()):
            for row in rows.values():
                who = room.members[row.member].row
                seconds = round(row.at - vote.began[number], 1)
                cells = [
                    who.alias,
                    who.nickname,
                    vote.lesson,
                    vote.id,
                    vote.asked.words,
                    number,
                    _said(vote, row.value),
                ]
                table.writerow([*map(_safe, cells), _safe(_truth(vote)), graded(row.value), seconds])
    return made.getvalue()


def _said(vote: Vote, value: object) -> object:
    if vote.asked.kind == "choice":
        assert isinstance(value, int)
        return vote.asked.options[value]
    return json.dumps(value) if isinstance(value, list) else value


def _truth(vote: Vote) -> object:
    if vote.worth is None:
        return ""
    content = vote.worth.verdicts.model_dump()
    if vote.asked.kind == "choice":
        rights = [option for option, each in enumerate(content["options"]) if each["grade"] == "right"]
        return vote.asked.options[rights[0]] if rights else ""
    return content["truth"] if vote.asked.kind == "number" else json.dumps(content["curve"])


def _safe(cell: object) -> object:
    is_odd = isinstance(cell, str) and (cell.startswith(FORMULA) or cell[:1].isspace())
    return f"'{cell}" if is_odd else cell

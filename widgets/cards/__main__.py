"""Draws the pictures of the cards: `python -m widgets.cards notebooks/pictures`."""

import sys
from pathlib import Path

from widgets.cards.pictures import CARDS

if __name__ == "__main__":
    for name, draw in CARDS.items():
        (Path(sys.argv[1]) / f"{name}.svg").write_text(draw(), encoding="utf-8")
        print(name)

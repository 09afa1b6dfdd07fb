"""The pictures on the cards of the gallery, drawn from runs: `python -m widgets.cards FOLDER`."""

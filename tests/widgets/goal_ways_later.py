"""How the goals of lessons 4 to 7 beyond the first labs are reached; see `goal_ways`."""

from goal_runs import Way

CAUCHY = ({}, {}, {}, {"gain": 0.018})
LATER = {
    ("schemes", "right_deviation"): Way({"deviation": 0.18}),
    ("schemes", "wrong_gain"): Way({"gain": 1.6}),
    ("distributions", "coin_flips_ahead"): Way({"width": 4}),
    ("distributions", "cauchy_arrives"): Way(CAUCHY),
    ("hessian_spectrum", "flat_end"): Way({"learning_rate": 0.45}),
    ("hessian_spectrum", "keeps_away"): Way({"learning_rate": 0.02}),
}

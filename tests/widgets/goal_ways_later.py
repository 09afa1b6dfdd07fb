"""How the goals of lessons 4 to 7 beyond the first labs are reached; see `goal_ways`."""

from goal_runs import Way

CAUCHY = ({}, {}, {}, {"gain": 0.018})
HELD = {"fixed_norm": True, "steps": 600}
LOW_DECAY = ({}, {}, {}, {"learning_rate_decay": 0.0001}, {})


LATER = {
    ("schemes", "right_deviation"): Way({"deviation": 0.18}),
    ("schemes", "wrong_gain"): Way({"gain": 1.6}),
    ("distributions", "coin_flips_ahead"): Way({"width": 4}),
    ("distributions", "cauchy_arrives"): Way(CAUCHY),
    ("hessian_spectrum", "flat_end"): Way({"learning_rate": 0.45}),
    ("hessian_spectrum", "keeps_away"): Way({"learning_rate": 0.02}),
    ("batches", "one_image_does"): Way({"normalization": "layer"}),
    ("batches", "averages_lag"): Way({"learning_rate": 0.5, "measure_every": 5, "steps": 20}),
    ("shift", "more_shift_and_ahead"): Way(({}, {"injected": 0.03}, {})),
    ("shift", "too_much_shift"): Way(({}, {"injected": 0.5}, {})),
    ("five_draws", "in_each_draw"): Way({"learning_rate": 0.75}),
    ("five_draws", "draw_decides"): Way({"learning_rate": 0.45}),
    ("instance_norm", "guesses_the_contrast"): Way({"batch_size": 1, "learning_rate": 0.02}, preset="which contrast"),
    ("instance_norm", "drowned"): Way({"brightness": 20.0}),
    ("stable_rates", "momentum_takes_room"): Way({"optimizer": "heavy ball"}),
    ("stable_rates", "plain_has_room"): Way({"depth": 1}),
    ("settling", "at_one_height"): Way({"noise": 1.2}),
    ("settling", "soon_at_rest"): Way({"weight_decay": 0.02}),
    ("forecast", "none_forecast"): Way({"delta": 1e-6}),
    ("forecast", "narrow_band"): Way({"weight_decay": 0.008, "steps": 2000}),
    ("jumps", "far_turns_alone"): Way({"shift": 2}),
    ("jumps", "calm"): Way({"weight_decay": 0.0005}),
    ("variants", "held_too_low"): Way({"initial_norm": 1.0}),
    ("variants", "decays_too_slowly"): Way(LOW_DECAY),
    ("minima", "many_minima"): Way({"weight_decay": 0.016}),
    ("minima", "good_minima"): Way({"train_size": 1000, "nets": 2}),
    ("conv_periods", "held_up"): Way(HELD),
    ("conv_periods", "six_within_400"): Way({"weight_decay": 0.03, "steps": 600}),
    ("period_map", "quick_and_low"): Way({"weight_decay": 0.03}),
    ("period_map", "high_and_slow"): Way({"learning_rate": 4.0, "weight_decay": 0.0005}),
}

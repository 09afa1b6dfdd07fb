"""How the goals of lessons 4 to 7 beyond the first labs are reached; see `goal_ways`."""

from goal_runs import Way

from lessons.core.record import Change

CAUCHY = ({}, {}, {}, {"gain": 0.018})
HELD = {"fixed_norm": True, "steps": 600}
LOW_DECAY = ({}, {}, {}, {"learning_rate_decay": 0.0001}, {})


def shaken(kind: str) -> Way:
    """What is shaken after a thousand steps."""
    return Way(in_flight=(Change(step=1000, lane=0, field="shake", value=kind),))


LATER = {
    ("schemes", "right_deviation"): Way({"deviation": 0.18}),
    ("schemes", "wrong_gain"): Way({"gain": 1.6}),
    ("distributions", "coin_flips_ahead"): Way({"width": 4}),
    ("distributions", "cauchy_arrives"): Way(CAUCHY),
    ("hessian_spectrum", "flat_end"): Way({"learning_rate": 0.45}),
    ("hessian_spectrum", "keeps_away"): Way({"learning_rate": 0.02}),
    ("batches", "one_image_does"): Way({"normalization": "layer"}),
    ("batches", "averages_lag"): Way({"learning_rate": 0.5, "measure_every": 5, "steps": 20}),
    ("shift", "more_shift_and_ahead"): Way(({}, {"injected": 0.04}, {})),
    ("shift", "too_much_shift"): Way(({}, {"injected": 0.5}, {})),
    ("five_draws", "in_each_draw"): Way({"learning_rate": 0.75}),
    ("five_draws", "draw_decides"): Way({"learning_rate": 0.45}),
    ("instance_norm", "guesses_the_contrast"): Way({"batch_size": 1, "learning_rate": 0.02}, preset="which contrast"),
    ("instance_norm", "drowned"): Way({"brightness": 20.0}),
    ("stable_rates", "momentum_takes_room"): Way({"optimizer": "heavy ball"}),
    ("stable_rates", "small_batches_take_room"): Way({"batch_size": 8}),
    ("settling", "at_one_height"): Way({"noise": 1.2}),
    ("settling", "soon_at_rest"): Way({"weight_decay": 0.02}),
    ("forecast", "none_forecast"): Way({"delta": 1e-6}),
    ("forecast", "narrow_band"): Way({"weight_decay": 0.008}),
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
    ("luck", "luckiest_far_sooner"): Way({"dimension": 5}),
    ("luck", "strength_decides"): Way({"strength_decay": 1.0}),
    ("one_start", "one_but_not_another"): Way({"overparameterization": 1.0}),
    ("one_start", "twenty_for_sixteen"): Way({"teachers": 16, "overparameterization": 2.0}),
    ("same_error", "start_matters_little"): Way({"train_size": 400}),
    ("same_error", "worse_than_the_mean"): Way({"train_size": 50}),
    ("pulls", "from_the_lower_half"): Way({"init_scale": 0.1, "node": 31}),
    ("pulls", "no_colleagues"): Way({"overparameterization": 0.1}),
    ("shaken", "not_missed"): shaken("all irrelevant nodes"),
    ("shaken", "found_again"): shaken("all winners"),
    ("descent", "moved_peak"): Way({"train_size": 400}),
    ("descent", "no_peak_in_noise"): Way({"random_share": 0.5, "ridge": 0.01}),
    ("recovery", "spare_nodes_decide"): Way({"teacher_width": 20}),
    ("recovery", "narrow_ahead"): Way({"data": "fixed"}),
    ("fewest", "all_in_use"): Way({"learning_rate": 0.02}),
    ("fewest", "some_fade"): Way({"learning_rate": 0.1, "momentum": 0.95}),
    ("structure", "large_teacher_known"): Way({"train_size": 700}),
    ("structure", "noise_finds_no_room"): Way({"overparameterization": 0.5}),
    ("firing", "a_close_pair"): Way({"teacher_width": 100}),
    ("firing", "no_close_pair"): Way({"dimension": 200, "teacher_width": 30}),
    ("biases", "all_positive"): Way({"weight_decay": 0.05}),
    ("biases", "without_decay"): Way({"momentum": 0.0}),
    ("layerwise", "many_random_features"): Way({"overparameterization": 8.0}),
    ("layerwise", "greedy_as_random"): Way({"switch_at": 5}),
    ("bottom_up", "five_take_a_hundred"): Way({"level": 0.008}),
    ("bottom_up", "beyond_a_thousand"): Way({"dimension": 60}),
    ("independence", "independent_for_long"): Way({"learning_rate": 0.001}),
    ("independence", "dealt_to_the_mean"): Way({"init_scale": 0.1}),
}

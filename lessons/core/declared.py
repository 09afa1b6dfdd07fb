"""Settings that many experiments have, each declared once; an experiment says by keyword what is different in it.

class NetSettings(Settings):
    learning_rate: float = declared.learning_rate(default=0.2)
"""

from __future__ import annotations

from functools import partial

from lessons.core.settings import setting

learning_rate = partial(
    setting,
    default=0.1,
    label="learning rate",
    symbol="η",
    doc="Factor between gradient and step.",
    low=0.0,
    high=100.0,
    slider=(0.001, 10.0),
    scale="log",
    hot=True,
)
optimizer = partial(setting, default="gradient descent", label="optimizer", doc="The update rule.")
momentum = partial(
    setting,
    default=0.9,
    label="momentum",
    symbol="β",
    doc="Share of the velocity kept at each step (β₁ of Adam). Plain gradient descent ignores it.",
    low=0.0,
    high=0.999,
    slider=(0.0, 0.99),
    slider_step=0.01,
    hot=True,
)
beta_2 = partial(
    setting,
    default=0.999,
    label="second momentum",
    symbol="β₂",
    doc="Share of the mean squared gradient kept at each step by RMSProp, Adam and AdamW.",
    low=0.0,
    high=0.99999,
    slider=(0.5, 0.999),
    slider_step=0.001,
)
decoupled_weight_decay = partial(
    setting,
    default=0.01,
    label="weight decay",
    symbol="λ",
    doc="AdamW shrinks the parameters by ηλ at each step; the others leave it out.",
    low=0.0,
    high=10.0,
    slider=(0.0, 1.0),
    slider_step=0.01,
)
# The valley of an optimizer, and where it starts: one for all lanes, for their paths are drawn over one picture.
angle = partial(
    setting,
    default=30.0,
    label="rotation",
    symbol="φ",
    unit="°",
    low=-180.0,
    high=180.0,
    slider=(-90.0, 90.0),
    slider_step=1.0,
    shared=True,
)
start_x = partial(
    setting, label="start", symbol="θ₁", doc="First coordinate of the start.", slider_step=0.05, shared=True
)
start_y = partial(
    setting, label="start", symbol="θ₂", doc="Second coordinate of the start.", slider_step=0.05, shared=True
)
loss = partial(setting, default="squared error", label="loss", doc="What is minimized.", shared=True)
activation = partial(setting, default="tanh", label="activation", doc="Between the layers.", shared=True)
width = partial(
    setting,
    default=32,
    label="width",
    doc="Units in each hidden layer.",
    low=2,
    high=512,
    slider=(4, 128),
    scale="log",
    shared=True,
)
channels = partial(
    width,
    default=4,
    doc="Channels of the first convolution; each further layer has twice as many.",
    high=16,
    slider=(2, 8),
)
depth = partial(
    setting,
    default=2,
    label="hidden layers",
    doc="Number of hidden layers.",
    low=0,
    high=8,
    slider=(0, 4),
    shared=True,
)
init_scale = partial(
    setting,
    default=1.0,
    label="initial scale",
    symbol="s",
    doc="Weights start as N(0, s²/fan_in).",
    low=0.01,
    high=10.0,
    slider=(0.1, 4.0),
    scale="log",
)
train_size = partial(
    setting,
    default=200,
    label="training images",
    symbol="N",
    doc="Digits in the training set.",
    low=20,
    high=1200,
    slider=(50, 1000),
    scale="log",
    shared=True,
)
batch_size = partial(
    setting,
    default=32,
    label="batch size",
    symbol="B",
    doc="Images drawn for each step.",
    low=1,
    high=1200,
    slider=(1, 500),
    scale="log",
)
sharpness_every = partial(
    setting,
    default=20,
    label="measure sharpness every",
    unit="steps",
    doc="Each time λₘₐₓ is followed by 8 Lanczos steps.",
    low=1,
    high=1000,
    slider=(1, 100),
    shared=True,
)
follow_sharpness = partial(
    setting,
    default=False,
    label="follow the sharpness",
    doc="Measure λₘₐₓ now and then; slow in deep nets.",
    shared=True,
)
spectrum_every = partial(
    setting,
    default=100,
    label="renew the spectrum every",
    unit="steps",
    doc="How old the Hessian's spectrum on show may be; a new one takes as long as some 100 steps.",
    low=1,
    high=10000,
    slider=(10, 1000),
    scale="log",
    shared=True,
)
measure_every = partial(
    setting,
    default=10,
    label="measure every",
    unit="steps",
    doc="How often what takes long is measured.",
    low=1,
    high=1000,
    slider=(1, 100),
    shared=True,
)
curvature = partial(
    setting,
    default=1.0,
    label="sharpness",
    symbol="λₘₐₓ",
    doc="Largest eigenvalue of the Hessian.",
    low=0.05,
    high=20.0,
    slider=(0.1, 10.0),
    scale="log",
)
condition_number = partial(
    setting,
    default=10.0,
    label="condition number",
    symbol="κ",
    doc="Largest over smallest curvature; the eigenvalues between are spaced evenly in logarithm.",
    low=1.0,
    high=10000.0,
    slider=(1.0, 1000.0),
    scale="log",
)
gradient_noise = partial(
    setting,
    default=1.0,
    label="gradient noise",
    symbol="σ",
    doc="Standard deviation of the noise in each component.",
    low=0.0,
    high=100.0,
    slider=(0.0, 4.0),
    slider_step=0.05,
)
steps = partial(
    setting,
    default=1000,
    label="steps",
    doc="Number of updates.",
    low=1,
    high=20000,
    slider=(100, 5000),
    scale="log",
    shared=True,
)
seed = partial(
    setting, default=0, label="seed", doc="Draws the initial weights.", low=0, high=2**31 - 1, slider=(0, 99)
)
other_seeds = partial(
    setting,
    default=0,
    label="other seeds behind",
    doc="More trainings of each lane, with other seeds; their curves are faint behind its own.",
    low=0,
    high=4,
    shared=True,
)

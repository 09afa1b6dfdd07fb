"""The gradient rules as torch.optim has them, for lanes with the usual hyperparameters."""

from typing import Any

import torch

GRADIENT_OPTIMIZERS = {
    "gradient descent": lambda p, s: torch.optim.SGD(p, lr=s.learning_rate),
    "heavy ball": lambda p, s: torch.optim.SGD(p, lr=s.learning_rate, momentum=s.momentum),
    "moving average": lambda p, s: torch.optim.SGD(p, lr=s.learning_rate * (1 - s.momentum), momentum=s.momentum),
    "Nesterov": lambda p, s: torch.optim.SGD(p, lr=s.learning_rate, momentum=s.momentum, nesterov=True),
    "AdaGrad": lambda p, s: torch.optim.Adagrad(p, lr=s.learning_rate),
    "RMSProp": lambda p, s: torch.optim.RMSprop(p, lr=s.learning_rate, alpha=s.beta_2),
    "Adam": lambda p, s: torch.optim.Adam(p, lr=s.learning_rate, betas=(s.momentum, s.beta_2)),
    "AdamW": lambda p, s: torch.optim.AdamW(
        p, lr=s.learning_rate, betas=(s.momentum, s.beta_2), weight_decay=s.weight_decay
    ),
}


def lbfgs(parameters: Any, settings: Any) -> torch.optim.LBFGS:
    """One line search a step."""
    return torch.optim.LBFGS(
        parameters, lr=settings.learning_rate, max_iter=1, max_eval=26, history_size=5, line_search_fn="strong_wolfe"
    )

"""Names that the server gives: nobody types a name that others read."""

from __future__ import annotations

import secrets
from collections.abc import Container

_QUALITIES = (
    "amber azure bold brave bright brisk calm clear clever coral crimson curious daring eager early fair fleet gentle "
    "glad golden green hazel honest indigo ivory jade jolly keen kind light lilac lively lucky merry mild mint modest "
    "neat noble olive patient pearl plain plum proud quick quiet rapid ruby sage scarlet sharp silver smart snowy "
    "sober steady sunny swift teal tidy violet warm wise"
)
_ANIMALS = (
    "ant badger bat bear beaver bee bison bobcat camel carp cat cicada clam cod colt crab crane cricket crow deer "
    "dingo dove duck eagle eel elk emu falcon ferret finch fox frog gecko gibbon gnu goose gull hare hawk heron ibex "
    "ibis jay kiwi koala lark lemur llama lynx marten mole moose moth newt ocelot okapi orca oriole otter owl panda "
    "perch pigeon pika plover pony puffin quail rabbit raven robin salmon seal shrew skunk sloth snail sparrow spider "
    "stork swan tapir tern tiger toad trout turtle vole walrus wasp weasel whale wombat wren yak zebra"
)
QUALITIES, ANIMALS = _QUALITIES.split(), _ANIMALS.split()


def new_alias(taken: Container[str]) -> str:
    """Return a quality and an animal that nobody in the room has; there are some 6,800."""
    while True:
        alias = f"{secrets.choice(QUALITIES)} {secrets.choice(ANIMALS)}"
        if alias not in taken:
            return alias

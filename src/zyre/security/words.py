"""Invitation codes that people say to each other: a number by which to find the invitation, and two of 256 words.

Two words are 16 bits. That is little, and enough: nobody can try them but by asking, and three wrong answers end it.
"""

from __future__ import annotations

from typing import Final

from zyre.errors import InvalidConfig

__all__ = ["MOST_NUMBER", "WORDS", "make_code", "read_code"]

#: Numbers are from 1 on.
MOST_NUMBER: Final = 99

#: Short, known to many who learned English late, and far from each other by ear.
_TEXT: Final = """
    acorn actor alarm album amber angel ankle apple apron arrow atlas autumn
    baker bamboo banana banjo barrel basket beach beaver bicycle bishop blanket bonfire
    border bottle branch bread breeze bridge bronze brother bubble bucket buffalo butter
    cabin cactus camel camera candle canyon carbon carpet castle cattle cellar chapel
    cherry chicken chimney cinema circle citrus clover cobra coffee comet compass copper
    coral cotton cousin coyote cradle crystal curtain cushion dancer desert diamond dinner
    doctor dolphin donkey dragon drummer eagle eclipse elbow elephant ember engine evening
    fabric falcon family farmer feather ferry fiddle finger flamingo flower forest fossil
    fountain freckle galaxy garden garlic ginger giraffe glacier goblin gorilla granite guitar
    hammer harbor harvest helmet hermit hockey holiday honey horizon hotel hunter iceberg
    island ivory jacket jaguar jasmine jigsaw jungle kernel kettle kitchen kiwi knuckle
    ladder lagoon lantern lemon leopard letter library lizard lobster lotus lumber lunch
    magnet mango maple marble market meadow medal melon mirror monkey morning muffin
    museum napkin needle nephew nickel notebook nutmeg oatmeal ocean olive onion orange
    orchard orchid otter oxygen oyster paddle palace pancake panther paper parrot peanut
    pebble pelican pencil pepper piano picnic pigeon pillow pirate planet plastic pocket
    poem pony potato prairie prince puzzle pyramid quartz rabbit radio rainbow raven
    ribbon river robin rocket rubber saddle sailor salmon sandal scissors shadow silver
    singer skeleton sparrow spider squirrel statue summer sunset swallow table teacher temple
    thunder ticket tiger tomato tractor trumpet tulip tunnel turtle umbrella uncle valley
    vanilla velvet village violin volcano waffle wagon walnut weather whistle willow window
    winter yogurt zebra zipper
    """
WORDS: Final = tuple(_TEXT.split())


def make_code(chance: int) -> tuple[int, str]:
    """A code out of a number that nobody can foresee, of 32 bits at least: its number, and the whole of it."""
    chance, first = divmod(chance, len(WORDS))
    chance, second = divmod(chance, len(WORDS))
    number = chance % MOST_NUMBER + 1
    return number, f"{number}-{WORDS[first]}-{WORDS[second]}"


def read_code(text: str) -> tuple[int, str]:
    """A code as somebody typed it, with blanks or hyphens. Raises InvalidConfig, which does not show it."""
    number, *words = text.lower().replace("-", " ").split() or [""]
    if not (number.isascii() and number.isdigit() and 1 <= int(number) <= MOST_NUMBER and len(words) == 2):
        raise InvalidConfig("an invitation's code is a number and two words, such as 7-walnut-copper")
    unknown = next((word for word in words if word not in WORDS), None)
    if unknown is not None:
        raise InvalidConfig("one of the two words is none that 'zyre invite' says: was it heard rightly?")
    return int(number), f"{int(number)}-{'-'.join(words)}"

"""Which emoji shows a thing that a plot speaks of."""

import collections
import math
import re

from .lexicons import FACES, annotations, emoji_names

# Blocks of things: nature, food, places, sports, vehicles, objects, animals, people at work.
THINGS = re.compile("^[\U0001f300-\U0001f5ff\U0001f680-\U0001f6ff\U0001f900-\U0001f9ff\U0001fa70-\U0001faff⚓⚔⚖⚰⚽⚾⛄⛪⛵⛺✂✈❄☕⚡]$")
# Names of signs, buttons, gestures and pictures that show nothing of a plot.
ABSTRACT = re.compile(
    r"\b(arrow|button|symbol|sign|mark|clock|o’clock|thirty|finger|hand|hands|palm|fist|square|circle|"
    r"diamond|triangle|zone|prohibited|no|restroom|customs|luggage|baggage|input|bar|keycap|moai|"
    r"non-potable|passport|tooth|heart|hearts|kiss|skin|hair|bubble|bubbles|anger|nail|billed|tone|"
    r"globe|face|person|man|woman|footprints|antenna|vibration|mobile|dim|bright|low|placard|"
    r"wireless|ticket|tickets|level|slider|knobs|litter|bin|elevator|plunger|safety|bulb|moon|leg|ear|lungs)\b"
)
VAGUE = set(
    "person man woman hand button symbol flag sign mark red blue green yellow black white square circle light "
    "dark large small up down left right new open arrow letter people one two three day time group old first "
    "life lives world family friend friends home house body young help place way work story series true real "
    "show film find look high hot cool back big game play live set bring turn run stop face love food long "
    "free good best last end top next team part hope part want take make right wild night good party couple "
    "american french english chinese japanese german italian australian african secret deal mind power "
    "human beings second short special cold fall country nature event celebration activity color object "
    "tool clothing transport travel vehicle animal building weather sport drink dish plate meal eat go mean "
    "figure model round style wave shot point line board change natural rise rising seen key bar".split()
)
BEST = 2
NAME_WEIGHT, KEYWORD_WEIGHT = 1.6, 0.6
# A keyword that plots do not use is likelier a wrong form of another word.
KEYWORD_USES = 10


def things():
    """Returns emoji -> name of those that show a thing."""
    return {
        sign: name
        for sign, name in emoji_names().items()
        if THINGS.match(sign) and not FACES.match(sign) and not ABSTRACT.search(name)
    }


def index(descriptions):
    """Returns keyword -> [(emoji, weight)], rare words of `descriptions` weighing more."""
    names, keywords = things(), annotations("en")
    uses = collections.Counter(
        word for text in descriptions for word in set(re.findall(r"[a-z]+", text.lower()))
    )
    found = collections.defaultdict(dict)
    for sign, name in names.items():
        for word in sorted({name, *keywords.get(sign, [])}):
            if word.isalpha() and word.isascii() and len(word) > 2 and word not in VAGUE:
                if word == name or uses[word] >= KEYWORD_USES:
                    found[word][sign] = NAME_WEIGHT if word == name else KEYWORD_WEIGHT
    weighted = {}
    for word, signs in found.items():
        rarity = math.log(len(descriptions) / (1 + uses[word]))
        scored = sorted(((rarity * w / math.sqrt(len(signs)), s) for s, w in signs.items()), reverse=True)
        weighted[word] = [(sign, weight) for weight, sign in scored[:BEST]]
    return weighted

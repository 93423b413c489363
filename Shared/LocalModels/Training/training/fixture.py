"""What the Swift code must find again, computed here one text at a time."""

import json
import random

import numpy as np

from . import table, taxonomy
from .classifier import predict, sigmoid

TEXTS = """\
I'm so happy today!
not happy at all
I couldn't be happier
my cat died and I cannot stop crying
I am scared of the dark
give me something funny, please
She can't come; they won't either.
soooo excited about tomorrow!!!
DON'T TOUCH ME
the café was über cozy
I feel… nothing
rock'n'roll all night
I've been waiting and we'll see
an epic journey across the sea
what a lonely, lonely evening
I'd rather stay in bed
it isn't bad
dont worry be happy
my ex is getting married
thinking of the sea
butterflies in my stomach
fed up with my boss and his emails
I miss my grandmother's kitchen
heartwarming edge-of-your-seat thriller
a quiet rainy sunday
you make me sick
exam tomorrow, help
thank you so much
is anybody out there?
he lied to me again
meh
YES!!! we won!!!
I regret everything I said
so proud of my little sister
supercalifragilisticexpialidocious
l'amour toujours
Straße, naïve, façade, Ångström
1984 and 2001
a_b_c d-e-f
tired. so tired. so very tired.
the the the the
I love you / I hate you
why would anyone do that?
warm blanket & hot tea
they laughed at me
nothing can stop us now
goosebumps everywhere
what was that noise upstairs
im so done w everything rn tbh n idk what to do abt it lol
she took the dog and the good pans and left me the sofa, and my mother says that I should be glad of it
I came home late, nobody had waited, the soup was cold and the lights were out, but on the table lay a note \
that said well done, we are proud of you, and I stood there in my wet coat and laughed and cried at once
ИЗ тёмного леса
悲しい""".splitlines()


def write(path, readers, families):
    """Writes texts with tokens, unit vector (`[128]`), 28 label and 40 family probabilities, and
    the regressions' log-odds of labels and families."""
    found = []
    for text in TEXTS:
        rows = readers.tokenizer.rows_of(text)
        labels, scores = predict(readers.network, [rows]) if rows else (np.zeros((1, 0)),) * 2
        vector = table.embed(readers.embedding, [rows])[0] if rows else np.zeros(0)
        rounded = lambda values: [round(float(value), 5) for value in values]
        found.append(
            {
                "text": text,
                "tokens": rows,
                "vector": rounded(vector),
                "labels": rounded(sigmoid(labels[0])),
                "families": rounded(sigmoid(scores[0])),
                "odds": rounded(readers.labels([text])[0]),
                "familyOdds": rounded(readers.families([text])[0]),
            }
        )
    contents = {"labels": taxonomy.LABELS, "families": families, "texts": found}
    path.write_text(json.dumps(contents, ensure_ascii=False, indent=0) + "\n", "utf-8")


def write_pairs(path, teacher, count=400, seed=7):
    """Writes pairs of words for feelings with the teacher's cosine, half of them of one family."""
    chance = random.Random(seed)
    terms = [term for term in taxonomy.terms() if term.word.isalpha()]
    pairs = {}
    while len(pairs) < count:
        first, second = chance.sample(terms, 2)
        if len(pairs) % 2 or first.family == second.family:
            pairs.setdefault(tuple(sorted((first.word, second.word))))
    words = sorted({word for pair in pairs for word in pair})
    vectors = dict(zip(words, teacher.encode(words)))
    lines = [f"{a}\t{b}\t{float(vectors[a] @ vectors[b]):.4f}" for a, b in sorted(pairs)]
    path.write_text("# word, word, cosine by all-MiniLM-L6-v2\n" + "\n".join(lines) + "\n", "utf-8")

"""The same orchestration as ours, as one would write it with FastAPI, httpx and numpy.

    ROLE=emotion|embedding|gateway uvicorn fastapi_peer:app

The models answer at once with what they always answer: only what lies around them is compared.
"""

from __future__ import annotations

import base64
import json
import os
from collections import OrderedDict
from contextlib import asynccontextmanager

import httpx
import numpy as np
from fastapi import FastAPI
from fastapi.responses import ORJSONResponse
from pydantic import BaseModel, Field

ROLE = os.environ["ROLE"]
EMOTIONS = [("longing", 0.9), ("grief", 0.6), ("calm", 0.3), ("hope", 0.2)]


class Mood(BaseModel):
    mood: str = Field(min_length=1, max_length=2000)


class Texts(BaseModel):
    texts: list[str] = Field(min_length=1, max_length=2048)


class Recommend(Mood):
    limit: int = Field(10, ge=1, le=100)


class Catalog:
    def __init__(self, path: str):
        with open(path) as file:
            data = json.load(file)
        self.titles = data["titles"]
        self.words = data["words"]
        self.word_vectors = np.array(data["wordVectors"], np.float32)
        self.content = np.array(data["contentVectors"], np.float32)
        self.emotions = np.array([title["emotions"] for title in self.titles])
        for title in self.titles:
            named = enumerate(title["emotions"])
            title["emotions"] = [{"name": self.words[word], "intensity": 0.9 - 0.1 * place} for place, word in named]

    def rank(self, emotions, vectors, content, limit):
        weights = np.array([intensity for _, intensity in emotions], np.float32)
        weights *= 0.75 / weights.sum()
        of_titles = (vectors @ self.word_vectors.T)[:, self.emotions]
        best = of_titles.argmax(axis=2)
        nearest = np.take_along_axis(of_titles, best[:, :, None], axis=2)[:, :, 0]
        about = self.content @ content
        scores = weights @ nearest + 0.25 * about
        order = np.argsort(-scores, kind="stable")[:limit]
        return [self.explained(int(row), emotions, weights, best, nearest, about, scores) for row in order]

    def explained(self, row, emotions, weights, best, nearest, about, scores):
        matches = [
            {
                "yourEmotion": name,
                "titleEmotion": self.words[int(self.emotions[row, best[index, row]])],
                "similarity": float(nearest[index, row]),
                "weight": float(weights[index]),
                "contribution": float(weights[index] * nearest[index, row]),
            }
            for index, (name, _) in enumerate(emotions)
        ]
        content = {"similarity": float(about[row]), "weight": 0.25, "contribution": float(about[row]) / 4}
        return {
            "title": self.titles[row],
            "score": float(scores[row]),
            "explanation": {"emotions": matches, "content": content},
        }


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None, max_keepalive_connections=64)) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan, default_response_class=ORJSONResponse)

if ROLE == "emotion":

    @app.post("/extract")
    async def extract(_: Mood):
        return {"emotions": [{"name": name, "intensity": intensity} for name, intensity in EMOTIONS]}

elif ROLE == "embedding":
    DIMENSIONS = int(os.environ["DIMENSIONS"])
    VECTOR = base64.b64encode(np.full(DIMENSIONS, DIMENSIONS**-0.5, "<f4").tobytes()).decode()

    @app.post("/embed")
    async def embed(texts: Texts):
        return {"embeddings": [VECTOR for _ in texts.texts]}

else:
    catalog = Catalog(os.environ["CATALOG"])
    known_words: dict[str, np.ndarray] = {}
    answers: OrderedDict[tuple, dict] = OrderedDict()

    async def vectors(texts: list[str]) -> list[np.ndarray]:
        reply = await app.state.client.post(os.environ["EMBEDDING_URL"] + "/embed", json={"texts": texts})
        reply.raise_for_status()
        return [np.frombuffer(base64.b64decode(each), "<f4") for each in reply.json()["embeddings"]]

    @app.post("/recommend")
    async def recommend(request: Recommend):
        key = (request.mood, request.limit)
        if (known := answers.get(key)) is not None:
            answers.move_to_end(key)
            return ORJSONResponse(known)
        reply = await app.state.client.post(os.environ["EMOTION_URL"] + "/extract", json={"mood": request.mood})
        reply.raise_for_status()
        emotions = [(each["name"], each["intensity"]) for each in reply.json()["emotions"]]
        missing = [name for name, _ in emotions if name not in known_words]
        content, *found = await vectors([request.mood, *missing])
        known_words.update(zip(missing, found, strict=True))
        matrix = np.stack([known_words[name] for name, _ in emotions])
        answer = {
            "emotions": [{"name": name, "intensity": intensity} for name, intensity in emotions],
            "recommendations": catalog.rank(emotions, matrix, content, request.limit),
            "candidates": len(catalog.titles),
        }
        answers[key] = answer
        if len(answers) > 10_000:
            answers.popitem(last=False)
        return ORJSONResponse(answer)

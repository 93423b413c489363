// The same orchestration as ours, as one would write it with Node's http module.
//   ROLE=emotion|embedding|gateway PORT=n node node_peer.mjs
// The models answer at once with what they always answer: only what lies around them is compared.

import { readFileSync } from "node:fs";
import http from "node:http";

const { ROLE, PORT, EMOTION_URL, EMBEDDING_URL, CATALOG, DIMENSIONS } = process.env;
const emotions = [["longing", 0.9], ["grief", 0.6], ["calm", 0.3], ["hope", 0.2]]
  .map(([name, intensity]) => ({ name, intensity }));
const agent = new http.Agent({ keepAlive: true });

function read(stream) {
  return new Promise((resolve, reject) => {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => resolve(Buffer.concat(parts).toString()));
    stream.on("error", reject);
  });
}

function post(url, message) {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(message);
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    const request = http.request(url, { method: "POST", agent, headers }, async (response) => {
      resolve(JSON.parse(await read(response)));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function fields(message, wanted) {
  for (const [name, isRight] of Object.entries(wanted)) {
    if (!isRight(message[name])) throw new Error(`${name} is wrong`);
  }
  return message;
}
const isMood = (text) => typeof text === "string" && text.trim() !== "" && [...text].length <= 2000;
const isLimit = (limit) => limit === undefined || (Number.isInteger(limit) && limit >= 1 && limit <= 100);

function floats(base64) {
  const bytes = Buffer.from(base64, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function cosine(left, right) {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) sum += left[index] * right[index];
  return sum;
}

function gateway() {
  const data = JSON.parse(readFileSync(CATALOG));
  const wordVectors = data.wordVectors.map((vector) => Float32Array.from(vector));
  const contentVectors = data.contentVectors.map((vector) => Float32Array.from(vector));
  const named = data.titles.map((title) => ({
    ...title,
    emotions: title.emotions.map((word, place) => ({ name: data.words[word], intensity: 0.9 - 0.1 * place })),
  }));
  const knownWords = new Map();
  const answers = new Map();

  async function vectors(texts) {
    return (await post(`${EMBEDDING_URL}/embed`, { texts })).embeddings.map(floats);
  }

  function rank(sought, soughtVectors, content, limit) {
    const total = sought.reduce((sum, each) => sum + each.intensity, 0);
    const weights = sought.map((each) => (0.75 * each.intensity) / total);
    const table = soughtVectors.map((vector) => wordVectors.map((word) => cosine(vector, word)));
    const scored = data.titles.map((title, row) => {
      const best = table.map((similarities) => {
        let winner = title.emotions[0];
        for (const word of title.emotions) if (similarities[word] > similarities[winner]) winner = word;
        return winner;
      });
      const about = cosine(content, contentVectors[row]);
      let score = about * 0.25;
      for (let index = 0; index < best.length; index += 1) score += weights[index] * table[index][best[index]];
      return { row, score, best, about };
    });
    scored.sort((a, b) => b.score - a.score || a.row - b.row);
    return scored.slice(0, limit).map(({ row, score, best, about }) => ({
      title: named[row],
      score,
      explanation: {
        emotions: best.map((word, index) => ({
          yourEmotion: sought[index].name,
          titleEmotion: data.words[word],
          similarity: table[index][word],
          weight: weights[index],
          contribution: table[index][word] * weights[index],
        })),
        content: { similarity: about, weight: 0.25, contribution: about / 4 },
      },
    }));
  }

  return async (message) => {
    const { mood, limit = 10 } = fields(message, { mood: isMood, limit: isLimit });
    const key = `${limit} ${mood}`;
    const known = answers.get(key);
    if (known) return known;
    const { emotions: found } = await post(`${EMOTION_URL}/extract`, { mood });
    const missing = found.map((each) => each.name).filter((name) => !knownWords.has(name));
    const [content, ...rest] = await vectors([mood, ...missing]);
    missing.forEach((name, index) => knownWords.set(name, rest[index]));
    const answer = {
      emotions: found,
      recommendations: rank(found, found.map((each) => knownWords.get(each.name)), content, limit),
      candidates: data.titles.length,
    };
    answers.set(key, answer);
    if (answers.size > 10_000) answers.delete(answers.keys().next().value);
    return answer;
  };
}

function embedding() {
  const vector = Buffer.from(new Float32Array(Number(DIMENSIONS)).fill(Number(DIMENSIONS) ** -0.5).buffer);
  const text = vector.toString("base64");
  return async (message) => {
    const { texts } = fields(message, { texts: (list) => Array.isArray(list) && list.length > 0 });
    return { embeddings: texts.map(() => text) };
  };
}

function emotion() {
  return async (message) => {
    fields(message, { mood: isMood });
    return { emotions };
  };
}

const answer = { emotion, embedding, gateway }[ROLE]();
http
  .createServer(async (request, response) => {
    let body;
    try {
      body = JSON.stringify(await answer(JSON.parse(await read(request))));
    } catch (error) {
      response.statusCode = 400;
      body = JSON.stringify({ message: error.message });
    }
    response.setHeader("Content-Type", "application/json");
    response.setHeader("Content-Length", Buffer.byteLength(body));
    response.end(body);
  })
  .listen(Number(PORT), "127.0.0.1");

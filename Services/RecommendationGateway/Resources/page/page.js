// The page of the gateway: one mood in, titles out, over the same calls that any client makes.
// Whatever comes from outside reaches the document as text, never as markup.

const maxMood = 2000;
const byId = (id) => document.getElementById(id);
const form = byId("form");
const mood = byId("mood");
const numbers = ["minYear", "maxYear", "minRuntimeMinutes", "maxRuntimeMinutes", "minScore"];

/** A failed call: `code` as on the wire, and the fields it names. */
class CallError extends Error {
  constructor(code, message, violations, requestId) {
    super(message);
    this.code = code;
    this.violations = violations;
    this.requestId = requestId;
  }
}

/** Calls a method and gives its answer; throws `CallError`. */
async function call(method, message, signal) {
  let response;
  try {
    response = await fetch(`/netflixgpt.${method}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Connect-Protocol-Version": "1" },
      body: JSON.stringify(message),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new CallError("unavailable", "The gateway does not answer.", [], null);
  }
  const body = await response.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    return null;
  });
  if (response.ok && body !== null) return body;
  const violations = (body?.details ?? [])
    .filter((detail) => detail.type === "google.rpc.BadRequest")
    .flatMap((detail) => detail.debug?.fieldViolations ?? []);
  throw new CallError(
    body?.code ?? "unknown",
    body?.message ?? `The gateway answered with status ${response.status}.`,
    violations,
    response.headers.get("X-Request-Id"),
  );
}

/** An element with attributes and children; strings become text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const percent = (value) => `${Math.round(value * 100)}%`;
const decimals = (value) => (value ?? 0).toFixed(2);
const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A bar between 0 and 1. What it shows stands beside it as text. */
function bar(value) {
  const shown = Math.min(1, Math.max(0, value ?? 0));
  return make("meter", { min: 0, max: 1, value: shown, "aria-hidden": "true" });
}

// What is asked

const checked = (name) =>
  [...form.querySelectorAll(`input[name="${name}"]:checked`)].map((input) => input.value);

/** What the filters say; absent where nothing is asked. */
function filter() {
  const asked = {};
  const lists = { types: "types", genresAny: "genresAny", genresNone: "genresNone" };
  for (const [field, name] of Object.entries(lists)) {
    if (checked(name).length > 0) asked[field] = checked(name);
  }
  for (const field of numbers) {
    if (byId(field).value !== "") asked[field] = Number(byId(field).value);
  }
  if (byId("maxAgeRating").value !== "") {
    asked.maxAgeRating = byId("maxAgeRating").value;
    if (byId("includeUnrated").checked) asked.includeUnrated = true;
  }
  return asked;
}

function request(seed) {
  const asked = { mood: mood.value.trim(), goal: checked("goal")[0] };
  const conditions = filter();
  if (Object.keys(conditions).length > 0) asked.filter = conditions;
  if (byId("limit").value !== "") asked.limit = Number(byId("limit").value);
  if (seed !== undefined) asked.seed = seed;
  return asked;
}

/** Why the form can't be sent as it is, as the gateway would say it. */
function problems() {
  const found = [];
  const length = [...mood.value.trim()].length;
  if (length === 0) found.push({ field: "mood", description: "Say in a few words how you feel." });
  if (length > maxMood) {
    found.push({
      field: "mood",
      description: `Up to ${maxMood.toLocaleString("en")} characters, please.`,
    });
  }
  for (const id of [...numbers, "limit"]) {
    const { badInput, rangeUnderflow, rangeOverflow, stepMismatch } = byId(id).validity;
    if (!(badInput || rangeUnderflow || rangeOverflow || stepMismatch)) continue;
    const { min, max } = byId(id);
    found.push({
      field: id === "limit" ? id : `filter.${id}`,
      description: `A number from ${min} to ${max}.`,
    });
  }
  return found;
}

// Errors beside their fields

/** Shows each violation at its field and gives those whose field the page doesn't have. */
function showViolations(violations) {
  clearViolations();
  const homeless = [];
  let first = null;
  for (const { field = "", description = "" } of violations) {
    const path = field.replace(/\[\d+\].*$/, "");
    const place = form.querySelector(`[data-field="${CSS.escape(path)}"]`);
    const text = place?.querySelector(".error");
    if (!text) {
      homeless.push({ field, description });
      continue;
    }
    text.textContent = capitalised(description);
    text.hidden = false;
    const input = place.querySelector("textarea, input, select");
    input?.setAttribute("aria-invalid", "true");
    if (place.closest("details")) place.closest("details").open = true;
    first ??= input;
  }
  first?.focus();
  return homeless;
}

function clearViolations() {
  for (const text of form.querySelectorAll(".error")) text.hidden = true;
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

// The answer

function emotionChips(title, emotions) {
  const chips = emotions.map(({ name = "", intensity = 0 }) =>
    make(
      "li",
      {},
      make("span", { class: "name" }, name),
      bar(intensity),
      make("span", { class: "value" }, percent(intensity)),
    ),
  );
  return make("div", { class: "emotions" }, make("h2", {}, title), make("ul", {}, ...chips));
}

const reasons = {
  RATE_LIMITED: "it asked for a pause",
  UNREACHABLE: "it could not be reached",
  INTERRUPTED: "the connection to it broke",
  UNAUTHENTICATED: "it refused the key",
  OUT_OF_CREDIT: "its credit is used up",
  OVERLOADED: "it is overloaded",
  TIMED_OUT: "it took too long",
  MALFORMED_REPLY: "its answer made no sense",
  TRUNCATED: "its answer was cut off",
  REFUSED: "it declined",
  BLOCKED: "its filter stopped the words",
  BAD_REQUEST: "it did not understand the request",
};
const names = {
  local: "the model that comes with the service",
  openai: "OpenAI",
  "emotion-service": "the emotion service",
  "embedding-service": "the embedding service",
  "nearest-emotions": "the emotion words nearest to yours",
};
const stages = { extract: "The emotions", annotate: "The titles", embed: "The comparison" };

/** Where a person in need finds someone to talk to; `null` where the answer names nobody. */
function helpNotice({ resources = [] } = {}) {
  if (resources.length === 0) return null;
  const places = resources.map(({ name = "", contact = "", url = "", region = "" }) =>
    make("li", {},
      /^https?:/.test(url) ? make("a", { href: url, rel: "noreferrer" }, name) : make("b", {}, name),
      [region && ` (${region})`, contact && `: ${contact}`].join("")),
  );
  const heading = make("h2", {}, "You don't have to carry this alone. Here someone listens:");
  return make("section", { class: "notice", "data-kind": "help" }, heading, make("ul", {}, ...places));
}

function degradedNotice(degraded) {
  const lines = degraded.map(({ stage = "", from = "", to = "", reason = "" }) => {
    const why = reasons[reason] ?? reason.toLowerCase().replaceAll("_", " ");
    const what = stages[stage] ?? stage;
    const instead = `${names[to] ?? to} instead of ${names[from] ?? from}`;
    return make("p", {}, `${what} came from ${instead}: ${why}.`);
  });
  return make("div", { class: "notice", "data-kind": "degraded" }, ...lines);
}

function facts(title) {
  const kinds = { TITLE_TYPE_MOVIE: "Film", TITLE_TYPE_SHOW: "Show" };
  const score = title.imdbScore ?? title.tmdbScore;
  const minutes = title.runtimeMinutes;
  return [
    title.releaseYear,
    kinds[title.type],
    title.seasons ? `${title.seasons} ${title.seasons === 1 ? "season" : "seasons"}` : null,
    minutes ? `${minutes} min` : null,
    title.ageRating,
    score === undefined
      ? null
      : `${title.imdbScore === undefined ? "TMDB" : "IMDb"} ${score.toFixed(1)}`,
  ].filter((fact) => fact !== null && fact !== undefined && fact !== "");
}

/** One part of the score: what was compared, how near it is, and what it adds. */
function reason(words, part) {
  return make(
    "li",
    {},
    make("span", { class: "words" }, ...words),
    bar(part.similarity),
    make(
      "span",
      { class: "sum" },
      `${decimals(part.similarity)} × ${decimals(part.weight)} = ${decimals(part.contribution)}`,
    ),
  );
}

function why(explanation) {
  const matches = [...(explanation?.emotions ?? [])].sort(
    (a, b) => (b.contribution ?? 0) - (a.contribution ?? 0),
  );
  const parts = matches.map((match) =>
    reason(
      [
        make("b", {}, match.yourEmotion ?? ""),
        make("span", { class: "arrow", "aria-hidden": "true" }, " → "),
        make("span", { class: "unseen" }, " matched "),
        make("b", {}, match.titleEmotion ?? ""),
      ],
      match,
    ),
  );
  if (explanation?.content) parts.push(reason(["What it is about"], explanation.content));
  const shown = make("ul", {}, ...parts.slice(0, 3));
  if (parts.length <= 3) return [shown];
  const rest = parts.slice(3);
  return [
    shown,
    make(
      "details",
      {},
      make("summary", {}, `${rest.length} more ${rest.length === 1 ? "part" : "parts"}`),
      make("ul", {}, ...rest),
    ),
  ];
}

function card({ title = {}, score, explanation }) {
  const genres = (title.genres ?? []).map((genre) => make("li", {}, genre));
  const emojis = (title.emojis ?? []).map((emoji) => make("span", {}, emoji));
  const description = make("p", { class: "description" }, title.description ?? "");
  const name = title.name || "Untitled";
  return make(
    "li",
    { class: "card", "data-id": title.id ?? "" },
    make(
      "article",
      { "aria-label": name },
      make(
        "div",
        { class: "top" },
        make("span", { class: "emojis", "aria-hidden": "true" }, ...emojis),
        make(
          "span",
          { class: "score", title: "The parts below add up to this" },
          make("span", { class: "quiet" }, "Score "),
          decimals(score),
        ),
      ),
      make("h3", {}, name),
      make("p", { class: "facts" }, facts(title).join(" · ")),
      genres.length > 0 ? make("ul", { class: "tags", "aria-label": "Genres" }, ...genres) : null,
      title.description ? description : null,
      make("div", { class: "why" }, make("h4", {}, "Why it matched"), ...why(explanation)),
    ),
  );
}

/** Long descriptions are cut by the stylesheet; those that are get a button for the rest. */
function foldDescriptions(list) {
  const long = [...list.querySelectorAll(".description")].filter(
    (text) => text.scrollHeight > text.clientHeight + 2,
  );
  for (const text of long) {
    const button = make("button", { type: "button", class: "plain", "aria-expanded": "false" }, "More");
    button.addEventListener("click", () => {
      const open = text.classList.toggle("open");
      button.setAttribute("aria-expanded", String(open));
      button.textContent = open ? "Less" : "More";
    });
    text.after(button);
  }
}

function show(answer, asked) {
  // Words of a model that took a cry for help for a mood are not held up to who wrote it.
  const emotions = answer.safety?.level === "SAFETY_LEVEL_CRISIS" ? [] : (answer.emotions ?? []);
  const found = answer.recommendations ?? [];
  const help = helpNotice(answer.safety);
  const parts = help ? [help] : [];
  const degraded = (answer.degraded ?? []).filter(({ to }) => to !== "help-alone");
  const isHelpAlone = answer.safety?.action === "SAFETY_ACTION_WITHHELD" || degraded.length < (answer.degraded ?? []).length;
  if (degraded.length > 0) parts.push(degradedNotice(degraded));
  if (emotions.length > 0) parts.push(emotionChips("What you feel", emotions));
  if (asked.goal === "GOAL_LIFT" && (answer.sought ?? []).length > 0) {
    parts.push(emotionChips("What may lift you", answer.sought));
  }
  if (answer.confidence !== undefined && answer.confidence < 0.3) {
    parts.push(
      make("p", { class: "notice", "data-kind": "unsure" },
        `Little was recognised in these words (${percent(answer.confidence)} sure). Others may help.`),
    );
  }
  const list = make("ol", { class: "cards" }, ...found.map(card));
  if (found.length > 0) {
    const others = make("button", { type: "button", class: "plain" }, "Show a different selection");
    others.addEventListener("click", () => recommend(crypto.getRandomValues(new Uint32Array(1))[0]));
    const passed = answer.candidates ?? found.length;
    parts.push(
      make("div", { class: "head" },
        make("h2", {}, "Titles"),
        make("span", { class: "quiet" }, `${found.length} of ${passed.toLocaleString("en")} that pass the filters`),
        others),
      list,
    );
  } else if (!isHelpAlone) {
    parts.push(make("p", { class: "notice", "data-kind": "empty" }, "No title passes these filters."));
  }
  byId("answer").replaceChildren(...parts);
  foldDescriptions(list);
  const names = emotions.map((emotion) => emotion.name).join(", ");
  const count = `${found.length} ${found.length === 1 ? "title" : "titles"}`;
  byId("status").textContent = (help ? "First of all, people who listen. " : "") + `${count}${names && ` for ${names}`}.`;
}

function showError(error, retry) {
  const homeless = showViolations(error.violations ?? []);
  if (error.violations?.length > 0 && homeless.length === 0) {
    byId("answer").replaceChildren();
    byId("status").textContent = "Something in the form has to change first.";
    return;
  }
  const lines = homeless.map(({ field, description }) => make("p", {}, `${field}: ${description}`));
  const again = make("button", { type: "button", class: "plain" }, "Try again");
  again.addEventListener("click", retry);
  byId("status").textContent = "";
  byId("answer").replaceChildren(
    make(
      "div",
      { class: "notice", "data-kind": "error", role: "alert" },
      ...(lines.length > 0 ? lines : [make("p", {}, error.message)]),
      make("p", { class: "quiet" },
        [error.code, error.requestId ? `request ${error.requestId}` : null].filter(Boolean).join(", ")),
      again,
    ),
  );
}

function showWaiting() {
  byId("status").textContent = "Reading your mood…";
  const blanks = Array.from({ length: 6 }, () => make("li", { class: "card blank" }));
  byId("answer").replaceChildren(make("ol", { class: "cards", "aria-hidden": "true" }, ...blanks));
}

let running = null;

async function recommend(seed) {
  const found = problems();
  if (found.length > 0) {
    showViolations(found);
    return;
  }
  clearViolations();
  running?.abort();
  const mine = new AbortController();
  running = mine;
  byId("results").setAttribute("aria-busy", "true");
  byId("send").textContent = "Looking…";
  showWaiting();
  if (matchMedia("(max-width: 59.99rem)").matches) byId("results").scrollIntoView();
  try {
    const asked = request(seed);
    const answer = await call("recommendation.v1.RecommendationService/Recommend", asked, mine.signal);
    show(answer, asked);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof CallError)) throw error;
    showError(error, () => recommend(seed));
  } finally {
    if (running === mine) {
      byId("results").removeAttribute("aria-busy");
      byId("send").textContent = "Find titles";
    }
  }
}

// The form

function count() {
  const length = [...mood.value.trim()].length;
  const text = byId("mood-count");
  text.textContent = `${length.toLocaleString("en")} / ${maxMood.toLocaleString("en")}`;
  text.classList.toggle("over", length > maxMood);
}

function countFilters() {
  byId("unrated").hidden = byId("maxAgeRating").value === "";
  const set = Object.keys(filter()).filter((field) => field !== "includeUnrated").length;
  byId("filters-count").textContent = set === 0 ? "" : `(${set})`;
}

function genreChoices(genres) {
  for (const name of ["genresAny", "genresNone"]) {
    const other = name === "genresAny" ? "genresNone" : "genresAny";
    const choices = genres.map((genre) => {
      const input = make("input", { type: "checkbox", name, value: genre });
      input.addEventListener("change", () => {
        const opposite = form.querySelector(`input[name="${other}"][value="${CSS.escape(genre)}"]`);
        if (input.checked && opposite) opposite.checked = false;
      });
      return make("label", {}, input, make("span", {}, genre));
    });
    byId(name).replaceChildren(...choices);
  }
}

async function loadCatalog() {
  try {
    const status = await call("catalog.v1.CatalogService/GetCatalogStatus", {});
    genreChoices(status.genres ?? []);
    byId("catalog").textContent = `${(status.titles ?? 0).toLocaleString("en")} titles`;
  } catch {
    // Recommending works without the list of genres, and says itself what is wrong.
    for (const fieldset of form.querySelectorAll(".genres")) fieldset.hidden = true;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  recommend();
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    recommend();
  }
});
mood.addEventListener("input", count);
byId("filters").addEventListener("change", countFilters);
byId("clear").addEventListener("click", () => {
  for (const input of byId("filters").querySelectorAll("input[type=checkbox]")) input.checked = false;
  for (const id of numbers) byId(id).value = "";
  byId("maxAgeRating").value = "";
  byId("limit").value = 12;
  clearViolations();
  countFilters();
});
for (const example of document.querySelectorAll(".example")) {
  example.addEventListener("click", () => {
    mood.value = example.textContent;
    count();
    recommend();
  });
}
if (navigator.platform.startsWith("Mac")) {
  document.querySelector("#mood-hint kbd").textContent = "⌘";
}
count();
countFilters();
loadCatalog();

import { errorOf, NoAnswer, RecsiteError } from "./errors.js";
import { dated, segment, uuid7 } from "./ids.js";

const AGAIN = new Set([429, 502, 503, 504]);
const PATIENCE = { attempts: 5, firstWait: 0.5, longestWait: 60 };

/** Calls the API. In a page, `key` is the part of a browser key before the dot, with a `userToken` of your server. */
export class Recsite {
  #token = null;

  constructor({ url, key = null, userToken = null, headers = {}, retries = {}, timeout = 30, fetch = globalThis.fetch }) {
    this.url = `${url.replace(/\/+$/, "")}/api/v1/`;
    this.key = key;
    this.userToken = userToken;
    this.headers = headers;
    this.retries = { ...PATIENCE, ...retries };
    this.timeout = timeout;
    // Browsers refuse a fetch that is called as a method of something else.
    this.fetch = fetch.bind(globalThis);
  }

  recommendForUser(userId, options = {}) {
    return this.request("GET", `recommendations/users/${segment(userId)}`, { query: options });
  }

  recommendForMany(userIds, options = {}) {
    return this.request("POST", "recommendations/batch", { body: { user_ids: [...userIds], ...options } });
  }

  recommendForSession(items, options = {}) {
    return this.request("POST", "recommendations/session", { body: { items: [...items], ...options } });
  }

  listSimilar(itemId, options = {}) {
    return this.request("GET", `recommendations/items/${segment(itemId)}/similar`, { query: options });
  }

  listBoughtTogether(itemId, options = {}) {
    return this.request("GET", `recommendations/items/${segment(itemId)}/bought-together`, { query: options });
  }

  listPopular(options = {}) {
    return this.request("GET", "recommendations/popular", { query: options });
  }

  listLatest(options = {}) {
    return this.request("GET", "recommendations/latest", { query: options });
  }

  listTrending(options = {}) {
    return this.request("GET", "recommendations/trending", { query: options });
  }

  sendEvent(event) {
    return this.request("POST", "interactions", { body: dated(event) });
  }

  sendEvents(events) {
    return this.request("POST", "interactions/bulk", { body: { events: [...events].map(dated) } });
  }

  searchItems(q, options = {}) {
    return this.request("GET", "items/search", { query: { q, ...options } });
  }

  readItem(itemId) {
    return this.request("GET", `items/${segment(itemId)}`);
  }

  putItem(itemId, fields) {
    return this.request("PUT", `items/${segment(itemId)}`, { body: fields });
  }

  items(filters = {}) {
    return this.pages("items", "items", filters);
  }

  userHistory(userId, filters = {}) {
    return this.pages(`users/${segment(userId)}/interactions`, "items", filters);
  }

  /** Iterates over all rows of a list that comes in pages; `name` is the field that holds them. */
  async *pages(path, name, query = {}) {
    for (let further = {}; ; ) {
      const answer = await this.request("GET", path, { query: { ...query, ...further } });
      yield* answer[name];
      if (answer.next_cursor) further = { cursor: answer.next_cursor };
      else if (answer.next_offset) further = { offset: answer.next_offset };
      else return;
    }
  }

  /**
   * Sends a request to any route below /api/v1/, and returns its answer; tried again where that may help.
   * `once` gives it an Idempotency-Key, the same for all attempts. Throws RecsiteError.
   */
  async request(method, path, { query = {}, body, once = false, idempotencyKey, keepalive = false, attempts } = {}) {
    const address = this.url + path + search(query);
    const headers = { Accept: "application/json", ...this.headers };
    if (this.key) headers.Authorization = `Api-Key ${this.key}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (once || idempotencyKey) headers["Idempotency-Key"] = idempotencyKey ?? uuid7();
    const sent = { method, headers, keepalive, body: body === undefined ? undefined : JSON.stringify(body) };
    let isRenewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(address, sent);
      if (!(outcome instanceof RecsiteError)) return outcome;
      if (outcome.status === 401 && typeof this.userToken === "function" && !isRenewed) {
        // The token has expired: a page may be open for days.
        isRenewed = true;
        this.#token = null;
        continue;
      }
      const wait = this.#wait(attempt, attempts ?? this.retries.attempts, outcome);
      if (wait === null) throw outcome;
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }

  async #attempt(address, sent) {
    let response;
    try {
      const headers = { ...sent.headers };
      const token = await this.#currentToken();
      if (token) headers["X-User-Token"] = token;
      const signal = this.timeout && AbortSignal.timeout ? AbortSignal.timeout(this.timeout * 1000) : undefined;
      response = await this.fetch(address, { ...sent, headers, signal, credentials: "omit" });
      if (!response.ok) return await errorOf(response);
      const text = await response.text();
      return text ? JSON.parse(text) : null;
    } catch (fault) {
      if (response && fault instanceof SyntaxError) {
        return new RecsiteError(`The answer of ${address} is no JSON: is it a recsite server?`, { status: response.status });
      }
      return new NoAnswer(`No answer from ${address}: ${fault.message}`);
    }
  }

  async #currentToken() {
    if (typeof this.userToken !== "function") return this.userToken;
    this.#token ??= await this.userToken();
    return this.#token;
  }

  #wait(attempt, attempts, error) {
    const { firstWait, longestWait } = this.retries;
    const helps = error instanceof NoAnswer || AGAIN.has(error.status) || error.code === "request_under_way";
    if (!helps || attempt >= attempts || (error.retryAfter ?? 0) > longestWait) return null;
    const backoff = Math.min(firstWait * 2 ** (attempt - 1), longestWait) * (0.5 + Math.random() / 2);
    return error.retryAfter === null ? backoff : error.retryAfter + Math.min(backoff, 1);
  }
}

function search(query) {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null)
    .flatMap(([name, value]) => [value].flat().map((one) => [name, one instanceof Date ? one.toISOString() : String(one)]));
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

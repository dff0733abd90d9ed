import { RecsiteError, NoAnswer } from "./errors.js";
import { dated } from "./ids.js";

const LARGEST_BEACON = 60_000; // Browsers let 64 KiB outlive their page.
const FULL = "The buffer is full: the server takes less than is sent, or can't be reached.";
const NOT_STORED = new Set(["refused", "erased"]);

/**
 * Takes events in at once, and sends them in batches: when `batchSize` wait, after `interval` seconds, and when the
 * page is hidden or left. While the server can't be reached they wait, up to `capacity` of them. `onFailure` gets each
 * event that was not stored, with the reason; `counts` says what became of all.
 */
export class Events {
  #waiting = [];
  #underWay = new Map();
  #timer = null;
  #faults = 0;
  #pause = 0;
  #largest;
  #leave = (event) => this.#left(event);
  #end = () => this.close();

  constructor(client, { batchSize = 100, interval = 2, capacity = 1000, onFailure = null } = {}) {
    Object.assign(this, { client, batchSize, interval, capacity, onFailure, counts: {} });
    this.#largest = batchSize;
    if (globalThis.document) {
      // Phones end hidden pages without another word.
      globalThis.addEventListener("pagehide", this.#leave);
      document.addEventListener("visibilitychange", this.#leave);
    } else {
      globalThis.process?.on?.("beforeExit", this.#end);
    }
  }

  /** How many events wait or are under way. */
  get left() {
    return [...this.#underWay.values()].reduce((sum, number) => sum + number, this.#waiting.length);
  }

  /** Takes an event in; false, and a call of `onFailure`, where the buffer is full. */
  add(event) {
    if (this.left >= this.capacity) {
      this.#tell([event], FULL, null, "undelivered");
      return false;
    }
    this.#waiting.push(dated(event));
    if (this.#waiting.length >= this.batchSize && !this.#faults) this.#send();
    else this.#later(this.interval);
    return true;
  }

  /** Sends what waits; true where all of it was settled. */
  async flush() {
    while (this.left) {
      const faults = this.#faults;
      this.#send();
      await Promise.all(this.#underWay.keys());
      if (this.#faults > faults) return false;
    }
    return true;
  }

  /** Sends what waits, and tells of what can't be sent. */
  async close() {
    await this.flush();
    clearTimeout(this.#timer);
    this.#tell(this.#waiting.splice(0), "The program ended before the server could be reached.", null, "undelivered");
    globalThis.removeEventListener?.("pagehide", this.#leave);
    globalThis.document?.removeEventListener("visibilitychange", this.#leave);
    globalThis.process?.off?.("beforeExit", this.#end);
  }

  #later(seconds) {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#send();
    }, seconds * 1000);
    // In Node: the end of the program does not wait for it, and sends what waits.
    this.#timer.unref?.();
  }

  #send() {
    // One at a time: what the server can't take must not be sent it many times over.
    if (!this.#underWay.size) this.#begin();
  }

  #begin() {
    const batch = this.#waiting.splice(0, this.#largest);
    if (!batch.length) return;
    const done = this.#deliver(batch).finally(() => {
      this.#underWay.delete(done);
      if (this.#waiting.length) this.#later(this.#pause);
    });
    this.#underWay.set(done, batch.length);
  }

  async #deliver(batch) {
    const body = { events: batch };
    // Not longer than the page lives, unless it is short: then the browser finishes it.
    const keepalive = Boolean(globalThis.document) && size(body) <= LARGEST_BEACON;
    this.#pause = this.interval;
    try {
      const { results } = await this.client.request("POST", "interactions/bulk", { body, keepalive, attempts: 1 });
      this.#faults = 0;
      this.#largest = Math.min(this.#largest * 2, this.batchSize);
      batch.forEach((event, place) => this.#settle(event, results[place]));
    } catch (error) {
      this.#pause = this.#failed(batch, error);
    }
  }

  #settle(event, { status, errors = {} }) {
    if (!NOT_STORED.has(status)) this.#count(status, 1);
    else this.#tell([event], Object.entries(errors).map((one) => one.join(": ")).join(" ") || status, null, status);
  }

  #failed(batch, error) {
    const isPassing = error instanceof NoAnswer || error.status === 429 || error.status >= 500;
    if (isPassing || (error.status === 413 && batch.length > 1)) {
      this.#waiting.unshift(...batch);
      if (!isPassing) {
        this.#largest = Math.ceil(batch.length / 2);
        return 0;
      }
      this.#faults += 1;
      const { firstWait, longestWait } = this.client.retries;
      return error.retryAfter ?? Math.min(firstWait * 2 ** (this.#faults - 1), longestWait) * (0.5 + Math.random() / 2);
    }
    this.#tell(batch, error.message, error instanceof RecsiteError ? error : null, "undelivered");
    return this.interval;
  }

  /** The page is hidden or left: nothing may wait any more. */
  #left({ type }) {
    if (type === "visibilitychange" && document.visibilityState !== "hidden") return;
    // A beacon can't carry a key; where none is needed it is what browsers keep best.
    const isOpen = !this.client.key && !this.client.userToken && navigator.sendBeacon;
    while (this.#waiting.length) {
      if (isOpen && this.#beacon(this.#waiting.slice(0, this.#largest))) this.#waiting.splice(0, this.#largest);
      else this.#begin();
    }
  }

  #beacon(batch) {
    const body = new Blob([JSON.stringify({ events: batch })], { type: "application/json" });
    const isTaken = navigator.sendBeacon(`${this.client.url}interactions/bulk`, body);
    if (isTaken) this.#count("beacon", batch.length);
    return isTaken;
  }

  #tell(events, reason, error, status) {
    this.#count(status, events.length);
    for (const event of events) {
      if (this.onFailure) {
        try {
          this.onFailure({ event, reason, error });
        } catch (fault) {
          console.error("The callback for events that were not stored failed.", fault);
        }
      } else {
        console.warn(`An event was not stored: ${reason}`);
      }
    }
  }

  #count(status, number) {
    if (number) this.counts[status] = (this.counts[status] ?? 0) + number;
  }
}

function size(body) {
  return new TextEncoder().encode(JSON.stringify(body)).length;
}

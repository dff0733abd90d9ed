/**
 * Notes which items of a list were really seen: half of the element (`threshold`) in view for a second (`seconds`), in
 * a page that is not hidden. Each is noted once for each list.
 */
export class Impressions {
  #known = new Map();
  #seen = new Set();
  #observer;

  constructor(events, { userId, type = "impression", threshold = 0.5, seconds = 1 }) {
    Object.assign(this, { events, userId, type, seconds });
    this.#observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.#look(entry)), { threshold: [threshold] });
    this.threshold = threshold;
  }

  /** Watches an element that shows an item; `recommendationId` and `position` say where it stood. */
  observe(element, { itemId, recommendationId, position, context = {} }) {
    this.#known.set(element, { itemId, recommendationId, position, context, timer: null });
    this.#observer.observe(element);
  }

  /** Watches the elements of a whole list, in its order. */
  observeList(elements, list) {
    [...elements].forEach((element, place) => {
      const item = list.items[place];
      if (item) this.observe(element, { itemId: item.item_id, recommendationId: list.recommendation_id, position: item.rank });
    });
  }

  /** Watches an element no more. */
  unobserve(element) {
    clearTimeout(this.#known.get(element)?.timer);
    this.#known.delete(element);
    this.#observer.unobserve(element);
  }

  /** Watches nothing more. */
  disconnect() {
    [...this.#known.keys()].forEach((element) => this.unobserve(element));
  }

  #look(entry) {
    const shown = this.#known.get(entry.target);
    if (!shown) return;
    clearTimeout(shown.timer);
    if (entry.isIntersecting && entry.intersectionRatio >= this.threshold) this.#wait(entry.target, shown);
  }

  #wait(element, shown) {
    shown.timer = setTimeout(() => {
      if (document.visibilityState === "hidden") this.#wait(element, shown);
      else this.#note(element, shown);
    }, this.seconds * 1000);
  }

  #note(element, { itemId, recommendationId, position, context }) {
    this.unobserve(element);
    const once = `${recommendationId} ${itemId}`;
    if (this.#seen.has(once)) return;
    this.#seen.add(once);
    const where = { recommendation_id: recommendationId, position, ...context };
    this.events.add({ user_id: this.userId, item_id: itemId, type: this.type, context: JSON.parse(JSON.stringify(where)) });
  }
}

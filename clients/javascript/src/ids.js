/** Returns a new UUIDv7: the present millisecond, then chance. */
export function uuid7() {
  const bytes = random(16);
  const now = Date.now();
  for (let place = 0; place < 6; place += 1) bytes[place] = Math.floor(now / 2 ** (8 * (5 - place))) % 256;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Returns the event with an id, by which sending it twice stores it once. */
export function dated(event) {
  return { ...event, event_id: event.event_id ?? uuid7() };
}

/** Returns an id as a part of an address: it may hold slashes and any letter. */
export function segment(id) {
  const text = String(id);
  // URLs take these for steps in the path, however they are written.
  if (text === "." || text === "..") throw new TypeError(`The id "${text}" can't stand in an address.`);
  return encodeURIComponent(text);
}

function random(length) {
  const bytes = new Uint8Array(length);
  // Node 18 has no crypto among its globals.
  if (globalThis.crypto?.getRandomValues) return globalThis.crypto.getRandomValues(bytes);
  return bytes.map(() => Math.floor(Math.random() * 256));
}

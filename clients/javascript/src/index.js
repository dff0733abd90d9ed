/** The client of the recsite recommendation API, for browsers and Node. README.md shows how it is used. */

export { Recsite } from "./client.js";
export { NoAnswer, RecsiteError } from "./errors.js";
export { Events } from "./events.js";
export { Impressions } from "./impressions.js";

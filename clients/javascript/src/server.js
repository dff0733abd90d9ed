/** What belongs on a server alone: it needs secrets. For Node. */

import { createHmac, timingSafeEqual } from "node:crypto";

/** Returns a token that lets a page act for one user. `browserKey` is the whole key, with the part after the dot. */
export function signUserToken(browserKey, userId, { expiresIn = 3600 } = {}) {
  const secret = browserKey.split(".")[1];
  if (!secret || !userId) throw new TypeError("The whole browser key is needed, with the part after the dot, and a user's id.");
  const signed = `${Buffer.from(userId).toString("base64url")}.${Math.floor(Date.now() / 1000 + expiresIn)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** Returns what a webhook tells, if it is the server's and fresh; throws where it is not. `body` is the body as it came. */
export function verifyWebhook(secret, headers, body, { tolerance = 300 } = {}) {
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const [id, stamp, signatures] = ["id", "timestamp", "signature"].map((name) => sent[`webhook-${name}`]);
  if (!id || !stamp || !signatures) throw new Error("A header of the signature is missing: webhook-id, -timestamp, -signature.");
  // Also where it is no number.
  if (!(Math.abs(Date.now() / 1000 - Number(stamp)) <= tolerance)) throw new Error("The message is too old, or comes too early.");
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const wanted = Buffer.from(`v1,${createHmac("sha256", key).update(`${id}.${stamp}.`).update(body).digest("base64")}`);
  const isRight = signatures.split(" ").map((one) => Buffer.from(one)).some((one) => one.length === wanted.length && timingSafeEqual(one, wanted));
  if (!isRight) throw new Error("The signature is wrong: another secret, or another body.");
  return JSON.parse(body.toString());
}

/** Faults that a real server has seldom, from a fetch that answers as it is told. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as exported from "../src/index.js";
import * as server from "../src/server.js";

const { Events, NoAnswer, Recsite } = exported;
const QUICK = { firstWait: 0.001 };

function refusal(status, code = "", headers = {}) {
  return () => new Response(JSON.stringify({ error: { code, message: "No.", details: {} }, request_id: "r-1" }), { status, headers });
}

const fine = () => new Response(JSON.stringify({ items: [] }));
const gone = () => {
  throw new TypeError("fetch failed");
};
const settled = (request) => {
  const results = JSON.parse(request.body).events.map(({ event_id }) => ({ status: "accepted", event_id }));
  return new Response(JSON.stringify({ results }), { status: 202 });
};

function faulty(outcomes, options = {}) {
  const sent = [];
  const fetch = async (address, request) => {
    sent.push({ address, ...request });
    return outcomes.shift()(request);
  };
  return { sent, client: new Recsite({ url: "http://recsite.test/", key: "a.key", fetch, retries: QUICK, ...options }) };
}

test("passing faults are outlasted, with one idempotency key", async () => {
  const { client, sent } = faulty([gone, refusal(503), refusal(429, "", { "retry-after": "0" }), refusal(409, "request_under_way"), fine]);
  await client.request("POST", "cache/clear", { once: true });
  assert.equal(new Set(sent.map((one) => one.headers["Idempotency-Key"])).size, 1);
  assert.equal(sent.length, 5);
  assert.equal(sent[0].headers.Authorization, "Api-Key a.key");
});

test("what would not help is not tried", async () => {
  for (const outcome of [refusal(500), refusal(413), refusal(429, "", { "retry-after": "3600" })]) {
    const { client, sent } = faulty([outcome]);
    await assert.rejects(() => client.listPopular());
    assert.equal(sent.length, 1);
  }
});

test("it gives up in the end", async () => {
  const { client } = faulty([gone, gone], { retries: { ...QUICK, attempts: 2 } });
  await assert.rejects(() => client.listPopular(), NoAnswer);
});

test("a proxy's HTML is understood", async () => {
  const { client } = faulty([() => new Response("<h1>", { status: 404 }), () => new Response("<h1>")]);
  await assert.rejects(() => client.listPopular(), /answered 404/);
  await assert.rejects(() => client.listPopular(), /is no JSON/);
});

test("a token that has expired is fetched anew", async () => {
  let number = 0;
  const { client, sent } = faulty([fine, refusal(401), fine], { userToken: async () => `token-${(number += 1)}` });
  await client.listPopular();
  await client.listPopular();
  assert.deepEqual(sent.map((one) => one.headers["X-User-Token"]), ["token-1", "token-1", "token-2"]);
});

test("events wait for a server that is gone, and keep their ids", async () => {
  const told = [];
  const { client, sent } = faulty([gone, refusal(503), settled]);
  const events = new Events(client, { interval: 0.001, onFailure: (lost) => told.push(lost) });
  events.add({ user_id: "ada", type: "view", item_id: "emma" });
  while (!(await events.flush()));
  assert.deepEqual(events.counts, { accepted: 1 });
  assert.equal(new Set(sent.map((one) => one.body)).size, 1);
  assert.match(JSON.parse(sent[0].body).events[0].event_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.deepEqual(told, []);
  await events.close();
});

test("a batch that is too large is split", async () => {
  const { client, sent } = faulty([refusal(413), settled, settled]);
  const events = new Events(client, { batchSize: 4, interval: 60 });
  for (let number = 0; number < 4; number += 1) events.add({ user_id: "ada", type: "view", item_id: `${number}` });
  await events.flush();
  assert.deepEqual(sent.map((one) => JSON.parse(one.body).events.length), [4, 2, 2]);
  assert.deepEqual(events.counts, { accepted: 4 });
  await events.close();
});

test("nothing is lost without a word", async () => {
  const told = [];
  const { client } = faulty([refusal(401), gone, gone]);
  const events = new Events(client, { capacity: 1, interval: 60, onFailure: (lost) => told.push(lost.reason) });
  const event = { user_id: "ada", type: "view", item_id: "emma" };
  assert.deepEqual([events.add(event), events.add(event)], [true, false]);
  await events.flush();
  events.add(event);
  await events.close();
  assert.deepEqual(told.map((one) => one.slice(0, 12)), ["The buffer i", "No.", "The program "]);
  assert.deepEqual(events.counts, { undelivered: 3 });
});

test("a webhook is verified", async () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const { createHmac } = await import("node:crypto");
  const stamp = String(Math.floor(Date.now() / 1000));
  const sign = (body) => createHmac("sha256", Buffer.from(secret.slice(6), "base64")).update(`msg-1.${stamp}.${body}`).digest("base64");
  const headers = { "Webhook-Id": "msg-1", "webhook-timestamp": stamp, "webhook-signature": `v1,b3RoZXI= v1,${sign("{}")}` };
  assert.deepEqual(server.verifyWebhook(secret, headers, "{}"), {});
  assert.throws(() => server.verifyWebhook(secret, headers, "{} "), /signature is wrong/);
  assert.throws(() => server.verifyWebhook(secret, { ...headers, "webhook-timestamp": "1" }, "{}"), /too old/);
  assert.throws(() => server.verifyWebhook(secret, {}, "{}"), /is missing/);
});

test("types and code export the same names", () => {
  for (const [file, names] of [["index", exported], ["server", server]]) {
    const types = readFileSync(new URL(`../src/${file}.d.ts`, import.meta.url), "utf8");
    const declared = [...types.matchAll(/export declare (?:class|function) (\w+)/g)].map((found) => found[1]);
    assert.deepEqual(declared.sort(), Object.keys(names).sort());
  }
});

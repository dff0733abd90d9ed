/** Against a live server, which RECSITE_URL and RECSITE_KEY name. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Events, Recsite, RecsiteError } from "../src/index.js";

const client = new Recsite({ url: process.env.RECSITE_URL, key: process.env.RECSITE_KEY });

test("every kind of list", async () => {
  const list = await client.recommendForUser("ada", { limit: 3, categories: ["Novels"], explain: true });
  assert.deepEqual(list.items.map((item) => item.item_id), ["novel-0", "novel-1", "novel-2"]);
  assert.equal((await client.recommendForMany(["ada", "ben"], { limit: 1 })).results.length, 2);
  assert.ok((await client.recommendForSession(["poem-0"], { limit: 2 })).items.length);
  const others = [
    client.listPopular({ limit: 1 }),
    client.listLatest({ limit: 1 }),
    client.listTrending({ limit: 1 }),
    client.listSimilar("novel-0", { limit: 1, exclude: ["novel-1", "novel-2"] }),
  ];
  for (const one of await Promise.all(others)) assert.equal(one.items[0].rank, 1);
  assert.equal((await client.listBoughtTogether("novel-0")).item_id, "novel-0");
});

test("an error carries everything that was said", async () => {
  const error = await client.recommendForUser("ada", { limit: 0 }).catch((fault) => fault);
  assert.ok(error instanceof RecsiteError);
  assert.equal(error.status, 422);
  assert.equal(error.code, "invalid");
  assert.match(error.details.limit, /whole number/);
  assert.ok(error.requestId);
});

test("odd ids come and go whole", async () => {
  for (const id of ["js/a b", "js?c#d", "js-ä", "100%js"]) {
    await client.putItem(id, { title: "Odd" });
    assert.equal((await client.readItem(id)).item_id, id);
  }
  await assert.rejects(async () => client.readItem(".."), TypeError);
});

test("all pages are iterated over", async () => {
  const found = new Set();
  for await (const item of client.items({ category: "Many", limit: 7 })) found.add(item.item_id);
  assert.equal(found.size, 40);
  assert.ok((await client.searchItems("novel")).total >= 6);
});

test("events are sent in batches, and refused ones are told", async () => {
  const told = [];
  const events = new Events(client, { batchSize: 4, onFailure: (lost) => told.push(lost) });
  for (let number = 0; number < 10; number += 1) {
    events.add({ user_id: "node", type: "view", item_id: `novel-${number % 6}` });
  }
  events.add({ user_id: "node", type: "nothing known", item_id: "novel-0" });
  assert.equal(await events.flush(), true);
  assert.deepEqual(events.counts, { accepted: 10, refused: 1 });
  assert.match(told[0].reason, /Unknown interaction type/);
  const stored = [];
  for await (const event of client.userHistory("node", { limit: 4 })) stored.push(event);
  assert.equal(stored.length, 10);
  await events.close();
});

test("a body that is too large is told with what to do", async () => {
  const event = { user_id: "node", type: "view", item_id: "novel-0", context: { a: "a".repeat(16_000) } };
  const error = await client.sendEvents(Array(1000).fill(event)).catch((fault) => fault);
  assert.equal(error.status, 413);
  assert.match(error.message, /Send fewer rows at once/);
});

// Registering, looking, refreshing, validating, removing: what the real client makes of it.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { client, loaded } from "./server.mjs";

// No host: what is registered here cannot be read, and nothing leaves the machine.
const target = "https://descriptors.example.invalid/catalog-info.yaml";
const valid = { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name: "new-thing" }, spec: { type: "service", lifecycle: "production", owner: "ledger" } };

before(loaded);

const causedBy = (name, statusCode) => (error) => {
  assert.equal(error.name, "ResponseError");
  assert.equal(error.statusCode, statusCode);
  assert.equal(error.cause.name, name);
  return true;
};

describe("locations", () => {
  test("none are registered, for the configuration's are not", async () => {
    assert.deepEqual(await client.getLocations(), { items: [] });
    assert.equal(await client.getLocationByRef(`url:${target}`), undefined);
  });

  test("are registered, found in every way, and removed", async () => {
    const { location, entities } = await client.addLocation({ type: "url", target });
    assert.deepEqual({ type: location.type, target: location.target }, { type: "url", target });
    assert.deepEqual(entities, []);
    try {
      assert.deepEqual(await client.getLocationById(location.id), location);
      assert.deepEqual(await client.getLocationByRef(`url:${target}`), location);
      assert.deepEqual(await client.getLocations(), { items: [location] });
      await assert.rejects(() => client.addLocation({ type: "url", target }), causedBy("ConflictError", 409));
    } finally {
      await client.removeLocationById(location.id);
    }
    assert.equal(await client.getLocationById(location.id), undefined);
    await assert.rejects(() => client.removeLocationById(location.id), causedBy("NotFoundError", 404));
  });

  test("are queried in pages", async (t) => {
    if (typeof client.queryLocations !== "function") return t.skip("this client has no queryLocations");
    const made = [];
    try {
      for (const name of ["a", "b", "c"]) made.push((await client.addLocation({ type: "url", target: `${target}?${name}` })).location);
      const first = await client.queryLocations({ limit: 2, query: { type: "url" } });
      assert.equal(first.items.length, 2);
      assert.equal(first.totalItems, 3);
      const second = await client.queryLocations({ cursor: first.pageInfo.nextCursor });
      assert.deepEqual([...first.items, ...second.items].map(({ id }) => id).sort(), made.map(({ id }) => id).sort());
      assert.equal(second.pageInfo.nextCursor, undefined);
    } finally {
      for (const { id } of made) await client.removeLocationById(id);
    }
  });

  test("that cannot be read are refused when they are only looked at", async () => {
    await assert.rejects(() => client.addLocation({ type: "url", target, dryRun: true }), causedBy("InputError", 400));
    assert.deepEqual(await client.getLocations(), { items: [] });
  });

  test("of other types are refused", async () => {
    await assert.rejects(() => client.addLocation({ type: "file", target: "/etc/passwd" }), causedBy("InputError", 400));
  });

  test("of an entity that the configuration brought are not found", async () => {
    assert.equal(await client.getLocationByEntity("component:default/ledger-core"), undefined);
    assert.equal(await client.getLocationByEntity("component:default/no-such-thing"), undefined);
  });

  test("are analysed", async () => {
    const { existingEntityFiles, generateEntities } = await client.analyzeLocation({ location: { type: "url", target: "https://descriptors.example.invalid/acme/payments.git" } });
    assert.deepEqual(existingEntityFiles, []);
    assert.equal(generateEntities.length, 1);
    assert.equal(generateEntities[0].entity.metadata.name, "payments");
  });
});

describe("validateEntity", () => {
  test("agrees with what is right", async () => {
    assert.deepEqual(await client.validateEntity(valid, `url:${target}`), { valid: true });
  });

  for (const [name, entity] of Object.entries({
    "a name with a blank": { ...valid, metadata: { name: "new thing" } },
    "no owner": { ...valid, spec: { type: "service", lifecycle: "production" } },
    "no kind": { ...valid, kind: undefined },
  })) {
    test(`says what is wrong: ${name}`, async () => {
      const answer = await client.validateEntity(entity, `url:${target}`);
      assert.equal(answer.valid, false);
      assert.ok(answer.errors.length > 0 && answer.errors.every((error) => error.message.length > 0));
    });
  }
});

describe("entities", () => {
  test("are refreshed", async () => {
    await client.refreshEntity("component:default/ledger-core");
    await assert.rejects(() => client.refreshEntity("component:default/no-such-thing"), causedBy("NotFoundError", 404));
  });

  test("are removed without a word when there is nothing", async () => {
    await client.removeEntityByUid("no-such-uid");
  });
});

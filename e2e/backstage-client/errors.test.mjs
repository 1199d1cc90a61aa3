// What the real client makes of our errors: a ResponseError with Backstage's name and status.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { client, loaded } from "./server.mjs";

describe("mistakes of the caller are InputError", () => {
  before(loaded);

  const mistakes = [
    { name: "a cursor that is none", call: () => client.queryEntities({ cursor: "bad" }) },
    { name: "a cursor of something else", call: () => client.queryEntities({ cursor: Buffer.from('{"a":1}').toString("base64") }) },
    { name: "a negative offset", call: () => client.getEntities({ offset: -1 }) },
    { name: "a negative limit", call: () => client.getEntities({ limit: -1 }) },
    { name: "an order without a field", call: () => client.getEntities({ order: { field: "", order: "asc" } }) },
    { name: "an order that is neither", call: () => client.queryEntities({ orderFields: { field: "metadata.name", order: "sideways" } }) },
    { name: "no facet", call: () => client.getEntityFacets({ facets: [] }) },
    { name: "an unknown operator", call: () => client.queryEntities({ query: { kind: { $like: "comp" } } }) },
    { name: "an operator with the wrong operand", call: () => client.queryEntities({ query: { kind: { $in: "component" } } }) },
    { name: "an unknown operator of facets", call: () => client.getEntityFacets({ facets: ["kind"], query: { $xor: [] } }) },
    { name: "an unknown operator of refs", call: () => client.getEntitiesByRefs({ entityRefs: ["component:default/ledger-core"], query: { $xor: [] } }) },
  ];
  for (const { name, call } of mistakes) {
    test(name, async () => {
      await assert.rejects(call, (error) => {
        assert.equal(error.name, "ResponseError");
        assert.equal(error.statusCode, 400);
        assert.equal(error.message, "Request failed with 400 Bad Request");
        assert.equal(error.cause.name, "InputError");
        assert.ok(error.cause.message.length > 0, "no message");
        assert.equal(error.body.error.stack, undefined, "a stack of the server leaves it");
        assert.equal(error.body.response.statusCode, 400);
        assert.ok(["GET", "POST"].includes(error.body.request.method));
        return true;
      });
    });
  }

  test("what is not there says what was not found", async () => {
    const response = await fetch(`${process.env.CALLBOARD_URL}/api/catalog/entities/by-name/component/default/no-such-thing`);
    assert.equal(response.status, 404);
    const body = await response.json();
    assert.equal(body.error.name, "NotFoundError");
    assert.match(body.error.message, /no-such-thing/);
    assert.deepEqual(body.response, { statusCode: 404 });
  });
});

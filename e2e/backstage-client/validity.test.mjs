// Every entity that the server gives away passes Backstage's own validators.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import * as model from "@backstage/catalog-model";
import { client, loaded, ref } from "./server.mjs";

const validators = {
  API: model.apiEntityV1alpha1Validator,
  Component: model.componentEntityV1alpha1Validator,
  Domain: model.domainEntityV1alpha1Validator,
  Group: model.groupEntityV1alpha1Validator,
  Location: model.locationEntityV1alpha1Validator,
  Resource: model.resourceEntityV1alpha1Validator,
  System: model.systemEntityV1alpha1Validator,
  User: model.userEntityV1alpha1Validator,
};

describe("every entity", () => {
  const entities = new Map();

  before(async () => {
    await loaded();
    for await (const page of client.streamEntities({ pageSize: 50 })) {
      for (const entity of page) entities.set(ref(entity), entity);
    }
  });

  // each runs a check over all entities and names the one that fails.
  const each = (name, check) =>
    test(name, async () => {
      assert.ok(entities.size > 80, "too few entities to say anything");
      for (const [entityRef, entity] of entities) {
        try {
          await check(entity);
        } catch (error) {
          error.message = `${entityRef}: ${error.message}`;
          throw error;
        }
      }
    });

  const envelope = model.entityEnvelopeSchemaValidator();
  const schema = model.entitySchemaValidator();
  each("has a valid envelope", (entity) => {
    envelope(entity);
    schema(entity);
  });

  const policy = model.EntityPolicies.allOf([
    new model.SchemaValidEntityPolicy(),
    new model.DefaultNamespaceEntityPolicy(),
    new model.NoForeignRootFieldsEntityPolicy(["apiVersion", "kind", "metadata", "spec", "relations", "status"]),
    new model.FieldFormatEntityPolicy(),
  ]);
  each("passes the policies of an ingestion, unchanged", async (entity) => {
    assert.deepEqual(await policy.enforce(entity), entity);
  });

  each("is valid for its kind", async (entity) => {
    const validator = validators[entity.kind];
    if (entity.kind === "Template") return; // its schema is not in this package
    assert.ok(validator, `no validator for the kind ${entity.kind}`);
    assert.equal(await validator.check(entity), true);
  });

  each("has what only a server gives", (entity) => {
    assert.match(entity.metadata.uid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.ok(entity.metadata.etag.length > 0);
    model.parseLocationRef(entity.metadata.annotations[model.ANNOTATION_LOCATION]);
    model.parseLocationRef(entity.metadata.annotations[model.ANNOTATION_ORIGIN_LOCATION]);
  });

  each("has no problem", (entity) => {
    assert.deepEqual(entity.status?.items ?? [], []);
  });

  test("uids are different", () => {
    assert.equal(new Set([...entities.values()].map((entity) => entity.metadata.uid)).size, entities.size);
  });

  const inverse = {
    [model.RELATION_OWNED_BY]: model.RELATION_OWNER_OF,
    [model.RELATION_PROVIDES_API]: model.RELATION_API_PROVIDED_BY,
    [model.RELATION_CONSUMES_API]: model.RELATION_API_CONSUMED_BY,
    [model.RELATION_DEPENDS_ON]: model.RELATION_DEPENDENCY_OF,
    [model.RELATION_PARENT_OF]: model.RELATION_CHILD_OF,
    [model.RELATION_HAS_MEMBER]: model.RELATION_MEMBER_OF,
    [model.RELATION_HAS_PART]: model.RELATION_PART_OF,
  };
  for (const [there, back] of Object.entries(inverse)) inverse[back] = there;

  // Left in the example company on purpose: a team that was dissolved, a server that was switched off.
  const dangling = new Set(["group:default/growth", "resource:infra/bank-file-drop"]);

  each("is known at the other end of each of its relations", (entity) => {
    for (const { type, targetRef } of entity.relations ?? []) {
      assert.equal(model.stringifyEntityRef(model.parseEntityRef(targetRef)), targetRef, "the ref is not canonical");
      const target = entities.get(targetRef);
      if (!target && dangling.has(targetRef)) continue;
      assert.ok(target, `${type} ${targetRef} leads nowhere`);
      assert.ok(inverse[type], `${type} is not a relation that clients know`);
      assert.ok(
        target.relations.some((relation) => relation.type === inverse[type] && relation.targetRef === ref(entity)),
        `${targetRef} has no ${inverse[type]} back`,
      );
    }
  });
});

// What Backstage says of a descriptor, by its own code: the steps of an ingestion, in their order.
import { createRequire } from "node:module";
import * as model from "@backstage/catalog-model";
import { templateEntityV1beta3Validator } from "@backstage/plugin-scaffolder-common";

// Its ES modules do not load in Node, which wants extensions in imports; its CommonJS does.
const alpha = createRequire(import.meta.url)("@backstage/catalog-model/alpha");

const declared = alpha.compileCatalogModel([alpha.defaultCatalogEntityModel, alpha.mcpServerApiEntityModel, alpha.aiResourceEntityModel]);

const envelope = model.entityEnvelopeSchemaValidator();

const policy = model.EntityPolicies.allOf([
  new model.SchemaValidEntityPolicy(),
  new model.DefaultNamespaceEntityPolicy(),
  new model.NoForeignRootFieldsEntityPolicy(),
  new model.FieldFormatEntityPolicy(),
]);

const validators = {
  API: { "": model.apiEntityV1alpha1Validator, "mcp-server": alpha.mcpServerApiEntityValidator },
  AiResource: {
    "": alpha.aiResourceEntityV1alpha1Validator,
    marketplace: alpha.marketplaceAiResourceEntityV1alpha1Validator,
    plugin: alpha.pluginAiResourceEntityV1alpha1Validator,
    rule: alpha.ruleAiResourceEntityV1alpha1Validator,
    skill: alpha.skillAiResourceEntityV1alpha1Validator,
  },
  Component: { "": model.componentEntityV1alpha1Validator },
  Domain: { "": model.domainEntityV1alpha1Validator },
  Group: { "": model.groupEntityV1alpha1Validator },
  Location: { "": model.locationEntityV1alpha1Validator },
  Resource: { "": model.resourceEntityV1alpha1Validator },
  System: { "": model.systemEntityV1alpha1Validator },
  Template: { "": templateEntityV1beta3Validator },
  User: { "": model.userEntityV1alpha1Validator },
};

/** Says why an entity is refused; undefined when it is accepted. */
export async function objection(entity) {
  try {
    envelope(entity);
    const enforced = await policy.enforce(entity);
    model.stringifyEntityRef(enforced);
    const known = Object.hasOwn(validators, enforced.kind) ? validators[enforced.kind] : {};
    const type = enforced.spec?.type;
    const validator = typeof type === "string" && Object.hasOwn(known, type) ? known[type] : known[""];
    if (!(await validator?.check(enforced))) return "nothing knows the kind or the apiVersion";
    refsOf(enforced);
    return undefined;
  } catch (error) {
    return error.message || String(error);
  }
}

// Fields of refs that are code and no model: of the processor of the scaffolder.
const others = { Template: [{ path: "spec.owner", defaultKind: "Group", defaultNamespace: "inherit" }] };

/** Reads the refs that make relations; one that cannot be read is an error of the entity. */
function refsOf(entity) {
  const { kind, apiVersion, metadata, spec } = entity;
  const fields = declared.getKind({ kind, apiVersion, spec })?.relationFields ?? others[kind] ?? [];
  for (const { path, defaultKind, defaultNamespace } of fields) {
    const value = path.split(".").reduce((at, key) => at?.[key], entity);
    if (!value) continue;
    for (const target of [value].flat()) {
      model.parseEntityRef(target, { defaultKind, defaultNamespace: defaultNamespace === "inherit" ? metadata.namespace : undefined });
    }
  }
}

/** The canonical form of a ref; undefined when it is none. */
export function canonical(ref) {
  try {
    return model.stringifyEntityRef(model.parseEntityRef(ref));
  } catch {
    return undefined;
  }
}

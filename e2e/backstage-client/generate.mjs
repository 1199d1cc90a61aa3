// Descriptors of every kind, right and wrong: each a valid one, changed in up to two places.
import { chance } from "./random.mjs";
import { anyString, bend, nearlyKey, nearlyName, nearlyRef, nearlyURL } from "./strings.mjs";

const core = "backstage.io/v1alpha1";
const ai = { type: "note", lifecycle: "production", owner: "ledger", system: "payments" };

/** A valid spec of each kind, with every field that the kind has. */
const forms = {
  Component: () => ({ type: "service", lifecycle: "production", owner: "ledger", system: "payments", subcomponentOf: "ledger-core", providesApis: ["ledger"], consumesApis: ["api:rates"], dependsOn: ["resource:default/ledger-db"], dependencyOf: ["component:web"] }),
  API: () => ({ type: "openapi", lifecycle: "production", owner: "ledger", system: "payments", definition: "openapi: 3.1.0" }),
  "API of an mcp-server": () => ({ type: "mcp-server", lifecycle: "production", owner: "ledger", system: "payments", remotes: [{ type: "streamable-http", url: "https://example.com/mcp" }] }),
  Resource: () => ({ type: "database", owner: "ledger", system: "payments", dependsOn: ["resource:a"], dependencyOf: ["component:web"] }),
  System: () => ({ owner: "ledger", domain: "money", type: "product" }),
  Domain: () => ({ owner: "group:ledger", subdomainOf: "business", type: "area" }),
  Group: () => ({ type: "team", profile: { displayName: "Ledger", email: "ledger@example.com", picture: "https://example.com/a.png" }, parent: "engineering", children: ["ledger-ops"], members: ["brook.millstone"] }),
  User: () => ({ profile: { displayName: "Brook", email: "brook@example.com", picture: "https://example.com/b.png" }, memberOf: ["ledger"] }),
  Location: () => ({ type: "url", target: "./a.yaml", targets: ["./b.yaml", "https://example.com/c.yaml"], presence: "optional" }),
  Template: () => ({
    type: "service",
    owner: "ledger",
    lifecycle: "production",
    parameters: [{ title: "Name", properties: { name: { type: "string" } }, "backstage:permissions": { tags: ["a"] } }],
    secrets: { schema: { type: "object" } },
    presentation: { buttonLabels: { backButtonText: "Back", createButtonText: "Create", reviewButtonText: "Review" } },
    formDecorators: [{ id: "a", input: { b: "c" } }],
    steps: [{ id: "a", name: "A", action: "debug:log", input: { message: "hello" }, if: true, "backstage:permissions": { tags: ["a"] } }],
    output: { links: [{ title: "a", url: "https://example.com", icon: "b", if: true }], text: [{ title: "a", content: "b" }], other: "c" },
  }),
  AiResource: () => ({ ...ai }),
  "AiResource, a skill": () => ({ ...ai, type: "skill", disciplines: ["backend"], categories: ["a"], agents: ["b"], dependsOn: ["other"], allowedTools: "Read", license: "Apache-2.0", compatibility: "any" }),
  "AiResource, a rule": () => ({ ...ai, type: "rule", disciplines: ["backend"], category: "style", rationale: "because" }),
  "AiResource, a plugin": () => ({ ...ai, type: "plugin", skills: ["a"], version: "1.0.0" }),
  "AiResource, a marketplace": () => ({ ...ai, type: "marketplace", plugins: ["a"], version: "1.0.0" }),
};

function kindOf(form) {
  return form.match(/^\w+/)[0];
}

function valid(form) {
  const kind = kindOf(form);
  return {
    apiVersion: kind === "Template" ? "scaffolder.backstage.io/v1beta3" : core,
    kind,
    metadata: {
      name: "ledger-core",
      namespace: "default",
      title: "Ledger Core",
      description: "Who owes what to whom.",
      labels: { "example.com/tier": "1", plain: "a.b_c" },
      annotations: { "backstage.io/source-location": "url:https://example.com/ledger/", note: "anything at all: ä" },
      tags: ["go", "c++"],
      links: [{ url: "https://example.com/ledger", title: "Dashboard", icon: "dashboard", type: "admin" }],
    },
    spec: forms[form](),
  };
}

const numbers = [0, 1, -1, 1.5, -0.1, 1e21, 1e-7, 1e308, 5e-324, 2 ** 53 + 2, 4711];

// How JSON may write a number, and JavaScript does not.
const literals = ["1e400", "-1E+400", "-0", "1.0", "1E5", "0e0", "123456789012345678901234567890"];
const literal = /(?<=[:[,]\s*)4711(?=\s*[,\]}])/g;

/** A value of any type, mostly a wrong one. */
function anyValue(r, depth = 0) {
  const leaves = [() => null, () => r.odds(0.5), () => r.pick(numbers), () => anyString(r), () => "", () => [], () => ({})];
  if (depth > 2 || r.odds(0.6)) return r.pick(leaves)();
  if (r.odds(0.5)) return Array.from({ length: 1 + r.below(3) }, () => anyValue(r, depth + 1));
  return Object.fromEntries(Array.from({ length: 1 + r.below(3) }, () => [r.odds(0.5) ? "a" : anyString(r), anyValue(r, depth + 1)]));
}

/** Every place in the value: its holder and its key. The holder comes before what it holds. */
function places(value) {
  const found = [];
  for (const key of Object.keys(value)) {
    found.push([value, key]);
    if (value[key] !== null && typeof value[key] === "object") found.push(...places(value[key]));
  }
  return found;
}

/** An object that is there or is made, so that a change after another finds its place. */
function child(holder, key, otherwise) {
  if (holder[key] === null || typeof holder[key] !== "object") holder[key] = otherwise;
  return holder[key];
}

const metadata = (entity) => child(entity, "metadata", {});
const spec = (entity) => child(entity, "spec", {});
const texts = (value) => places(value).filter(([holder, key]) => typeof holder[key] === "string");
// defined sets own keys only: __proto__ is a key like others in JSON.
const defined = (holder, key, value) => Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });

function remove([holder, key]) {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

const apiVersions = ["backstage.io/v1beta1", core, "scaffolder.backstage.io/v1beta3", "backstage.io/v1alpha2", "backstage.io/v1", "v1alpha1", "Backstage.io/v1alpha1", "backstage.io/V1alpha1", "backstage.io/v1alpha1/a", " backstage.io/v1alpha1", "backstage.io/v1-a", "backstage.io//v1alpha1"];
const strange = ["Api", "api", "API", "component", "COMPONENT", "Component ", "Comp-onent", "1Component", "Unknown", "Location", "Group", "Users", "AIResource", "Komponente\u0301"];

// What may happen to a descriptor. A name is what a failure says happened.
const changes = {
  "a field is gone": (entity, r) => {
    const all = places(entity);
    if (all.length > 0) remove(r.pick(all));
  },
  "a field is of another type": (entity, r) => {
    const all = places(entity);
    if (all.length === 0) return;
    const [holder, key] = r.pick(all);
    defined(holder, key, anyValue(r));
  },
  "a text is bent": (entity, r) => {
    const all = texts(entity);
    if (all.length === 0) return;
    const [holder, key] = r.pick(all);
    holder[key] = bend(r, holder[key]);
  },
  "a number stands for a text, or the other way round": (entity, r) => {
    const all = places(entity).filter(([holder, key]) => typeof holder[key] !== "object");
    if (all.length === 0) return;
    const [holder, key] = r.pick(all);
    holder[key] = typeof holder[key] === "number" ? String(holder[key]) : r.pick(numbers);
  },
  "another root field": (entity, r) => {
    const value = r.pick([() => [], () => ({}), () => [{ type: "ownedBy", targetRef: "group:default/ledger" }], () => ({ items: [] }), () => anyValue(r)]);
    defined(entity, r.pick(["relations", "status", "data", "Spec", "KIND", "metadata ", "$schema", "", "__proto__", "toString"]), value());
  },
  "another apiVersion": (entity, r) => void (entity.apiVersion = r.odds(0.7) ? r.pick(apiVersions) : nearlyKey(r)),
  "another kind": (entity, r) => void (entity.kind = r.odds(0.7) ? r.pick(strange) : nearlyName(r)),
  "another name": (entity, r) => void (metadata(entity).name = nearlyName(r)),
  "another namespace": (entity, r) => void (metadata(entity).namespace = r.odds(0.7) ? nearlyName(r).toLowerCase() : nearlyName(r)),
  "no namespace": (entity) => void delete metadata(entity).namespace,
  "uid or etag by the author": (entity, r) => void (metadata(entity)[r.pick(["uid", "etag"])] = r.pick([() => "b6a7c1e0-0000-4000-8000-000000000000", () => anyString(r), () => anyValue(r)])()),
  "another title or description": (entity, r) => void (metadata(entity)[r.pick(["title", "description"])] = r.odds(0.7) ? anyString(r) : anyValue(r)),
  "another field of metadata": (entity, r) => void defined(metadata(entity), anyString(r), anyValue(r)),
  "another label": (entity, r) => void defined(child(metadata(entity), "labels", {}), r.odds(0.6) ? nearlyKey(r) : "a", r.odds(0.8) ? nearlyName(r) : anyValue(r)),
  "another annotation": (entity, r) => void defined(child(metadata(entity), "annotations", {}), r.odds(0.7) ? nearlyKey(r) : "a", r.odds(0.7) ? anyString(r) : anyValue(r)),
  "other tags": (entity, r) => void (metadata(entity).tags = r.odds(0.1) ? anyValue(r) : ["go", r.odds(0.85) ? nearlyName(r).toLowerCase() : anyValue(r)]),
  "another link": (entity, r) => {
    const link = { url: nearlyURL(r) };
    if (r.odds(0.3)) link[r.pick(["title", "icon", "type", "url", "other"])] = r.odds(0.6) ? anyString(r) : anyValue(r);
    metadata(entity).links = r.odds(0.05) ? anyValue(r) : [link, ...(r.odds(0.1) ? [anyValue(r)] : [])];
  },
  "another URL": (entity, r) => void (metadata(entity).links = [{ url: nearlyURL(r) }]),
  "another ref in the spec": (entity, r) => {
    const field = r.pick(["owner", "system", "domain", "subdomainOf", "subcomponentOf", "parent", "dependsOn", "dependencyOf", "providesApis", "consumesApis", "children", "members", "memberOf", "skills", "plugins"]);
    const list = Array.isArray(spec(entity)[field]) || field === "dependencyOf";
    if (!list && !(field in spec(entity))) return;
    spec(entity)[field] = list ? ["group:a", nearlyRef(r)] : nearlyRef(r);
  },
  "an odd dependencyOf": (entity, r) => void (spec(entity).dependencyOf = r.pick([() => nearlyRef(r), () => anyValue(r), () => ["", "component:a"], () => [{ kind: "component", name: "a" }], () => ({ kind: "component", namespace: "b", name: "a" })])()),
  "another field of the spec": (entity, r) => void defined(spec(entity), anyString(r), anyValue(r)),
  "another type in the spec": (entity, r) => void (spec(entity).type = r.pick(["mcp-server", "skill", "rule", "plugin", "marketplace", "MCP-Server", "openapi", " "])),
  "an empty list in the spec": (entity, r) => void (spec(entity)[r.pick(["children", "memberOf", "remotes", "dependsOn", "targets", "dependencyOf"])] = []),
  "keys that vary only in casing": (entity, r) => {
    const all = places(entity).filter(([holder, key]) => !Array.isArray(holder) && /[a-z]/i.test(key));
    if (all.length === 0) return;
    const [holder, key] = r.pick(all);
    holder[r.pick([key.toUpperCase(), key[0].toUpperCase() + key.slice(1)])] ??= holder[key];
  },
  "keys that fold alike": (entity, r) => {
    const letters = { s: "ſ", k: "\u212a", i: "İ" };
    const all = places(entity).filter(([holder, key]) => !Array.isArray(holder) && /[ski]/.test(key));
    if (all.length === 0) return;
    const [holder, key] = r.pick(all);
    holder[key.replace(/[ski]/, (letter) => letters[letter])] ??= holder[key];
  },
  "deep nesting": (entity, r) => {
    let value = "bottom";
    for (let i = r.pick([20, 40, 60, 61, 62, 63, 64, 200]); i > 0; i--) value = r.odds(0.5) ? [value] : { a: value };
    spec(entity).deep = value;
  },
};

// Most has been written about names, refs and URLs, so they get most of the tries.
const often = [...Object.keys(changes), ...Array(3).fill(["another ref in the spec", "an odd dependencyOf", "another URL", "another label", "other tags"]).flat()];

/**
 * Makes n descriptors, each one once: its JSON text, what changed, and the form that it began as.
 * One in twelve tries changes nothing, one in five changes two places.
 */
export function* descriptors(n, seed) {
  const r = chance(seed);
  const all = Object.keys(forms);
  const made = new Set();
  for (let i = 0; made.size < n; i++) {
    const form = all[i % all.length];
    const entity = valid(form);
    const changed = [];
    for (let left = r.odds(1 / 12) ? 0 : r.odds(0.2) ? 2 : 1; left > 0; left--) {
      const name = r.pick(often);
      changes[name](entity, r);
      changed.push(name);
    }
    // JSON is read as JSON whatever stands between its tokens.
    const plain = JSON.stringify(entity, null, r.pick([undefined, undefined, 2, "\t"]));
    const text = plain.replace(literal, () => r.pick(literals));
    if (made.has(text)) continue;
    made.add(text);
    yield { form, changed, text };
  }
}

/** Makes n refs, each one once. */
export function refs(n, seed) {
  const r = chance(seed + 1);
  const made = new Set();
  while (made.size < n) made.add(nearlyRef(r));
  return [...made];
}

/** Makes n refs to entities of a list, by their canonical refs, or nearly to them. */
export function refsTo(entities, n, seed) {
  const r = chance(seed + 2);
  return Array.from({ length: n }, () => {
    const [, kind, namespace, name] = r.pick(entities).match(/^(.*?):(.*?)\/(.*)$/);
    const ref = r.pick([`${kind}:${namespace}/${name}`, `${kind}:${name}`, `${namespace}/${name}`, name, `${kind.toUpperCase()}:${namespace}/${name.toUpperCase()}`]);
    return r.odds(0.5) ? ref : bend(r, ref);
  });
}

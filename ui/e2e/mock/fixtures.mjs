// A small fictional company that ships video, with every kind of entity and a few problems, for tests of the UI alone.

const API = "backstage.io/v1alpha1";
const REPO = "https://git.reelhouse.example";

const entity = (kind, name, metadata, spec) => ({ apiVersion: kind === "Template" ? "scaffolder.backstage.io/v1beta3" : API, kind, metadata: { name, namespace: "default", ...metadata }, spec });

const groups = [
  ["reelhouse", "Reelhouse", "organization", undefined],
  ["engineering", "Engineering", "department", "reelhouse"],
  ["playback", "Playback", "team", "engineering"],
  ["catalogue", "Catalogue", "team", "engineering"],
  ["payments", "Payments", "team", "engineering"],
  ["platform", "Platform", "team", "engineering"],
  ["security", "Security", "team", "engineering"],
  ["data", "Data", "team", "engineering"],
].map(([name, title, type, parent]) => entity("Group", name, { title, description: `${title} at Reelhouse.` }, { type, children: [], ...(parent && { parent }), profile: { displayName: title, email: `${name}@reelhouse.example` } }));

const people = {
  playback: ["Mira Solberg", "Tomas Iveland", "Ruth Achterberg"],
  catalogue: ["Nadia Ferrow", "Jonas Quill"],
  payments: ["Ines Calderwick", "Oskar Venn", "Pria Lanthorne"],
  platform: ["Sol Marchetti", "Wren Hadley"],
  security: ["Edda Vale"],
  data: ["Kofi Brandt", "Lise Omond"],
};
const users = Object.entries(people).flatMap(([team, names]) =>
  names.map((displayName) => {
    const name = displayName.toLowerCase().replace(" ", ".");
    return entity("User", name, {}, { profile: { displayName, email: `${name}@reelhouse.example` }, memberOf: [team] });
  }),
);

const domains = [entity("Domain", "watching", { title: "Watching", description: "Everything between pressing play and the last frame." }, { owner: "playback" }), entity("Domain", "commerce", { title: "Commerce", description: "Plans, prices and money." }, { owner: "payments" })];
const systems = [
  entity("System", "player", { title: "Player", description: "Streams video to every device." }, { owner: "playback", domain: "watching" }),
  entity("System", "library", { title: "Library", description: "What can be watched, by whom and where." }, { owner: "catalogue", domain: "watching" }),
  entity("System", "billing", { title: "Billing", description: "Subscriptions, invoices and refunds." }, { owner: "payments", domain: "commerce" }),
  entity("System", "delivery-platform", { title: "Delivery platform", description: "Build, deploy and observe." }, { owner: "platform" }),
];

const component = (name, title, owner, system, type, lifecycle, description, more = {}) =>
  entity("Component", name, { title, description, tags: more.tags ?? [], links: more.links ?? [], labels: { tier: more.tier ?? "2" }, annotations: annotations(name), ...(more.metadata ?? {}) }, { type, lifecycle, owner, system, ...(more.spec ?? {}) });

const annotations = (name) => ({
  "backstage.io/managed-by-location": `url:${REPO}/${name}/catalog-info.yaml`,
  "backstage.io/managed-by-origin-location": `url:${REPO}/${name}/catalog-info.yaml`,
  "backstage.io/source-location": `url:${REPO}/${name}/`,
  "backstage.io/view-url": `${REPO}/${name}/catalog-info.yaml`,
  "backstage.io/edit-url": `${REPO}/${name}/edit/catalog-info.yaml`,
});

const links = (name) => [
  { url: `https://boards.reelhouse.example/d/${name}`, title: "Dashboard", icon: "dashboard" },
  { url: `https://runbooks.reelhouse.example/${name}`, title: "Runbook" },
  { url: `https://chat.reelhouse.example/c/${name}`, title: "Chat channel" },
];

const components = [
  component("playback-edge", "Playback edge", "playback", "player", "service", "production", "Picks the nearest cache for each stream and signs the segment URLs. **Reads only**; owns no state of its own.\n\nSigned URLs live for `90 s`.", { tags: ["go", "edge", "latency"], tier: "1", links: links("playback-edge"), spec: { providesApis: ["playback"], consumesApis: ["entitlements"], dependsOn: ["resource:segment-cache"] } }),
  component("manifest-builder", "Manifest builder", "playback", "player", "service", "production", "Builds HLS and DASH manifests for a title and a device.", { tags: ["go"], spec: { consumesApis: ["titles"], dependsOn: ["component:playback-edge", "resource:segment-cache"] } }),
  component("device-sdk", "Device SDK", "playback", "player", "library", "production", "The player inside every app.", { tags: ["typescript", "kotlin"], spec: { consumesApis: ["playback"] } }),
  component("resume-points", "Resume points", "playback", "player", "service", "experimental", "Remembers where somebody stopped watching.", { tags: ["rust"], spec: { dependsOn: ["resource:resume-db"] } }),
  component("title-service", "Title service", "catalogue", "library", "service", "production", "Titles, seasons, episodes, artwork.", { tags: ["java", "spring"], tier: "1", links: links("title-service"), spec: { providesApis: ["titles"], dependsOn: ["resource:titles-db"] } }),
  component("entitlement-service", "Entitlement service", "catalogue", "library", "service", "production", "Says who may watch what, where.", { tags: ["java"], tier: "1", spec: { providesApis: ["entitlements"], dependsOn: ["resource:entitlements-db", "component:default/plan-service"] } }),
  component("artwork-resizer", "Artwork resizer", "catalogue", "library", "service", "deprecated", "Resizes posters on the fly; replaced by the image proxy.", { tags: ["python"] }),
  component("plan-service", "Plan service", "payments", "billing", "service", "production", "Plans and prices by country.", { tags: ["java", "pci"], spec: { providesApis: ["plans"], dependsOn: ["resource:billing-db"] } }),
  component("invoice-writer", "Invoice writer", "payments", "billing", "service", "production", "Writes one invoice a month and subscriber.", { tags: ["kotlin", "pci"], spec: { consumesApis: ["plans", "payment-events"], dependsOn: ["resource:billing-db"] } }),
  component("refund-desk", "Refund desk", "payments", "billing", "website", "production", "Where support gives money back.", { tags: ["typescript", "react"], spec: { consumesApis: ["plans"] } }),
  component("ledger-importer", "Ledger importer", "payments", "billing", "service", "experimental", "Reads the bank's files every morning.", { tags: ["go", "pci"], spec: { dependsOn: ["resource:billing-db", "resource:default/bank-sftp"] } }),
  component("deploy-bot", "Deploy bot", "platform", "delivery-platform", "service", "production", "Rolls out what passed, rolls back what alarms.", { tags: ["go"], spec: { dependsOn: ["component:artifact-index"] } }),
  component("artifact-index", "Artifact index", "platform", "delivery-platform", "service", "production", "Every build that ever shipped.", { tags: ["go"] }),
  component("key-rotator", "Key rotator", "security", "delivery-platform", "service", "production", "Rotates signing keys without anybody noticing.", { tags: ["rust", "security"] }),
  component("watch-metrics", "Watch metrics", "data", undefined, "data-pipeline", "production", "Minutes watched by title, device and country.", { tags: ["python", "spark"], spec: { consumesApis: ["playback"] } }),
  // Enough rows for a second page.
  ...Array.from({ length: 48 }, (_, index) => component(`encoder-${String(index + 1).padStart(2, "0")}`, undefined, index % 3 === 0 ? "data" : "platform", "delivery-platform", "worker", "production", `Encodes shard ${index + 1} of 48.`, { tags: ["encoder"] })),
];

const openapi = `openapi: 3.1.0
info:
  title: Titles
  version: 2.4.0
  description: What can be watched.
paths:
  /titles/{id}:
    get:
      summary: One title
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
      responses:
        "200": { description: The title }
`;
const graphql = `"""What a subscriber may watch."""
type Query {
  entitlement(subscriber: ID!, title: ID!): Entitlement
}

type Entitlement {
  allowed: Boolean!
  until: String
  countries: [String!]!
}
`;
const proto = `syntax = "proto3";

package reelhouse.playback.v1;

// Playback answers where a stream begins.
service Playback {
  rpc Open(OpenRequest) returns (OpenResponse);
}

message OpenRequest {
  string title_id = 1;
  string device = 2;
}

message OpenResponse {
  string manifest_url = 1;
}
`;
const asyncapi = `asyncapi: 3.0.0
info:
  title: Payment events
  version: 1.2.0
channels:
  payments.settled:
    messages:
      settled: { payload: { type: object } }
`;
const api = (name, title, owner, system, type, definition, description, lifecycle = "production") => entity("API", name, { title, description, annotations: annotations(name) }, { type, lifecycle, owner, system, definition });
const apis = [
  api("titles", "Titles", "catalogue", "library", "openapi", openapi, "Reads titles, seasons and episodes."),
  api("entitlements", "Entitlements", "catalogue", "library", "graphql", graphql, "Asks whether somebody may watch something."),
  api("playback", "Playback", "playback", "player", "grpc", proto, "Opens and closes streams."),
  api("plans", "Plans", "payments", "billing", "openapi", openapi.replaceAll("itle", "lan"), "Plans and prices."),
  api("payment-events", "Payment events", "payments", "billing", "asyncapi", asyncapi, "What happened to money.", "experimental"),
];

const resource = (name, type, owner, system, description) => entity("Resource", name, { description, annotations: annotations(name) }, { type, owner, system });
const resources = [
  resource("segment-cache", "cache", "platform", "player", "Video segments at the edge."),
  resource("titles-db", "database", "catalogue", "library", "PostgreSQL for titles."),
  resource("entitlements-db", "database", "catalogue", "library", "PostgreSQL for entitlements."),
  resource("billing-db", "database", "payments", "billing", "PostgreSQL for billing."),
  resource("resume-db", "database", "playback", "player", "Key-value store for resume points."),
];
const templates = [entity("Template", "go-service", { title: "Go service", description: "A service with tests, a pipeline and an owner.", tags: ["go", "recommended"] }, { type: "service", owner: "platform", steps: [], parameters: [] })];
const locations = [entity("Location", "reelhouse", { description: "Everything of Reelhouse.", annotations: annotations("reelhouse") }, { type: "url", targets: [`${REPO}/*/catalog-info.yaml`] })];

const dataset = (name, title, spec) => ({ ...entity("Dataset", name, { title, annotations: annotations(name) }, { retentionDays: 30, catalogue: `https://data.example.com/default/${name}`, ...spec }), apiVersion: "datasets.example.com/v1" });
const datasets = [
  dataset("plays", "Plays", { owner: "data", storedIn: "resume-db", storageOwner: "playback", producedBy: ["playback-edge"], personal: true, retentionDays: 9 }),
  dataset("titles", "Titles", { owner: "catalogue", storedIn: "titles-db", storageOwner: "catalogue", personal: false }),
  dataset("invoices", "Invoices", { owner: "payments", storedIn: "billing-db", storageOwner: "payments", personal: true, retentionDays: 3650 }),
];

const PAIRS = { owner: ["ownedBy", "ownerOf", "group"], storedIn: ["storedIn", "stores", "resource"], producedBy: ["producedBy", "produces", "component"], system: ["partOf", "hasPart", "system"], domain: ["partOf", "hasPart", "domain"], parent: ["childOf", "parentOf", "group"], memberOf: ["memberOf", "hasMember", "group"], providesApis: ["providesApi", "apiProvidedBy", "api"], consumesApis: ["consumesApi", "apiConsumedBy", "api"], dependsOn: ["dependsOn", "dependencyOf", "component"] };

export const refOf = (item) => `${item.kind}:${item.metadata.namespace}/${item.metadata.name}`.toLowerCase();

function complete(text, kind) {
  const match = /^(?:([^:/]+):)?(?:([^:/]+)\/)?(.+)$/.exec(text);
  return `${match[1] ?? kind}:${match[2] ?? "default"}/${match[3]}`.toLowerCase();
}

/** Relations in both directions, uids, etags and the status of what went wrong. */
function stitch(all) {
  const byRef = new Map(all.map((item) => [refOf(item), item]));
  for (const item of all) item.relations = [];
  for (const item of all) {
    for (const [field, [type, inverse, kind]] of Object.entries(PAIRS)) {
      for (const text of [item.spec[field] ?? []].flat()) {
        const target = complete(text, kind);
        item.relations.push({ type, targetRef: target });
        byRef.get(target)?.relations.push({ type: inverse, targetRef: refOf(item) });
      }
    }
  }
  all.forEach((item, index) => {
    item.metadata.uid = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
    item.metadata.etag = `e${index}`;
  });
  const complain = (ref, level, message) => {
    byRef.get(ref).status = { items: [{ type: "backstage.io/catalog-processing", level, message }] };
  };
  complain("component:default/ledger-importer", "error", "catalog-info.yaml:14: spec.dependsOn[1] names resource:default/bank-sftp, which the location does not allow");
  complain("api:default/payment-events", "warning", "definition: $text could not be read: https://git.reelhouse.example/payment-events/asyncapi.yaml answered 503");
  byRef.get("component:default/artwork-resizer").metadata.annotations["backstage.io/orphan"] = "true";
  return all;
}

export const entities = stitch([...groups, ...users, ...domains, ...systems, ...components, ...apis, ...resources, ...templates, ...locations, ...datasets]);

export const personas = [
  { ref: "user:default/ines.calderwick", displayName: "Ines Calderwick", role: "Developer", team: "payments" },
  { ref: "user:default/sol.marchetti", displayName: "Sol Marchetti", role: "Platform", team: "platform" },
  { ref: "user:default/edda.vale", displayName: "Edda Vale", role: "Security", team: "security" },
];

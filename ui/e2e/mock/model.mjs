// The model of the stand-in's catalog, as GET /api/catalog/model tells it: a kind of the catalog, and a company's own.

const schema = (plugin) => ({ plugin, schema: { type: "object" } });
const field = (path, plugin, more = {}) => ({ path, plugin, required: false, ...more });

export const model = {
  kinds: [
    {
      kind: "Component",
      plugin: "catalog",
      description: "A piece of software.",
      extendedBy: ["datasets"],
      apiVersions: ["backstage.io/v1alpha1", "backstage.io/v1beta1"],
      schemas: [schema("catalog"), schema("datasets")],
      fields: [
        field("spec.owner", "catalog", { title: "Owner", type: "string", required: true, relation: { type: "ownedBy", inverse: "ownerOf", defaultKind: "Group" } }),
        field("spec.lifecycle", "catalog", { type: "string", required: true }),
        field("spec.dataSteward", "datasets", { title: "Data steward", description: "Who decides about the data that the component writes.", type: "string", relation: { type: "stewardedBy", defaultKind: "User" } }),
      ],
      variants: [],
    },
    {
      kind: "Dataset",
      plugin: "datasets",
      description: "Data that somebody answers for.",
      extendedBy: [],
      apiVersions: ["datasets.example.com/v1"],
      schemas: [schema("datasets")],
      fields: [
        field("spec.owner", "datasets", { title: "Owner", type: "string", required: true, relation: { type: "ownedBy", inverse: "ownerOf", defaultKind: "Group" } }),
        field("spec.storedIn", "datasets", { title: "Stored in", description: "The database or bucket that holds the data.", type: "string", relation: { type: "storedIn", inverse: "stores", defaultKind: "Resource" } }),
        field("spec.producedBy", "datasets", { title: "Produced by", type: "array", relation: { type: "producedBy", inverse: "produces", defaultKind: "Component" } }),
        field("spec.personal", "datasets", { title: "Personal data", type: "boolean" }),
        field("spec.retentionDays", "datasets", { title: "Kept for", description: "Days until the data is deleted.", type: "integer", default: 30 }),
        field("spec.catalogue", "datasets", { title: "Data catalogue", type: "string", format: "https://data.example.com/{metadata.namespace}/{metadata.name}" }),
        field("spec.storageOwner", "datasets", { title: "Owner of the storage", type: "string", mirrored: { relation: "storedIn", kind: "Resource", from: "spec.owner" } }),
      ],
      variants: [{ type: "stream", description: "Data that never ends.", schemas: [], fields: [field("spec.rate", "datasets", { type: "number" })] }],
    },
  ],
  relations: [
    { type: "ownedBy", inverse: "ownerOf", plugins: ["catalog"] },
    { type: "storedIn", inverse: "stores", title: "stored in", inverseTitle: "stores", plugins: ["datasets"] },
    { type: "stewardedBy", inverse: "stewardOf", title: "stewarded by", inverseTitle: "steward of", plugins: ["datasets"] },
  ],
  annotations: [{ name: "example.com/data-steward", title: "Data steward", description: "Mail address of who decides about the data.", kinds: ["Dataset"], plugin: "datasets" }],
  labels: [{ name: "example.com/classification", description: "public, internal or secret", plugin: "datasets" }],
};

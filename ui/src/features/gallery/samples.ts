import { ApiError } from "@/api/error";
import type { LogStep } from "@/ui/task-log/flatten";

/** Content that shows the components; none of it comes from a server. */
export const sampleRows = [
  { id: "a", name: "playback-edge", team: "Playback", status: "ok", label: "Healthy", calls: 184_233 },
  { id: "b", name: "ledger-importer-with-a-name-that-is-longer-than-anybody-expected", team: "Payments", status: "error", label: "Errors", calls: 31 },
  { id: "c", name: "artwork-resizer", team: "Catalogue", status: "warning", label: "Orphan", calls: 0 },
] as const;

export const internalError = new ApiError("Internal error", 500, "01jd2k8v7q3m");
export const networkError = new ApiError("The server cannot be reached.", 0, undefined);
export const deniedError = new ApiError("You are not allowed to read plugins.", 403, "01jd2k9x1a7p", [], { permission: "plugin.read", rule: "roles.operator", grantedBy: ["group:default/security"] });
export const takenError = new ApiError("The name is taken.", 422, "01jd2kb0c4zt", [{ pointer: "/name", detail: "Another component has this name." }]);

export const sampleMarkdown = `Plays video on **every** device. See the [runbook](https://runbooks.example/edge).

- signs segment URLs
- picks the nearest cache

| region | caches |
|---|---|
| north | 12 |

\`\`\`yaml
kind: Component
metadata:
  name: playback-edge
\`\`\`

<script>alert("stays text")</script>`;

export const sampleCode = {
  yaml: "kind: Component\nmetadata:\n  name: playback-edge # unique\nspec:\n  replicas: 3\n  public: true\n",
  json: '{\n  "kind": "Component",\n  "replicas": 3,\n  "public": true\n}\n',
  graphql: 'type Query {\n  """One title."""\n  title(id: ID!): Title\n}\n',
  protobuf: 'syntax = "proto3";\n\nservice Playback {\n  rpc Open(OpenRequest) returns (OpenResponse);\n}\n',
};

const lines = (count: number, text: string) => Array.from({ length: count }, (_, index) => ({ text: `${text} ${index + 1}` }));

export const sampleSteps: readonly LogStep[] = [
  { id: "fetch", name: "Fetch the template", status: "ok", statusLabel: "Done", duration: "1.2 s", lines: lines(40, "fetched file") },
  { id: "render", name: "Render 2,000 files", status: "ok", statusLabel: "Done", duration: "8.4 s", lines: lines(2000, "rendered file") },
  {
    id: "publish",
    name: "Publish the repository",
    status: "error",
    statusLabel: "Failed",
    duration: "0.3 s",
    lines: [{ text: "creating repository reelhouse/refunds" }, { text: "rate limit is at 80 %", level: "warning" }, { text: "422: a repository with this name exists", level: "error" }],
  },
];

// What the stand-in answers about plugins: three that run, fail and wait, in the shapes of openapi.json.
const MiB = 1024 * 1024;
const hours = (count) => new Date(Date.now() - count * 3_600_000).toISOString();
const digestOf = (text) => `sha256:${text.repeat(64).slice(0, 64)}`;

const plugin = (fields) => ({ installation: `local/${fields.id}`, publisher: "local", revision: 1, enabled: true, crashes: 0, versions: [], ...fields });

export const plugins = [
  plugin({
    id: "catalog", version: "1.0.0", digest: digestOf("3fa9c07be2d14"), state: "running", title: "Catalog", description: "Entities, their relations and the API of Backstage's catalog.", owner: "Callboard", core: true, origin: "core",
    instances: { busy: 1, idle: 3, max: 16 }, memoryBytes: 31 * MiB, memoryLimitBytes: 256 * MiB, calls: 184_233, errors: 12, p50Ms: 0.31, p99Ms: 2.4, loadedAt: hours(5),
    capabilities: [
      { name: "catalog", scope: "read and write, all kinds", reason: "Serves and keeps the entities", granted: true },
      { name: "render", scope: "", reason: "Decodes YAML and JSON on the host", granted: true },
      { name: "log", scope: "", reason: "Says what it does", granted: true },
    ],
    routes: [["GET", "/entities"], ["GET", "/entities/by-query"], ["POST", "/entities/by-query"], ["GET", "/entities/by-name/{kind}/{namespace}/{name}"], ["POST", "/entities/by-refs"], ["GET", "/entity-facets"]].map(([method, path]) => ({ method, path })),
    processors: [{ name: "builtin-kinds", kinds: ["Component", "API", "Resource", "System", "Domain", "Group", "User", "Location"] }],
    ui: { nav: [{ title: "Catalog", path: "/catalog" }] },
  }),
  plugin({
    id: "hello", version: "0.3.1", digest: digestOf("9bc2"), state: "running", title: "Hello", description: "Greets whoever asks.", owner: "group:default/platform", core: false, origin: "installed",
    instances: { busy: 0, idle: 1, max: 4 }, memoryBytes: 5.2 * MiB, memoryLimitBytes: 64 * MiB, calls: 412, errors: 0, p50Ms: 0.12, p99Ms: 0.8, loadedAt: hours(26),
    previous: { version: "0.3.0", digest: digestOf("41d0") }, pending: { version: "0.4.0", digest: digestOf("c0ffee") },
    capabilities: [{ name: "kv", scope: "keep up to 1048576 bytes", reason: "Counts greetings", granted: true }, { name: "http", scope: "", reason: "Greets according to the weather", granted: false }],
    routes: [{ method: "GET", path: "/greeting" }], processors: [], ui: { nav: [{ title: "Hello", path: "/hello" }] },
  }),
  plugin({
    id: "cost", version: "2.0.0-rc.1", digest: digestOf("77e1"), state: "failed", title: "Cost", description: "What each team's things cost.", owner: "group:default/data", core: false, origin: "configuration", fixedBy: "app-config.yaml:61",
    error: { message: "crashed 5 times in a minute; starts again in 40 s", stderr: ["panic: assignment to entry in nil map", "", "goroutine 1 [running]:", "main.(*report).add(...)", "\t/src/report.go:41", "main.handle({0x1a40c0, 0x2c})", "\t/src/main.go:27 +0x1e"] },
    instances: { busy: 0, idle: 0, max: 4 }, memoryBytes: 0, memoryLimitBytes: 64 * MiB, calls: 96, errors: 31, p50Ms: 4.1, p99Ms: 940, loadedAt: hours(1),
    capabilities: [{ name: "catalog", scope: "read kinds component, resource", reason: "Finds owners", granted: true }], routes: [{ method: "GET", path: "/report" }], processors: [],
  }),
];

const releases = ({ version, digest, previous, pending, publisher }) =>
  [pending && [pending, "pending"], [{ version, digest }, "current"], previous && [previous, "previous"]].filter(Boolean).map(([release, role]) => ({ ...release, role, publisher, bytes: 4.4 * MiB, createdAt: hours(26), createdBy: "user:default/sol.marchetti" }));

/** One plugin with what an operator changes. */
export function detail(id) {
  const found = plugins.find((candidate) => candidate.id === id);
  if (!found) return undefined;
  return {
    ...found,
    capabilities: found.capabilities.map((capability) => ({ ...capability, requested: capability.scope || "granted", requestedScope: {}, harmless: capability.name === "log", uses: capability.granted ? 120 : 0, denied: capability.granted ? 0 : 3, ...(found.fixedBy && { fixedBy: "app-config.yaml:64" }) })),
    versions: [{ version: found.version, digest: found.digest.slice(7), role: "current", state: found.state, calls: found.calls, errors: found.errors, crashes: 0, meanMs: 0.4, inside: 0 }],
    releases: found.origin === "installed" ? releases(found) : [],
    limits: [{ name: "memory", unit: "bytes", asked: 32 * MiB, effective: 32 * MiB, editable: true }, { name: "deadline.request", unit: "ms", effective: 5000, cap: 10_000, editable: false, fixedBy: "app-config.yaml:70" }],
    config: { schema: { type: "object", properties: { greeting: { type: "string", minLength: 1 } } }, value: { greeting: "Welcome" } },
    data: { schemaVersion: 0, kvBytes: 22, blobBytes: 0 },
  };
}

const capability = (name, change, requested, granted, needsApproval, reason) => ({ name, change, requested, granted, needsApproval, reason, scope: {} });

/** A version of Hello that asks for more, and one that cannot be activated. */
export function review(digest) {
  const hello = plugins[1];
  if (![hello.pending.digest, hello.previous.digest].includes(digest)) return undefined;
  const broken = digest === hello.previous.digest;
  return {
    digest, id: "hello", version: broken ? "0.3.0" : "0.4.0", title: "Hello", description: hello.description, publisher: "local", core: false, kind: broken ? "downgrade" : "upgrade", installed: { version: hello.version, digest: hello.digest },
    capabilities: [
      capability("kv", "widened", "keep up to 4194304 bytes", "keep up to 1048576 bytes", true, "Counts greetings"),
      capability("secret", "added", "use secret weather-key as Authorization of api.weather.example", null, true, "Asks the weather service in the company's name"),
      capability("catalog", "unchanged", "read every kind", "read kinds component", false, "Finds teams"),
      capability("log", "unchanged", "granted", "granted", false, "Says what it does"),
      capability("blob", "removed", "", "keep up to 1048576 bytes", false, ""),
    ],
    needsApproval: true,
    data: { current: 2, writes: broken ? 1 : 3, compatibleFrom: broken ? 1 : 3, migration: !broken, rollbackPossible: false, canaryPossible: false, readable: !broken },
    limits: [{ name: "memory", unit: "bytes", asked: 256 * MiB, effective: 64 * MiB, cap: 64 * MiB, editable: true }],
    routes: hello.routes,
    problems: broken ? [{ severity: "error", message: "Written for ABI 0, which this host does not speak." }] : [{ severity: "warning", message: "Asks for 256 MiB of memory and gets 64 MiB." }],
  };
}

/** An hour in steps of ten seconds that ends in a burst of errors. */
export function usage() {
  const series = Array.from({ length: 360 }, (_, index) => {
    const calls = Math.round(20 + 15 * Math.sin(index / 24));
    return { at: new Date(Date.now() - (360 - index) * 10_000).toISOString(), calls, errors: index > 340 ? 4 : 0, fuel: calls * 15_000, guestMs: calls * 0.4, waitMs: index > 340 ? 30 : 0, memoryBytes: 5 * MiB, hostCalls: calls * 3, egressRequests: 0, egressBytes: 0 };
  });
  return {
    step: 10, series, errorsByKind: { timeout: 71, exhausted: 9 },
    topCallers: [{ subject: "user:default/sol.marchetti", calls: 5210, guestMs: 2100 }, { subject: "plugin:cost", calls: 1800, guestMs: 700 }, { subject: "", calls: 12, guestMs: 4 }],
    topRoutes: [{ op: "http.handle/1", method: "GET", route: "/greeting", calls: 7000, guestMs: 2790 }, { op: "entity.process/1", calls: 22, guestMs: 14 }],
    budget: { memoryBytes: { used: 29 * MiB, limit: 32 * MiB }, hostCalls: { used: 20, limit: 1000 }, instances: { used: 1, limit: 4 } },
  };
}

export const history = [
  { at: hours(0.2), action: "activate", subject: "user:default/sol.marchetti", version: "0.4.0", outcome: "waits", message: "version 0.4.0 asks for secret, which nobody has decided about" },
  { at: hours(26), action: "activate", subject: "user:default/sol.marchetti", version: "0.3.1", outcome: "done" },
  { at: hours(26), action: "activate", subject: "user:default/sol.marchetti", version: "0.3.1", outcome: "started" },
  { at: hours(48), action: "rollback", subject: "system", version: "0.3.0", outcome: "done", message: "crashed 5 times in probation" },
];

export const recordings = [
  { id: "20260101-a", at: hours(1), plugin: "hello", version: "0.3.1", digest: "9bc2", op: "http.handle/1", route: "GET /greeting", reason: "failed", outcome: "timeout", cause: "took longer than 5 s", reproduced: "yes", bodies: true, fuel: 12, bytes: 1863 },
  { id: "20260101-b", at: hours(2), plugin: "hello", version: "0.3.1", digest: "9bc2", op: "entity.process/1", reason: "asked for", outcome: "ok", reproduced: "pending", bodies: true, fuel: 12, bytes: 7094 },
];

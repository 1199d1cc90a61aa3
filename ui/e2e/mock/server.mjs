// A stand-in for the host in tests of the UI alone: the built files under the same content security policy, and the
// API over fixtures. `?fail=` in a page's URL reaches here through a cookie set by the tests and breaks one answer.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { entities, personas, refOf } from "./fixtures.mjs";
import { answer, policy } from "./policy.mjs";
import { detail, history, plugins, recordings, review, usage } from "./plugins.mjs";
import { problems } from "./problems.mjs";
import { graph, impact } from "./graph.mjs";
import { model } from "./model.mjs";
import { facets, order, project, select } from "./query.mjs";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const port = Number(process.env.PORT ?? 7107);
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json" };
const started = new Date(Date.now() - 5 * 3_600_000).toISOString();
const byRef = new Map(entities.map((entity) => [refOf(entity), entity]));

const cookie = (request, name) => new RegExp(`(?:^|; )${name}=([^;]*)`).exec(request.headers.cookie ?? "")?.[1];
const status = (code, title, detail) => ({ code, type: "application/problem+json", body: { title, status: code, detail } });
const notFound = (message) => ({ code: 404, body: { error: { name: "NotFoundError", message }, response: { statusCode: 404 } } });

const found = (body, message) => (body ? { body } : status(404, "Not found", message));

/** What the stand-in finds at every address: an entity that it has. */
const described = (target) => {
  const entity = byRef.get("component:default/playback-edge");
  return { ...entity, metadata: { ...entity.metadata, annotations: { "backstage.io/managed-by-origin-location": `url:${target}` } } };
};

function session(ref) {
  const { team, ...principal } = personas.find((persona) => persona.ref === ref) ?? personas[0];
  return {
    principal: { ref: principal.ref, displayName: principal.displayName, ownershipRefs: [principal.ref, `group:default/${team}`], permissions: ["*"] },
    personas: personas.map((persona) => ({ ref: persona.ref, displayName: persona.displayName, role: persona.role })),
    mode: "development",
  };
}

// What each browser's person chose. A test is a browser of its own, told apart by a cookie that is set here.
const preferences = new Map();
function kept(request) {
  const id = `${cookie(request, "browser") ?? ""} ${cookie(request, "persona") ?? ""}`;
  if (!preferences.has(id)) preferences.set(id, new Map());
  return preferences.get(id);
}

const routes = [
  ["POST", /^\/api\/catalog\/entities\/by-query$/, (_, body) => {
    const found = order(select(entities, body), body.orderField);
    const { offset = 0, limit = 20 } = body;
    return { body: { items: found.slice(offset, offset + limit).map((entity) => project(entity, body.fields)), totalItems: found.length, pageInfo: {} } };
  }],
  ["POST", /^\/api\/catalog\/entities\/by-refs$/, (_, body) => ({ body: { items: body.entityRefs.map((ref) => (byRef.has(ref) ? project(byRef.get(ref), body.fields) : null)) } })],
  ["GET", /^\/api\/catalog\/entities\/by-name\/([^/]+)\/([^/]+)\/([^/]+)$/, ([kind, namespace, name]) => {
    const entity = byRef.get(`${kind}:${namespace}/${name}`.toLowerCase());
    return entity ? { body: entity } : notFound(`No entity named '${name}' found, with kind '${kind}' in namespace '${namespace}'`);
  }],
  ["GET", /^\/api\/catalog\/model$/, () => ({ body: model })],
  ["POST", /^\/api\/catalog\/graph$/, (_, body) => ({ body: graph(byRef, body) })],
  ["GET", /^\/api\/catalog\/entities\/by-name\/([^/]+)\/([^/]+)\/([^/]+)\/impact$/, ([kind, namespace, name]) => ({ body: impact(byRef, `${kind}:${namespace}/${name}`.toLowerCase()) })],
  ["POST", /^\/api\/catalog\/entity-facets$/, (_, body) => ({ body: { facets: facets(select(entities, body), body.facets) } })],
  ["POST", /^\/api\/catalog\/analyze-location$/, (_, { location }) => ({ body: { existingEntityFiles: [{ location, isRegistered: false, entity: described(location.target) }], generateEntities: [], problems: [] } })],
  ["POST", /^\/api\/catalog\/locations$/, (_, { target }) => ({ code: 201, body: { location: { id: "l-1", type: "url", target, entityRef: "location:default/generated-1" }, entities: [] } })],
  ["POST", /^\/api\/catalog\/locations\/by-query$/, (_, { query }) => ({ body: { items: [{ id: "l-1", ...query, entityRef: "location:default/generated-1" }], totalItems: 1, pageInfo: {} } })],
  ["DELETE", /^\/api\/catalog\/locations\/[^/]+$/, () => ({ body: {} })],
  ["POST", /^\/api\/catalog\/refresh$/, () => ({ body: {} })],
  ["GET", /^\/api\/catalog\/problems$/, (_, __, request) => ({ body: problems(entities, new URL(request.url, origin).searchParams) })],
  ["GET", /^\/api\/catalog\/history$/, () => ({ body: { items: [{ id: 7, revision: 1842, at: new Date(Date.now() - 3_600_000).toISOString(), entityRef: "component:default/playback-edge", uid: "u-1", action: "updated", cause: { reason: "source" } }], pageInfo: {} } })],
  ["GET", /^\/api\/app\/preferences$/, (_, __, request) => ({ body: { items: [...kept(request).values()] } })],
  ["PUT", /^\/api\/app\/preferences\/([^/]+)$/, ([key], body, request) => {
    const mine = kept(request);
    const item = { key, revision: (mine.get(key)?.revision ?? 0) + 1, value: body.value };
    mine.set(key, item);
    return { body: item };
  }],
  ["GET", /^\/api\/policy$/, () => ({ body: policy })],
  ["POST", /^\/api\/policy\/evaluate$/, (_, { permission, user }) => ({ body: answer(user, permission) })],
  ["GET", /^\/api\/plugins$/, () => ({ body: plugins })],
  ["POST", /^\/api\/plugins\/releases$/, () => ({ code: 201, body: review(plugins[1].pending.digest) })],
  ["GET", /^\/api\/plugins\/releases\/([^/]+)$/, ([digest]) => found(review(digest), `There is no release ${digest}.`)],
  ["GET", /^\/api\/plugins\/([^/]+)$/, ([id]) => found(detail(id), `There is no plugin "${id}".`)],
  ["GET", /^\/api\/plugins\/[^/]+\/(tasks|events\/dead)$/, () => ({ body: [] })],
  ["GET", /^\/api\/plugins\/[^/]+\/usage$/, () => ({ body: usage() })],
  ["GET", /^\/api\/plugins\/[^/]+\/history$/, () => ({ body: history })],
  ["GET", /^\/api\/plugins\/[^/]+\/recordings$/, () => ({ body: recordings })],
  ["POST", /^\/api\/plugins\/([^/]+)\/\w+$/, ([id]) => ({ body: detail(id) })],
  ["PUT", /^\/api\/plugins\/([^/]+)\/\w+$/, ([id]) => ({ body: detail(id) })],
  ["GET", /^\/api\/app\/session$/, (_, __, request) => ({ body: session(decodeURIComponent(cookie(request, "persona") ?? "")) })],
  ["POST", /^\/api\/app\/session$/, (_, body) => ({ body: session(body.persona), headers: { "Set-Cookie": `persona=${encodeURIComponent(body.persona)}; Path=/; SameSite=Lax` } })],
  ["GET", /^\/api\/app\/info$/, () => ({ body: { version: "0.1.0", commit: "94967c6d0e1f", startedAt: started, catalog: { entities: entities.length, revision: 1842, locations: 1, errors: 1 } } })],
  ["GET", /^\/.callboard\/ready$/, () => ({ body: { status: "degraded", checks: [{ name: "store", status: "ok", message: "SQLite answers in 0.2 ms" }, { name: "catalog", status: "ok", message: `${entities.length} entities at revision 1842` }, { name: "plugins", status: "degraded", message: "cost failed; every other plugin answers" }] } })],
];

function answerApi(request, path, body) {
  const broken = cookie(request, "fail");
  if (broken && path.includes(decodeURIComponent(broken))) return status(500, "Internal error", "The fault was logged under this request id.");
  const denied = cookie(request, "deny");
  if (denied && path.includes(decodeURIComponent(denied))) return { code: 403, type: "application/problem+json", body: { title: "Denied", status: 403, detail: "You are not allowed to read plugins.", denial: { permission: "plugin.read", rule: "roles.operator", grantedBy: ["group:default/security"] } } };
  for (const [method, pattern, handle] of routes) {
    const match = pattern.exec(path);
    if (match && method === request.method) return handle(match.slice(1).map(decodeURIComponent), body, request);
  }
  return status(404, "Not found", `Nothing answers ${request.method} ${path}.`);
}

function sendFile(response, path, hasBrowser) {
  const file = join(dist, normalize(path));
  const isAsset = path !== "/" && extname(path) !== "" && file.startsWith(dist) && existsSync(file);
  if (isAsset) {
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream", "Cache-Control": "public, max-age=31536000, immutable" });
    response.end(readFileSync(file));
    return;
  }
  if (path.startsWith("/assets/")) {
    response.writeHead(404).end();
    return;
  }
  const nonce = randomBytes(16).toString("base64url");
  response.writeHead(200, {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    ...(!hasBrowser && { "Set-Cookie": `browser=${nonce}; Path=/; SameSite=Lax` }),
    "Content-Security-Policy": `default-src 'none'; script-src 'nonce-${nonce}' ${origin}/assets/; style-src 'self' 'nonce-${nonce}'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  });
  response.end(readFileSync(join(dist, "index.html"), "utf8").replaceAll("__CSP_NONCE__", nonce));
}

const origin = `http://127.0.0.1:${port}`;

createServer((request, response) => {
  const { pathname } = new URL(request.url, origin);
  if (!pathname.startsWith("/api/") && !pathname.startsWith("/.callboard/")) {
    sendFile(response, decodeURIComponent(pathname), cookie(request, "browser") !== undefined);
    return;
  }
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const text = Buffer.concat(chunks).toString();
    const { code = 200, type = "application/json", body, headers = {} } = answerApi(request, pathname, request.headers["content-type"] === "application/json" && text !== "" ? JSON.parse(text) : undefined);
    response.writeHead(code, { "Content-Type": type, "X-Request-Id": randomBytes(8).toString("hex"), "Cache-Control": "no-store", ...headers });
    response.end(JSON.stringify(body));
  });
}).listen(port, "127.0.0.1", () => console.log(`mock on ${origin}`));

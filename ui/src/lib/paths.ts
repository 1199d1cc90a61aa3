import { parseRef, type EntityRef } from "./entity-ref";

/** Where a link goes: a path and the search parameters beside it. */
export interface Target {
  to: string;
  search?: Record<string, string>;
}

const segment = encodeURIComponent;

function entityPath({ kind, namespace, name }: EntityRef): string {
  return `/catalog/${segment(namespace)}/${segment(kind)}/${segment(name)}`;
}

function entity(ref: EntityRef | string, tab?: string): Target {
  const parsed = typeof ref === "string" ? parseRef(ref) : ref;
  if (!parsed) return { to: "/catalog", search: { q: typeof ref === "string" ? `"${ref}"` : "" } };
  return { to: tab === undefined ? entityPath(parsed) : `${entityPath(parsed)}/${segment(tab)}` };
}

/** The state of the catalog page that its URL carries. */
export interface CatalogView {
  query?: string;
  sort?: string;
  page?: number;
  /** The columns beside the name, by their ids and with commas; without it those that the browser remembers. */
  columns?: string;
}

function catalog(view: CatalogView = {}): Target {
  const search: Record<string, string> = {};
  if (view.query !== undefined) search.q = view.query;
  if (view.sort !== undefined) search.sort = view.sort;
  if (view.columns !== undefined) search.columns = view.columns;
  if (view.page !== undefined && view.page > 1) search.page = String(view.page);
  return { to: "/catalog", search };
}

/** Which problems the page of problems shows; an owner is a ref, `me` or `none`. */
export interface ProblemsView {
  types?: readonly string[];
  owners?: readonly string[];
  kinds?: readonly string[];
  page?: number;
}

function problems({ types = [], owners = [], kinds = [], page = 1 }: ProblemsView = {}): Target {
  const search: Record<string, string> = {};
  if (types.length > 0) search.type = types.join(",");
  if (owners.length > 0) search.owner = owners.join(",");
  if (kinds.length > 0) search.kind = kinds.join(",");
  if (page > 1) search.page = String(page);
  return { to: "/catalog/-/problems", search };
}

/** Which changes of the catalog the page of changes shows; an owner is a ref. */
export interface ChangesView {
  owner?: string | undefined;
  kind?: string | undefined;
  action?: string | undefined;
}

function changes({ owner, kind, action }: ChangesView = {}): Target {
  return { to: "/catalog/-/changes", search: { ...(owner && { owner }), ...(kind && { kind }), ...(action && { action }) } };
}

/** Every URL of the portal. Nothing else spells one. */
export const paths = {
  home: (): Target => ({ to: "/" }),
  catalog,
  apis: (): Target => catalog({ query: "kind:api" }),
  entity,
  // No namespace is called "-".
  register: (url?: string): Target => ({ to: "/catalog/-/register", ...(url !== undefined && { search: { url } }) }),
  org: (filter?: string): Target => ({ to: "/catalog/-/org", ...(filter !== undefined && filter !== "" && { search: { filter } }) }),
  problems,
  /** The model, or what it says of one kind. */
  model: (kind?: string): Target => ({ to: "/catalog/-/model", ...(kind !== undefined && { search: { kind: kind.toLowerCase() } }) }),
  changes,
  /** An entity as it was at a revision. */
  entityAsOf: (ref: EntityRef | string, revision: number): Target => ({ ...entity(ref, "changes"), search: { at: String(revision) } }),
  settings: (): Target => ({ to: "/settings" }),
  graph: (entityRef?: string): Target => ({ to: "/catalog/-/graph", ...(entityRef !== undefined && { search: { entity: entityRef } }) }),
  docs: (): Target => ({ to: "/docs" }),
  create: (): Target => ({ to: "/create" }),
  plugins: (): Target => ({ to: "/plugins" }),
  plugin: (id: string, tab?: string): Target => ({ to: tab === undefined ? `/plugins/${segment(id)}` : `/plugins/${segment(id)}/${segment(tab)}` }),
  // No plugin is called "-".
  installPlugin: (): Target => ({ to: "/plugins/-/install" }),
  reviewRelease: (digest: string): Target => ({ to: `/plugins/-/releases/${segment(digest)}` }),
  /** The policy, or what it says to a question. */
  policy: (question?: { user: string; permission: string; entity: string }): Target => ({ to: "/policy", ...(question && { search: { user: question.user, permission: question.permission, ...(question.entity !== "" && { entity: question.entity }) } }) }),
  health: (): Target => ({ to: "/health" }),
  gallery: (): Target => ({ to: "/gallery" }),
} as const;

/** The patterns that the router mounts, beside the functions that fill them in. */
export const routePatterns = {
  home: "/",
  catalog: "/catalog",
  entity: "/catalog/$namespace/$kind/$name",
  entityTab: "/catalog/$namespace/$kind/$name/$tab",
  register: "/catalog/-/register",
  org: "/catalog/-/org",
  problems: "/catalog/-/problems",
  model: "/catalog/-/model",
  changes: "/catalog/-/changes",
  settings: "/settings",
  graph: "/catalog/-/graph",
  catalogGraph: "/catalog-graph",
  catalogImport: "/catalog-import",
  apiDocs: "/api-docs",
  search: "/search",
  docs: "/docs",
  docsPage: "/docs/$",
  create: "/create",
  createPage: "/create/$",
  plugins: "/plugins",
  plugin: "/plugins/$id",
  pluginTab: "/plugins/$id/$tab",
  installPlugin: "/plugins/-/install",
  reviewRelease: "/plugins/-/releases/$digest",
  policy: "/policy",
  health: "/health",
  gallery: "/gallery",
} as const;

/** The URLs of the API. */
export const apiPaths = {
  entityQuery: "/api/catalog/entities/by-query",
  entityByName: ({ kind, namespace, name }: EntityRef) => `/api/catalog/entities/by-name/${segment(kind)}/${segment(namespace)}/${segment(name)}`,
  entitiesByRefs: "/api/catalog/entities/by-refs",
  entityFacets: "/api/catalog/entity-facets",
  problems: (query: { types?: readonly string[]; owners?: readonly string[]; kinds?: readonly string[]; limit: number; offset?: number }) => {
    const search = new URLSearchParams();
    query.types?.forEach((type) => search.append("type", type));
    query.owners?.forEach((owner) => search.append("owner", owner));
    query.kinds?.forEach((kind) => search.append("kind", kind));
    search.set("limit", String(query.limit));
    if (query.offset) search.set("offset", String(query.offset));
    return `/api/catalog/problems?${search.toString()}`;
  },
  entityGraph: "/api/catalog/graph",
  model: "/api/catalog/model",
  entityImpact: ({ kind, namespace, name }: EntityRef) => `/api/catalog/entities/by-name/${segment(kind)}/${segment(namespace)}/${segment(name)}/impact`,
  changes: (query: { ref?: string; owner?: string | undefined; kind?: string | undefined; action?: string | undefined; limit: number; cursor?: string }) => {
    const search = new URLSearchParams();
    for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== "") search.set(key, String(value));
    return `/api/catalog/history?${search.toString()}`;
  },
  entityAsOf: ({ kind, namespace, name }: EntityRef, at: string) => `/api/catalog/history/by-name/${segment(kind)}/${segment(namespace)}/${segment(name)}?at=${segment(at)}`,
  removedLocations: "/api/catalog/history/locations",
  restoreLocation: (id: string) => `/api/catalog/history/locations/${segment(id)}/restore`,
  refreshEntity: "/api/catalog/refresh",
  analyzeLocation: "/api/catalog/analyze-location",
  locations: "/api/catalog/locations",
  locationsByQuery: "/api/catalog/locations/by-query",
  location: (id: string) => `/api/catalog/locations/${segment(id)}`,
  plugins: "/api/plugins",
  plugin: (id: string) => `/api/plugins/${segment(id)}`,
  pluginPart: (id: string, part: string) => `/api/plugins/${segment(id)}/${part}`,
  pluginUsage: (id: string, window: string) => `/api/plugins/${segment(id)}/usage?window=${segment(window)}`,
  recording: (id: string, recording: string) => `/api/plugins/${segment(id)}/recordings/${segment(recording)}`,
  pluginReleases: "/api/plugins/releases",
  pluginRelease: (digest: string) => `/api/plugins/releases/${segment(digest)}`,
  history: ({ owner, since, limit }: { owner: string; since: string; limit: number }) => `/api/catalog/history?${new URLSearchParams({ owner, since, limit: String(limit) }).toString()}`,
  policy: "/api/policy",
  policyAnswer: "/api/policy/evaluate",
  session: "/api/app/session",
  preferences: "/api/app/preferences",
  preference: (key: string) => `/api/app/preferences/${segment(key)}`,
  info: "/api/app/info",
  ready: "/.callboard/ready",
} as const;

/** A target as the text of an address bar. */
export function hrefOf(target: Target): string {
  const search = new URLSearchParams(target.search).toString();
  return search === "" ? target.to : `${target.to}?${search}`;
}

/** Whether a URL from a descriptor may become a link: only what a browser opens without running it. */
export function isSafeExternalUrl(url: string): boolean {
  try {
    return ["http:", "https:", "mailto:"].includes(new URL(url).protocol);
  } catch {
    return false;
  }
}

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
}

function catalog(view: CatalogView = {}): Target {
  const search: Record<string, string> = {};
  if (view.query !== undefined) search.q = view.query;
  if (view.sort !== undefined) search.sort = view.sort;
  if (view.page !== undefined && view.page > 1) search.page = String(view.page);
  return { to: "/catalog", search };
}

/** Every URL of the portal. Nothing else spells one. */
export const paths = {
  home: (): Target => ({ to: "/" }),
  catalog,
  apis: (): Target => catalog({ query: "kind:api" }),
  entity,
  // No namespace is called "-".
  register: (url?: string): Target => ({ to: "/catalog/-/register", ...(url !== undefined && { search: { url } }) }),
  docs: (): Target => ({ to: "/docs" }),
  create: (): Target => ({ to: "/create" }),
  plugins: (): Target => ({ to: "/plugins" }),
  plugin: (id: string, tab?: string): Target => ({ to: tab === undefined ? `/plugins/${segment(id)}` : `/plugins/${segment(id)}/${segment(tab)}` }),
  // No plugin is called "-".
  installPlugin: (): Target => ({ to: "/plugins/-/install" }),
  reviewRelease: (digest: string): Target => ({ to: `/plugins/-/releases/${segment(digest)}` }),
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
  health: "/health",
  gallery: "/gallery",
} as const;

/** The URLs of the API. */
export const apiPaths = {
  entityQuery: "/api/catalog/entities/by-query",
  entityByName: ({ kind, namespace, name }: EntityRef) => `/api/catalog/entities/by-name/${segment(kind)}/${segment(namespace)}/${segment(name)}`,
  entitiesByRefs: "/api/catalog/entities/by-refs",
  entityFacets: "/api/catalog/entity-facets",
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
  session: "/api/app/session",
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

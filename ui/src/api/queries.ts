import { queryOptions } from "@tanstack/react-query";
import { apiPaths } from "@/lib/paths";
import { loadBrief } from "./batch";
import { getJson, getJsonOfAnyStatus, postJson } from "./client";
import type { AppInfo, CatalogModel, EntityPage, EntityQuery, Plugin, ProblemPage, Readiness, Session } from "./types";

const SECOND = 1000;

/** Who is signed in, and whom they may act as in development. */
export const sessionQuery = () => queryOptions({ queryKey: ["session"], queryFn: ({ signal }) => getJson<Session>(apiPaths.session, signal), staleTime: 60 * SECOND });

/** Acts as another persona from now on. */
export const switchPersona = (persona: string) => postJson<Session>(apiPaths.session, { persona });

/** Every plugin that the host knows, with what it costs. */
export const pluginsQuery = () => queryOptions({ queryKey: ["plugins"], queryFn: ({ signal }) => getJson<Plugin[]>(apiPaths.plugins, signal), staleTime: 10 * SECOND });

/** Whether everything works; asked again every half minute while somebody looks. */
export const readinessQuery = () =>
  queryOptions({ queryKey: ["readiness"], queryFn: ({ signal }) => getJsonOfAnyStatus<Readiness>(apiPaths.ready, [503], signal), staleTime: 15 * SECOND, refetchInterval: 30 * SECOND });

/** Version and size of what runs. */
export const infoQuery = () => queryOptions({ queryKey: ["info"], queryFn: ({ signal }) => getJson<AppInfo>(apiPaths.info, signal), staleTime: 15 * SECOND });

/** The few fields of an entity that links and chips show; many of them travel in one request. */
export const briefQuery = (ref: string) => queryOptions({ queryKey: ["entities", "brief", ref], queryFn: () => loadBrief(ref), staleTime: 60 * SECOND });

/** Which kinds, fields and relations there can be, and which plugin brings each. It changes when a plugin comes or goes. */
export const modelQuery = () => queryOptions({ queryKey: ["model"], queryFn: ({ signal }) => getJson<CatalogModel>(apiPaths.model, signal), staleTime: 60 * SECOND });

/** One page of entities. */
export const entitiesQuery = (body: EntityQuery) =>
  queryOptions({ queryKey: ["entities", "page", body], queryFn: ({ signal }) => postJson<EntityPage>(apiPaths.entityQuery, body, signal), staleTime: 15 * SECOND });

/** Which problems of the catalog are asked for. Owners are refs, or `none`. */
export interface ProblemsRequest {
  types?: readonly string[];
  owners?: readonly string[];
  kinds?: readonly string[];
  limit: number;
  offset?: number;
}

/** What is wrong in the catalog, who owns it, and how much there is of what. */
export const problemsQuery = (request: ProblemsRequest) =>
  queryOptions({ queryKey: ["entities", "problems", request], queryFn: ({ signal }) => getJson<ProblemPage>(apiPaths.problems(request), signal), staleTime: 15 * SECOND });

import { useQuery } from "@tanstack/react-query";
import { pluginsQuery } from "@/api/queries";
import type { Plugin } from "@/api/types";

/** The core plugins that a part of the portal stands on. */
export type Feature = "catalog" | "techdocs" | "scaffolder" | "search";

const SHOWN_STATES = new Set<Plugin["state"]>(["running", "granted", "draining"]);

/** Whether the plugin serves requests; one that failed keeps its entry, since its page says what is wrong. */
export function isInstalled(plugins: readonly Plugin[] | undefined, feature: Feature): boolean {
  return plugins?.some((plugin) => plugin.id === feature && (SHOWN_STATES.has(plugin.state) || plugin.state === "failed")) ?? false;
}

/** A page that a plugin puts into the navigation. */
export interface ContributedPage {
  plugin: string;
  title: string;
  path: string;
}

const CORE_PATHS = ["/catalog", "/docs", "/create"];

/** The pages of running plugins beyond the portal's own. Only paths inside the portal count. */
export function contributedPages(plugins: readonly Plugin[] | undefined): ContributedPage[] {
  return (plugins ?? [])
    .filter((plugin) => plugin.state === "running")
    .flatMap((plugin) => (plugin.ui?.nav ?? []).map((entry) => ({ plugin: plugin.id, title: entry.title, path: entry.path })))
    .filter((page) => /^\/[^/\\]/.test(page.path) && !CORE_PATHS.some((core) => page.path === core || page.path.startsWith(`${core}?`) || page.path.startsWith(`${core}/`)));
}

/** The plugins as the shell needs them; while they load nothing is claimed to be absent. */
export function usePlugins(): { plugins: readonly Plugin[] | undefined; installed: (feature: Feature) => boolean } {
  const { data } = useQuery(pluginsQuery());
  return { plugins: data, installed: (feature) => isInstalled(data, feature) };
}

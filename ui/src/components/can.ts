import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "@/api/queries";
import type { Session } from "@/api/types";

/** The permissions that the browser asks about. */
export type Permission = "catalog.location.create" | "catalog.location.delete" | "catalog.entity.refresh" | "plugins.read" | "plugins.install" | "health.read" | "policy.read";

/**
 * Whether the person may, for many permissions at once. This module is the only place that knows how that is
 * decided: from the session's permissions, where `*` is every one and none at all means that no policy is in force.
 * It only hides what would be refused; the server decides again.
 */
export function useCan(permissions: readonly Permission[]): readonly boolean[] {
  const { data } = useQuery(sessionQuery());
  return permissions.map((permission) => data !== undefined && allows(data, permission));
}

export function allows(session: Session, permission: string): boolean {
  const held = session.principal.permissions;
  return held === undefined || held.includes("*") || held.includes(permission);
}

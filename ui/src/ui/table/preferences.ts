import { isBoolean, stored, type Stored } from "@/lib/storage";
import type { Column } from "./columns";

/** Whether the rows of every table are high. Kept in this browser: it suits the screen rather than the person. */
export const roomyRows = stored("rows.roomy", false, isBoolean);

/** What a person chose for one table: column ids with whether they show; what is absent shows as the column says. */
export interface TablePreferences {
  visible: Record<string, boolean>;
}

const DEFAULTS: TablePreferences = { visible: {} };

function isPreferences(value: unknown): value is TablePreferences {
  if (typeof value !== "object" || value === null || !("visible" in value)) return false;
  const { visible } = value;
  return typeof visible === "object" && visible !== null && Object.values(visible).every((shown) => typeof shown === "boolean");
}

/** The columns beside the primary one that show under these preferences, by their ids. */
export function visibleColumns(columns: readonly Pick<Column<never>, "id" | "primary" | "hidden">[], visible: TablePreferences["visible"]): string[] {
  return columns.filter(({ id, primary, hidden }) => primary !== true && (visible[id] ?? hidden !== true)).map(({ id }) => id);
}

const known = new Map<string, Stored<TablePreferences>>();

/** The preferences of the table with this name. */
export function tablePreferences(name: string): Stored<TablePreferences> {
  const existing = known.get(name);
  if (existing) return existing;
  const created = stored(`table.${name}`, DEFAULTS, isPreferences);
  known.set(name, created);
  return created;
}

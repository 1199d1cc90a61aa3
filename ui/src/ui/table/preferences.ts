import { stored, type Stored } from "@/lib/storage";

/** What a person chose for one table. */
export interface TablePreferences {
  /** Column ids with whether they show; what is absent shows as the column says. */
  visible: Record<string, boolean>;
  roomy: boolean;
}

const DEFAULTS: TablePreferences = { visible: {}, roomy: false };

function isPreferences(value: unknown): value is TablePreferences {
  if (typeof value !== "object" || value === null || !("visible" in value) || !("roomy" in value)) return false;
  const { visible, roomy } = value;
  return typeof roomy === "boolean" && typeof visible === "object" && visible !== null && Object.values(visible).every((shown) => typeof shown === "boolean");
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

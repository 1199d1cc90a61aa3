import type { ModelField } from "@/api/types";
import { fieldLabel } from "@/components/entity/own-fields";
import type { FacetValue } from "@/components/query/FacetList";
import { shortRef } from "@/lib/entity-ref";
import { pathOf } from "@/lib/query/predicate";
import { FACET_KEYS } from "./queries";
import { strings } from "./strings";

/** A facet of a field that a plugin declares. */
export interface OwnFacet {
  /** What a query calls it: the path, or for refs the relation that they make, whose targets are complete. */
  key: string;
  title: string;
  labelOf: (value: string) => string;
}

/** A choice among more values than this is no choice. */
const MOST_VALUES = 30;
const LONGEST_VALUE = 40;

/** The facet of a field; undefined where every entity says something else by nature, or where the catalog has that facet for every kind. */
export function ownFacet(field: ModelField): OwnFacet | undefined {
  const { path, type, relation, format } = field;
  if (format !== undefined || type === "number") return undefined;
  const title = fieldLabel(field);
  if (!relation) return { key: path, title, labelOf: (value) => (type === "boolean" ? (flags.get(value) ?? value) : value) };
  const key = `relations.${relation.type}`;
  if (FACET_KEYS.some((known) => pathOf(known) === key)) return undefined;
  return { key, title, labelOf: (value) => shortRef(value, relation.defaultKind) };
}

/** Whether a person can choose among these values. */
export function areFew(values: readonly FacetValue[]): boolean {
  return values.length > 0 && values.length <= MOST_VALUES && values.every(({ label }) => label.length <= LONGEST_VALUE);
}

const flags = new Map([["true", strings.yes], ["false", strings.no]]);

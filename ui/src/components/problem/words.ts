import type { CatalogProblem } from "@/api/types";
import { relationWords } from "@/components/entity/relation-words";

type Type = CatalogProblem["type"];

/** What is wrong, as people say it; what the server says where it is not about a relation. */
export function problemMessage({ relation, message }: Pick<CatalogProblem, "relation" | "message">): string {
  return relation === undefined ? message : `${relationWords[relation.type] ?? relation.type} ${relation.targetRef}, which is not in the catalog or not visible to you`;
}

/** The types of problems, the most urgent first. */
export const PROBLEM_TYPES: readonly Type[] = ["unreadable", "processing", "dangling", "orphan", "unowned"];

/** What a type of problem is called, what mends it, and the verb that begins the mending. */
export const problemWords: Record<Type, { title: string; mend: string; verb: string }> = {
  unreadable: {
    title: "Unreadable location",
    mend: "Check that the address still exists and that the portal may read it. If it moved, register the new address and unregister this one.",
    verb: "Check the location",
  },
  processing: {
    title: "Refused descriptor",
    mend: "Correct the descriptor where the message says. The last good version stays until it is read again.",
    verb: "Correct it",
  },
  dangling: {
    title: "Relation to nothing",
    mend: "Correct the name in the descriptor, take the relation out, or register what it names.",
    verb: "Correct the relation",
  },
  orphan: {
    title: "Orphan",
    mend: "Name it in a location again, or remove it from the catalog.",
    verb: "Decide about it",
  },
  unowned: {
    title: "No owner",
    mend: "Write the team that answers for it into spec.owner of the descriptor.",
    verb: "Give it an owner",
  },
};

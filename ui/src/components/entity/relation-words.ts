/** What a relation says, read from the entity that carries it. */
export const relationWords: Record<string, string> = {
  ownedBy: "Owned by",
  ownerOf: "Owns",
  dependsOn: "Depends on",
  dependencyOf: "Depended on by",
  consumesApi: "Consumes APIs",
  apiConsumedBy: "Consumed by",
  providesApi: "Provides APIs",
  apiProvidedBy: "Provided by",
  partOf: "Part of",
  hasPart: "Has parts",
  parentOf: "Parent of",
  childOf: "Child of",
  memberOf: "Member of",
  hasMember: "Has members",
};

/** Every word of the page of changes. */
export const strings = {
  catalog: "Catalog",
  title: "What changed",
  lead: "Every change of the catalog, with who and why.",
  owner: "Owner",
  kind: "Kind",
  action: "What happened",
  any: "Any",
  removed: "Unregistered locations",
  removedBy: (name: string) => `by ${name}`,
  restore: "Register again",
  restoreLabel: (target: string) => `Register ${target} again`,
  restored: (target: string, count: string) => `${target} is registered again with ${count}`,
  restoredSoon: (target: string) => `${target} is registered again. Its entities come back in a moment`,
  restoreFailed: (target: string, why: string) => `${target} could not be registered again: ${why}`,
  undoFailed: (target: string, why: string) => `${target} could not be unregistered: ${why}`,
  undone: (target: string) => `${target} is unregistered`,
} as const;

/** Every word of the page of teams. */
export const strings = {
  title: "Teams",
  lead: "Who belongs where, and who answers for what.",
  catalog: "Catalog",
  everybody: "Everybody",
  filter: "Find a team",
  filterHint: "Name of a team",
  tree: "Teams of the company",
  expandAll: "Expand all",
  collapseAll: "Collapse all",
  owns: (count: string) => `owns ${count}`,
  loadFailed: "The teams cannot be listed",
  partial: "Only the first teams are shown; find others with the catalog's query.",
  noneTitle: "There are no teams yet",
  noneBody: "Teams are Group entities. Register a descriptor that holds them, or have a provider bring them from your directory.",
  noHitTitle: "No team has that name",
  clear: "Show all teams",
} as const;

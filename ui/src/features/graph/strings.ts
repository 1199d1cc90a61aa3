/** Every word of the graph page. */
export const strings = {
  title: "Relations",
  titleOf: (names: string) => `Relations of ${names}`,
  catalog: "Catalog",
  none: "Choose an entity to begin with",
  noneBody: "Open an entity and its relations: the address of this page then names where the graph starts.",
  openCatalog: "Open the catalog",
  openEntity: "Open the entity",
} as const;

import type { ReactNode } from "react";

/** A column of a DataTable. */
export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  /** The name under which the server sorts by this column. */
  sortKey?: string;
  /** The one column whose cell links to the row's page. It cannot be hidden. */
  primary?: true;
  align?: "end";
  width?: number | string;
  /** Takes the width that the other columns leave, and cuts its text there. */
  grow?: true;
  /** Breaks its text into lines instead of cutting it. */
  wrap?: true;
  /** Starts hidden; the column chooser shows it. */
  hidden?: true;
  /** How a card on a phone shows it: below the title (the default), or not at all. */
  card?: "none";
}

/** The order of a table: a column's sort key and its direction. */
export interface Sort {
  key: string;
  descending: boolean;
}

/** `-name` is name, descending. */
export function parseSort(text: string | undefined): Sort | undefined {
  if (!text) return undefined;
  return text.startsWith("-") ? { key: text.slice(1), descending: true } : { key: text, descending: false };
}

export function formatSort(sort: Sort): string {
  return `${sort.descending ? "-" : ""}${sort.key}`;
}

/** What a click on a header does: ascending, then descending, then the default order. */
export function nextSort(current: Sort | undefined, key: string): Sort | undefined {
  if (current?.key !== key) return { key, descending: false };
  return current.descending ? undefined : { key, descending: true };
}

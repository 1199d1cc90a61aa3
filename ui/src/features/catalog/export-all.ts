import { postJson } from "@/api/client";
import type { EntityPage, EntityQuery, ModelField } from "@/api/types";
import { csvRows } from "@/lib/export";
import { apiPaths } from "@/lib/paths";
import { exportHeader, exportRow } from "./columns";

export type ExportFormat = "csv" | "json";

/** Entities in one request: large enough to be quick, small enough to show progress and to be cancelled. */
const PAGE = 500;

type LoadPage = (body: EntityQuery, signal: AbortSignal) => Promise<EntityPage>;

const loadPage: LoadPage = (body, signal) => postJson<EntityPage>(apiPaths.entityQuery, body, signal);

interface ExportRequest {
  format: ExportFormat;
  /** The query and the order of the list; its page counts for nothing. */
  list: EntityQuery;
  /** What the kind in sight says beside what all say. */
  fields: readonly ModelField[];
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
  load?: LoadPage;
}

/** Every entity that a query finds, in its order, as the pieces of a file. Follows cursors, so that entities that come or go meanwhile shift nothing. */
export async function exportAll({ format, list, fields, signal, onProgress, load = loadPage }: ExportRequest): Promise<string[]> {
  const { query, fullTextFilter, orderField } = list;
  const first: EntityQuery = { ...(query && { query }), ...(fullTextFilter && { fullTextFilter }), ...(orderField && { orderField }), limit: PAGE };
  const pieces: string[] = [format === "csv" ? csvRows([exportHeader(fields)]) : "["];
  let done = 0;
  for (let body: EntityQuery | undefined = first; body !== undefined; ) {
    const { items, totalItems, pageInfo } = await load(body, signal);
    signal.throwIfAborted();
    if (format === "csv") pieces.push(csvRows(items.map((item) => exportRow(item, fields))));
    else if (items.length > 0) pieces.push((done > 0 ? ",\n" : "\n") + items.map((item) => JSON.stringify(item, null, 2)).join(",\n"));
    done += items.length;
    onProgress(done, Math.max(totalItems, done));
    body = pageInfo.nextCursor === undefined || items.length === 0 ? undefined : { cursor: pageInfo.nextCursor, limit: PAGE };
  }
  if (format === "json") pieces.push("\n]\n");
  return pieces;
}

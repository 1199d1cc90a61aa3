import { describe, expect, it, vi } from "vitest";
import type { Entity, EntityPage, EntityQuery, ModelField } from "@/api/types";
import { exportAll } from "./export-all";

const entity = (name: string, description = ""): Entity => ({ apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name, description }, spec: { owner: "team-a" } });

/** Answers as the API does: the query first, then cursors. */
function pages(...all: Entity[][]) {
  const asked: EntityQuery[] = [];
  const load = (body: EntityQuery): Promise<EntityPage> => {
    asked.push(body);
    const at = body.cursor === undefined ? 0 : Number(body.cursor);
    return Promise.resolve({ items: all[at] ?? [], totalItems: all.flat().length, pageInfo: at + 1 < all.length ? { nextCursor: String(at + 1) } : {} });
  };
  return { asked, load };
}

const list: EntityQuery = { query: { kind: "component" }, orderField: ["metadata.name,asc"], limit: 50, offset: 100, fields: ["kind"] };
const field = (path: string): ModelField => ({ path, plugin: "datasets", required: false });
const signal = () => new AbortController().signal;

describe("exportAll", () => {
  it("takes every page of the query, whatever page was in sight", async () => {
    const { asked, load } = pages([entity("a"), entity("b")], [entity("c")]);
    const onProgress = vi.fn();
    const text = (await exportAll({ format: "csv", list, fields: [], signal: signal(), onProgress, load })).join("");
    expect(text.split("\r\n").map((line) => line.split(",")[3])).toEqual(["name", "a", "b", "c", undefined]);
    expect(asked).toEqual([
      { query: { kind: "component" }, orderField: ["metadata.name,asc"], limit: 500 },
      { cursor: "1", limit: 500 },
    ]);
    expect(onProgress.mock.calls).toEqual([[2, 3], [3, 3]]);
  });

  it("ends each line with what the kind's own fields say", async () => {
    const { load } = pages([{ ...entity("a"), spec: { storedIn: "store", personal: false } }, entity("b")]);
    const text = (await exportAll({ format: "csv", list, fields: [{ ...field("spec.storedIn"), relation: { type: "storedIn", defaultKind: "Resource" } }, field("spec.personal")], signal: signal(), onProgress: vi.fn(), load })).join("");
    expect(text.split("\r\n").map((line) => line.split(",").slice(-2))).toEqual([["spec.storedIn", "spec.personal"], ["resource:default/store", "false"], ["", ""], [""]]);
  });

  it("guards cells that a spreadsheet would run, and quotes those that would break a line", async () => {
    const { load } = pages([entity("a", "=cmd|' /C calc'!A0"), entity("b", 'one, "two"\nthree')]);
    const text = (await exportAll({ format: "csv", list, fields: [], signal: signal(), onProgress: vi.fn(), load })).join("");
    expect(text).toContain(",'=cmd|' /C calc'!A0\r\n");
    expect(text).toContain(',"one, ""two""\nthree"\r\n');
  });

  it.each([[[[entity("a")], [entity("b"), entity("c")]], ["a", "b", "c"]], [[[]], []]])("writes JSON that parses", async (all, names) => {
    const { load } = pages(...all);
    const text = (await exportAll({ format: "json", list, fields: [], signal: signal(), onProgress: vi.fn(), load })).join("");
    expect((JSON.parse(text) as Entity[]).map((item) => item.metadata.name)).toEqual(names);
  });

  it("stops when it is cancelled", async () => {
    const { asked, load } = pages([entity("a")], [entity("b")]);
    const abort = new AbortController();
    await expect(exportAll({ format: "csv", list, fields: [], signal: abort.signal, onProgress: () => abort.abort(), load })).rejects.toThrow();
    expect(asked).toHaveLength(2);
  });
});

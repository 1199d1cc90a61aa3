import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isStringList } from "@/lib/storage";
import { changePreference, preferencesQuery, valueOf, type Preference } from "./preferences";

const starred: Preference<string[]> = { key: "starred", fallback: [], accepts: isStringList };

/** A server that keeps one preference, and refuses a change that was made from another revision. */
function server() {
  const state = { value: ["a"] as unknown, revision: 1, puts: 0, broken: false };
  const answer = (status: number, body: unknown) => Promise.resolve(new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } }));
  vi.stubGlobal("fetch", (_: string, init: RequestInit & { body: string }) => {
    if (init.method === "GET") return answer(200, { items: [{ key: "starred", revision: state.revision, value: state.value }] });
    state.puts++;
    if (state.broken) return answer(500, { title: "Internal error" });
    if (new Headers(init.headers).get("If-Match") !== `"${state.revision}"`) return answer(409, { title: "Conflict" });
    state.value = (JSON.parse(init.body) as { value: unknown }).value;
    state.revision++;
    return answer(200, { key: "starred", revision: state.revision, value: state.value });
  });
  return state;
}

const add = (ref: string) => (before: string[]) => [...before, ref];

describe("changePreference", () => {
  let client: QueryClient;
  beforeEach(() => {
    client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  });
  afterEach(() => vi.unstubAllGlobals());
  const shown = () => valueOf(client.getQueryData(preferencesQuery().queryKey), starred);

  it("makes changes that follow each other closely one after the other", async () => {
    const kept = server();
    await Promise.all([changePreference(client, starred, add("b")), changePreference(client, starred, add("c"))]);
    expect(kept.value).toEqual(["a", "b", "c"]);
    expect(shown()).toEqual(["a", "b", "c"]);
    expect(kept.puts).toBe(2);
  });

  it("makes a change again on top of what another browser wrote meanwhile", async () => {
    const kept = server();
    await client.query(preferencesQuery());
    kept.value = ["a", "elsewhere"];
    kept.revision = 7;
    await changePreference(client, starred, add("b"));
    expect(kept.value).toEqual(["a", "elsewhere", "b"]);
  });

  it("asks for nothing when nothing changes", async () => {
    const kept = server();
    await changePreference(client, starred, (before) => before);
    expect(kept.puts).toBe(0);
  });

  it("fails when it cannot be kept, and the next change works", async () => {
    const kept = server();
    kept.broken = true;
    await expect(changePreference(client, starred, add("b"))).rejects.toThrow();
    kept.broken = false;
    await changePreference(client, starred, add("c"));
    expect(kept.value).toEqual(["a", "c"]);
  });

  it("reads a value of another shape as the fallback", async () => {
    const kept = server();
    kept.value = { not: "a list" };
    await client.query(preferencesQuery());
    expect(shown()).toEqual([]);
  });
});

import { describe, expect, it, vi } from "vitest";
import { createBatcher } from "./batch";
import { getJson, postJson } from "./client";
import { ApiError, errorFromResponse } from "./error";
import type { Entity } from "./types";

const entity = (name: string): Entity => ({ apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name } });

describe("errorFromResponse", () => {
  it("reads problem+json", () => {
    const error = errorFromResponse(422, "r-1", { title: "Invalid", detail: "The name is taken.", status: 422, errors: [{ pointer: "/name", detail: "Taken" }, { nonsense: 1 }] });
    expect(error).toMatchObject({ message: "The name is taken.", kind: "invalid", requestId: "r-1", fields: [{ pointer: "/name", detail: "Taken" }] });
  });
  it("reads Backstage's body", () => {
    expect(errorFromResponse(404, "r-2", { error: { name: "NotFoundError", message: "No entity" }, response: { statusCode: 404 } })).toMatchObject({ message: "No entity", kind: "not_found", requestId: "r-2" });
  });
  it("keeps who can grant", () => {
    expect(errorFromResponse(403, undefined, { title: "Denied", requestId: "r-3", denial: { permission: "catalog.entity.read", grantedBy: ["group:default/security"] } })).toMatchObject({
      kind: "denied", requestId: "r-3", denial: { permission: "catalog.entity.read", grantedBy: ["group:default/security"] },
    });
  });
  it.each([undefined, "text", [], { error: "text" }, {}])("survives %j", (body) => expect(errorFromResponse(500, undefined, body).message).toBe("The server answered 500."));
});

describe("client", () => {
  const answer = (status: number, body: string, headers: Record<string, string> = {}) => vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response(body, { status, headers }));

  it("sends and reads JSON", async () => {
    const fetch = answer(200, '{"a":1}');
    await expect(postJson("/x", { b: 2 })).resolves.toEqual({ a: 1 });
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ method: "POST", body: '{"b":2}', credentials: "same-origin" });
  });
  it("carries the request id of a failure", async () => {
    answer(500, '{"title":"Internal error","status":500}', { "X-Request-Id": "r-9" });
    await expect(getJson("/x")).rejects.toMatchObject({ requestId: "r-9", kind: "internal", message: "Internal error" });
  });
  it("names a lost connection", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("failed"));
    await expect(getJson("/x")).rejects.toMatchObject({ kind: "network" });
  });
  it("refuses HTML where JSON belongs", async () => {
    answer(200, "<html>");
    await expect(getJson("/x")).rejects.toBeInstanceOf(ApiError);
  });
});

describe("createBatcher", () => {
  it("asks once for what is asked in one turn, and each ref once", async () => {
    const fetchRefs = vi.fn((refs: string[]) => Promise.resolve(refs.map((ref) => (ref === "none" ? null : entity(ref)))));
    const load = createBatcher(fetchRefs);
    const results = await Promise.all([load("a"), load("none"), load("a")]);
    expect(fetchRefs.mock.calls).toEqual([[["a", "none"]]]);
    expect(results.map((found) => found?.metadata.name)).toEqual(["a", undefined, "a"]);
  });
  it("splits what one request may not hold", async () => {
    const fetchRefs = vi.fn((refs: string[]) => Promise.resolve(refs.map(entity)));
    const load = createBatcher(fetchRefs);
    await Promise.all(Array.from({ length: 150 }, (_, index) => load(`e${index}`)));
    expect(fetchRefs.mock.calls.map(([refs]) => refs.length)).toEqual([100, 50]);
  });
  it("fails everybody who waited", async () => {
    const load = createBatcher(() => Promise.reject(new Error("down")));
    await expect(Promise.allSettled([load("a"), load("b")])).resolves.toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
  });
});

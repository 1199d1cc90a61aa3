import { describe, expect, it } from "vitest";
import { latestOfEach } from "./queries";

describe("latestOfEach", () => {
  it("keeps the newest change of each entity, the newest first, each once", () => {
    const change = (id: number, entityRef: string) => ({ id, entityRef });
    expect(latestOfEach([change(3, "a"), change(1, "b"), change(5, "b"), change(3, "a"), change(4, "a")])).toEqual([change(5, "b"), change(4, "a")]);
    expect(latestOfEach([])).toEqual([]);
  });
});

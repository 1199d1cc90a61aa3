import { describe, expect, it } from "vitest";
import { errorShare, shortDigest, stateOf } from "./state";

describe("plugin figures", () => {
  it.each([[0, 0, "0\u00a0%"], [100, 0, "0\u00a0%"], [100_000, 1, "<\u00a00.1\u00a0%"], [200, 3, "1.5\u00a0%"]])("%d calls with %d errors", (calls, errors, want) => {
    expect(errorShare({ calls, errors })).toBe(want);
  });
  it.each([["sha256:0123456789abcdef", "0123456789ab"], ["0123456789abcdef", "0123456789ab"]])("digest %s", (digest, want) => expect(shortDigest(digest)).toBe(want));
  it("says first what an operator decided", () => {
    expect(stateOf({ state: "running", enabled: true })).toBe("running");
    expect(stateOf({ state: "stopped", enabled: false })).toBe("disabled");
    expect(stateOf({ state: "stopped", enabled: false, removedAt: "2026-01-01T00:00:00Z" })).toBe("removed");
  });
});

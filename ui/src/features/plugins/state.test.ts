import { describe, expect, it } from "vitest";
import { errorShare, shortDigest } from "./state";

describe("plugin figures", () => {
  it.each([[0, 0, "0\u00a0%"], [100, 0, "0\u00a0%"], [100_000, 1, "<\u00a00.1\u00a0%"], [200, 3, "1.5\u00a0%"]])("%d calls with %d errors", (calls, errors, want) => {
    expect(errorShare({ calls, errors })).toBe(want);
  });
  it.each([["sha256:0123456789abcdef", "sha256:0123456789ab"], ["0123456789abcdef", "0123456789ab"]])("digest %s", (digest, want) => expect(shortDigest(digest)).toBe(want));
});

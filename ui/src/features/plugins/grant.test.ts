import { describe, expect, it } from "vitest";
import { decisionOf, grantOf, scopeOf } from "./grant";

describe("grants", () => {
  it("stands for what was chosen", () => {
    expect(grantOf({ choice: "allow", scope: "{" })).toBe(true);
    expect(grantOf({ choice: "deny", scope: "" })).toBe(false);
    expect(grantOf({ choice: "narrow", scope: '{"quota": "1MiB"}' })).toEqual({ quota: "1MiB" });
    expect(grantOf({ choice: undefined, scope: "{}" })).toBeUndefined();
  });

  it("takes nothing but an object for a scope", () => {
    for (const text of ["", "[]", "null", "1", '"x"', "{"]) expect(scopeOf(text)).toBeUndefined();
  });

  it("starts from the stored grant, and from what is asked for", () => {
    expect(decisionOf(true, { quota: "1MiB" })).toEqual({ choice: "allow", scope: '{\n  "quota": "1MiB"\n}' });
    expect(decisionOf({ quota: "1KiB" }, { quota: "1MiB" })).toEqual({ choice: "narrow", scope: '{\n  "quota": "1KiB"\n}' });
    expect(decisionOf(undefined, undefined)).toEqual({ choice: undefined, scope: "{}" });
  });
});

import { describe, expect, it } from "vitest";
import { choicesOf, decisionOf, grantOf, scopeOf, scopeWords } from "./grant";

describe("grants", () => {
  it("stands for what was chosen", () => {
    expect(grantOf({ choice: "allow", scope: "{" })).toBe(true);
    expect(grantOf({ choice: "deny", scope: "" })).toBe(false);
    expect(grantOf({ choice: "narrow", scope: '{"quota": "1MiB"}' })).toEqual({ quota: "1MiB" });
    expect(grantOf({ choice: undefined, scope: "{}" })).toBeUndefined();
    expect(grantOf({ choice: "keep", scope: "{}" })).toBeUndefined();
  });

  it("takes nothing but an object for a scope", () => {
    for (const text of ["", "[]", "null", "1", '"x"', "{"]) expect(scopeOf(text)).toBeUndefined();
  });

  it("starts from the stored grant, and from what is asked for", () => {
    expect(decisionOf(true, { quota: "1MiB" })).toEqual({ choice: "allow", scope: '{\n  "quota": "1MiB"\n}' });
    expect(decisionOf({ quota: "1KiB" }, { quota: "1MiB" })).toEqual({ choice: "narrow", scope: '{\n  "quota": "1KiB"\n}' });
    expect(decisionOf(undefined, undefined)).toEqual({ choice: undefined, scope: "{}" });
  });

  it("reads what is granted as asked for as allowed, in whatever order its keys are", () => {
    expect(decisionOf({ b: [1, 2], a: "1MiB" }, { a: "1MiB", b: [1, 2] }).choice).toBe("allow");
    expect(decisionOf({ a: "1MiB", b: [2, 1] }, { a: "1MiB", b: [1, 2] }).choice).toBe("narrow");
    expect(decisionOf({ a: "1MiB" }, { a: "1MiB", b: 1 }).choice).toBe("narrow");
  });

  it("offers to narrow only what has a scope, or is narrowed", () => {
    expect(choicesOf({ choice: undefined, scope: "{}" }, undefined)).toEqual(["allow", "deny"]);
    expect(choicesOf({ choice: undefined, scope: "{}" }, "read every kind")).toContain("narrow");
    expect(choicesOf({ choice: "narrow", scope: "{}" }, undefined)).toContain("narrow");
    expect(choicesOf({ choice: "keep", scope: "{}" }, "read every kind", true)[0]).toBe("keep");
  });

  it("says scopes for people", () => {
    expect(scopeWords("granted")).toBeUndefined();
    expect(scopeWords('keep up to 5242880 bytes under "pictures"')).toBe('keep up to 5\u00a0MiB under "pictures"');
    expect(scopeWords("read every kind")).toBe("read every kind");
  });
});

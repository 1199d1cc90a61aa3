import { describe, expect, it } from "vitest";
import type { Plugin, Session } from "@/api/types";
import { allows } from "./can";
import { contributedPages, isInstalled } from "./navigation";

const plugin = (id: string, state: Plugin["state"], nav: { title: string; path: string }[] = []): Plugin => ({
  id, version: "1.0.0", state, ui: { nav }, installation: `local/${id}`, publisher: "local", origin: "installed", revision: 0, enabled: true, versions: [],
});

describe("navigation", () => {
  it.each([["running", true], ["failed", true], ["stopped", false], ["discovered", false]] as const)("a %s catalog is shown: %s", (state, want) => {
    expect(isInstalled([plugin("catalog", state)], "catalog")).toBe(want);
  });
  it("claims nothing before it knows", () => expect(isInstalled(undefined, "catalog")).toBe(false));
  it("lists what running plugins add, and only inside the portal", () => {
    const plugins = [
      plugin("catalog", "running", [{ title: "Catalog", path: "/catalog" }]),
      plugin("radar", "running", [{ title: "Radar", path: "/radar" }, { title: "Elsewhere", path: "https://a.example" }, { title: "Other host", path: "//a.example" }, { title: "Backslash", path: "/\\a.example" }]),
      plugin("cost", "failed", [{ title: "Cost", path: "/cost" }]),
    ];
    expect(contributedPages(plugins)).toEqual([{ plugin: "radar", title: "Radar", path: "/radar" }]);
  });
});

describe("allows", () => {
  const session = (permissions?: string[]): Session => ({ principal: { ref: "user:default/a", displayName: "A", ownershipRefs: [], ...(permissions && { permissions }) }, personas: [], mode: "development" });
  it.each([[undefined, true], [["*"], true], [["plugins.read"], true], [["other"], false], [[], false]])("%j", (held, want) => expect(allows(session(held), "plugins.read")).toBe(want));
});

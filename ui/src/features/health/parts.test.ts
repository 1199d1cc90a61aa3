import { describe, expect, it } from "vitest";
import type { AppInfo, Plugin } from "@/api/types";
import { partsOf, worst, type Known } from "./parts";

const info: AppInfo = { version: "1", commit: "c", startedAt: "2026-01-01T00:00:00Z", database: "sqlite", catalog: { entities: 90, revision: 4, locations: 41, errors: 0, refreshedAt: "2026-01-01T00:00:01Z", tookMillis: 171 } };
const plugin = (id: string, state: Plugin["state"]): Plugin => ({ id, version: "1.0.0", state, installation: `local/${id}`, publisher: "local", origin: "core", revision: 0, enabled: true, versions: [] });
const well: Known = {
  readiness: { status: "ok", checks: [{ name: "database", status: "ok" }, { name: "plugin catalog", status: "ok" }] },
  info,
  plugins: [plugin("catalog", "running")],
  unreadable: 0,
  refused: 0,
  queue: { waiting: 1, running: 2, failed: 0, dead: 0, more: false },
};
const names = ["Database", "Replicas", "Search", "Plugins", "Locations", "Queue", "Last refresh"];
const part = (known: Partial<Known>, name: string) => partsOf({ ...well, ...known }).find((candidate) => candidate.name === name);

describe("partsOf", () => {
  it("shows the same parts when all is well and when nothing is known", () => {
    expect(partsOf(well).map(({ name }) => name)).toEqual(names);
    const nothing = partsOf({ readiness: undefined, info: undefined, plugins: undefined, unreadable: undefined, refused: undefined, queue: undefined });
    expect(nothing.map(({ name }) => name)).toEqual(names);
    expect(nothing.every(({ status }) => status === "unknown")).toBe(true);
    expect(worst(partsOf(well))).toBe("ok");
  });

  it("says what still works and what to do about each that is broken", () => {
    const broken: [Partial<Known>, string, string][] = [
      [{ readiness: { status: "degraded", checks: [{ name: "database", status: "degraded", message: "the database does not answer" }] } }, "Database", "warning"],
      [{ readiness: { status: "degraded", checks: [{ name: "replicas", status: "degraded" }] } }, "Replicas", "warning"],
      [{ readiness: { status: "degraded", checks: [{ name: "search", status: "degraded" }] } }, "Search", "warning"],
      [{ plugins: [plugin("catalog", "running"), plugin("cost", "failed")] }, "Plugins", "error"],
      [{ unreadable: 2 }, "Locations", "error"],
      [{ refused: 1 }, "Locations", "warning"],
      [{ queue: { waiting: 0, running: 0, failed: 1, dead: 3, more: false } }, "Queue", "warning"],
    ];
    for (const [known, name, status] of broken) {
      const found = part(known, name);
      expect(found).toMatchObject({ status });
      expect(found?.works, name).toBeTruthy();
      expect(found?.todo, name).toBeTruthy();
    }
  });

  describe("replicas", () => {
    const readiness = { status: "ok" as const, checks: [{ name: "replicas", status: "ok" as const }] };
    const replica = { name: "b/2", leader: "a/1", leads: false, connected: true, behind: 0 };
    const shown = (more: Partial<typeof replica>, checks = readiness) => part({ readiness: checks, info: { ...info, database: "postgres", replica: { ...replica, ...more } } }, "Replicas");
    it("says who leads and how far this process is", () => {
      expect(shown({ leads: true, leader: "b/2" })).toMatchObject({ status: "ok", state: expect.stringMatching(/^This process, b\/2, leads/) as string });
      expect(shown({})).toMatchObject({ status: "ok", state: expect.stringMatching(/b\/2, follows a\/1; it has every change/) as string });
      expect(shown({ behind: 3 })?.state).toMatch(/it is 3.revisions behind/);
    });
    it("says what is wrong first when it is out of touch", () => {
      const lost = { status: "degraded" as const, checks: [{ name: "replicas", status: "degraded" as const, message: "out of touch" }] };
      expect(shown({ connected: false, behind: 3 }, lost as unknown as typeof readiness)).toMatchObject({ status: "warning", state: expect.stringMatching(/^out of touch; .*follows a\/1; it is 3.revisions behind/) as string });
    });
  });

  it("names what failed", () => {
    expect(part({ plugins: [plugin("cost", "failed")] }, "Plugins")?.state).toContain("cost");
    expect(part({ unreadable: 2, refused: 1 }, "Locations")?.state).toMatch(/2.locations.*1.descriptor/);
  });

  it("keeps checks that it has no words for", () => {
    const odd = { readiness: { status: "error" as const, checks: [{ name: "server", status: "error" as const, message: "shutting down" }] } };
    expect(partsOf({ ...well, ...odd }).at(-1)).toEqual({ name: "server", status: "error", state: "shutting down" });
    expect(worst(partsOf({ ...well, ...odd }))).toBe("error");
  });
});

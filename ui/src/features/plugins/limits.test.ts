import { describe, expect, it } from "vitest";
import { limitText, nested, writtenLimit } from "./limits";

describe("limits", () => {
  it("are written as the configuration writes them", () => {
    expect(writtenLimit(64 * 1024 * 1024, "bytes")).toBe("64MiB");
    expect(writtenLimit(1000, "bytes")).toBe("1000");
    expect(writtenLimit(5000, "ms")).toBe("5s");
    expect(writtenLimit(250, "ms")).toBe("250ms");
    expect(writtenLimit(1000, "count")).toBe("1000");
  });

  it("say what was asked for where it is not in force", () => {
    expect(limitText({ name: "memory", unit: "bytes", effective: 1024, asked: 2048, editable: true })).toContain("asked for 2\u00a0KiB");
    expect(limitText({ name: "memory", unit: "bytes", effective: 1024, asked: 1024, editable: true })).not.toContain("asked");
  });

  it("find their place by their dotted name", () => {
    const units = new Map([["deadline.request", "ms"], ["memory", "bytes"], ["handles", "count"]] as const);
    expect(nested([["deadline.request", "2s"], ["memory", "32MiB"], ["handles", "8"]], units)).toEqual({ deadline: { request: "2s" }, memory: "32MiB", handles: 8 });
  });
});

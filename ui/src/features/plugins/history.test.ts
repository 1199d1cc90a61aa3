import { describe, expect, it } from "vitest";
import type { PluginEvent } from "@/api/types";
import { withoutFinished } from "./history";

const event = (action: string, outcome: PluginEvent["outcome"], version = "1"): PluginEvent => ({ at: "2026-01-01T00:00:00Z", action, outcome, version, subject: "system" });
const words = (events: PluginEvent[]) => withoutFinished(events).map(({ action, outcome }) => `${action} ${outcome}`);

describe("the history", () => {
  it("leaves out the beginning of what has ended", () => expect(words([event("activate", "done"), event("activate", "started"), event("upload", "done")])).toEqual(["activate done", "upload done"]));
  it("keeps what is under way, and what another version began", () => expect(words([event("activate", "started", "2"), event("activate", "done"), event("activate", "started")])).toEqual(["activate started", "activate done"]));
  it("pairs each end with one beginning", () => expect(words([event("activate", "done"), event("activate", "started"), event("activate", "started")])).toEqual(["activate done", "activate started"]));
  it("keeps the start of a canary", () => expect(words([event("promote", "done"), event("promote", "started"), event("canary", "started")])).toEqual(["promote done", "canary started"]));
});

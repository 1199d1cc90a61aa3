import { describe, expect, it, vi } from "vitest";
import { ActionRegistry, matchActions, type Action } from "./actions";

const action = (title: string, keywords?: string): Action => ({ id: title, title, group: "actions", run: vi.fn(), ...(keywords !== undefined && { keywords }) });

describe("matchActions", () => {
  const all = [action("Switch between light and dark", "theme"), action("Show the keys", "keyboard shortcuts")];
  it.each([["", 2], ["dark", 1], ["theme", 1], ["sw da", 1], ["ark", 0], ["dark keys", 0]])("%j matches %d", (typed, count) => expect(matchActions(all, typed)).toHaveLength(count));
});

describe("ActionRegistry", () => {
  it("offers actions until they are removed, and says so", () => {
    const registry = new ActionRegistry();
    const listener = vi.fn();
    registry.subscribe(listener);
    const remove = registry.add([action("a")]);
    expect(registry.list().map((it) => it.title)).toEqual(["a"]);
    remove();
    expect(registry.list()).toEqual([]);
    expect(listener).toHaveBeenCalledTimes(2);
  });
});

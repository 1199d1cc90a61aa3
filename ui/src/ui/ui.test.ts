import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/error";
import { fieldErrors, fieldOfPointer } from "./form/use-form-kit";
import { KeyRegistry, singleKeys } from "./keys";
import { formatSort, nextSort, parseSort } from "./table/columns";
import { flatten, type LogStep } from "./task-log/flatten";

const key = (name: string, more: Partial<KeyboardEvent> = {}) => ({ key: name, ctrlKey: false, metaKey: false, altKey: false, target: document.body, ...more });
const binding = (keys: string, run = vi.fn()) => ({ keys, label: keys, group: "Test", run });

describe("KeyRegistry", () => {
  it("runs a letter, a sequence and a chord", () => {
    const registry = new KeyRegistry();
    const [j, gc, k] = [binding("j"), binding("g c"), binding("mod+k")];
    registry.add([j, gc, k]);
    expect(registry.press(key("j"))).toBe(true);
    expect(registry.press(key("g"))).toBe(false);
    expect(registry.press(key("c"))).toBe(true);
    expect(registry.press(key("k", { metaKey: true }))).toBe(true);
    expect([j.run, gc.run, k.run].map((run) => run.mock.calls.length)).toEqual([1, 1, 1]);
  });
  it("forgets the beginning of a sequence", () => {
    let now = 0;
    const registry = new KeyRegistry(() => now);
    const gc = binding("g c");
    registry.add([gc]);
    registry.press(key("g"));
    now = 5000;
    registry.press(key("c"));
    expect(gc.run).not.toHaveBeenCalled();
  });
  it("leaves letters to inputs and dialogs, but not chords", () => {
    const registry = new KeyRegistry();
    registry.add([binding("j"), binding("mod+k")]);
    const input = document.createElement("input");
    const dialog = document.createElement("div");
    dialog.setAttribute("role", "dialog");
    expect(registry.press(key("j", { target: input }))).toBe(false);
    expect(registry.press(key("j", { target: dialog }))).toBe(false);
    expect(registry.press(key("k", { target: input, ctrlKey: true }))).toBe(true);
  });
  it("has no letters when they are switched off", () => {
    const registry = new KeyRegistry();
    registry.add([binding("j"), binding("mod+k")]);
    singleKeys.set(false);
    expect(registry.press(key("j"))).toBe(false);
    expect(registry.press(key("k", { ctrlKey: true }))).toBe(true);
    singleKeys.set(true);
  });
  it("prefers what was mounted last, and returns to what was there", () => {
    const registry = new KeyRegistry();
    const [first, second] = [binding("j"), binding("j")];
    registry.add([first]);
    const remove = registry.add([second]);
    registry.press(key("j"));
    remove();
    registry.press(key("j"));
    expect([first.run, second.run].map((run) => run.mock.calls.length)).toEqual([1, 1]);
  });
});

describe("server errors of a form", () => {
  it.each([["/name", "name"], ["/spec/owner", "spec.owner"], ["/a~1b/c~0d", "a/b.c~d"]])("pointer %s is field %s", (pointer, want) => expect(fieldOfPointer(pointer)).toBe(want));
  it("go to their fields, and what has none is left over", () => {
    const error = new ApiError("m", 422, "r", [{ pointer: "/name", detail: "Taken" }, { pointer: "/hidden", detail: "No" }]);
    expect(fieldErrors(error, ["name"])).toEqual({ errors: { name: "Taken" }, complete: false });
    expect(fieldErrors(error, ["name", "hidden"]).complete).toBe(true);
    expect(fieldErrors(new Error("x"), ["name"])).toEqual({ errors: {}, complete: false });
  });
});

describe("sorting", () => {
  it("goes up, down, away", () => {
    const up = nextSort(undefined, "name");
    const down = nextSort(up, "name");
    expect([up, down, nextSort(down, "name")]).toEqual([{ key: "name", descending: false }, { key: "name", descending: true }, undefined]);
    expect(nextSort(down, "type")).toEqual({ key: "type", descending: false });
  });
  it.each(["name", "-metadata.name"])("%s survives the URL", (text) => {
    const sort = parseSort(text);
    expect(sort && formatSort(sort)).toBe(text);
  });
});

describe("the rows of a log", () => {
  const steps: LogStep[] = [
    { id: "a", name: "A", status: "ok", statusLabel: "Done", lines: [{ text: "1" }, { text: "2" }] },
    { id: "b", name: "B", status: "error", statusLabel: "Failed", lines: [{ text: "3" }] },
  ];
  it("hide what is folded and keep the numbers of the lines", () => {
    const rows = flatten(steps, new Set(["a"]));
    expect(rows.map((row) => (row.type === "step" ? row.step.name : row.number))).toEqual(["A", "B", 3]);
  });
});

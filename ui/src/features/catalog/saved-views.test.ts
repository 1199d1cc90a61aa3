import { describe, expect, it } from "vitest";
import { renamed, withView } from "./saved-views";

const view = (name: string, query = name) => ({ name, query });

describe("withView", () => {
  it("adds a new one at the end", () => expect(withView([view("a")], view("b"))).toEqual([view("a"), view("b")]));
  it("replaces one of the same name in its place", () => expect(withView([view("a"), view("b")], view("a", "new"))).toEqual([view("a", "new"), view("b")]));
});

describe("renamed", () => {
  it("keeps its place and its query", () => expect(renamed([view("a"), view("b")], "a", "c")).toEqual([view("c", "a"), view("b")]));
  it("takes the name of another, which gives way", () => expect(renamed([view("a"), view("b")], "a", "b")).toEqual([view("b", "a")]));
});

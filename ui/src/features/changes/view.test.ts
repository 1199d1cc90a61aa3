import { describe, expect, it } from "vitest";
import { fieldName, valueText } from "@/components/changes/words";
import { paths } from "@/lib/paths";
import { viewFromSearch } from "./view";

describe("the view of changes", () => {
  it("is what the URL says, and nonsense is absent", () => {
    expect(viewFromSearch({ owner: "Streams", kind: "API", action: "deleted" })).toEqual({ owner: "group:default/streams", kind: "api", action: "deleted" });
    expect(viewFromSearch({ owner: "", action: "moved" })).toEqual({});
  });

  it("goes into the URL and comes back", () => {
    const view = { owner: "group:default/streams", kind: "api", action: "created" };
    expect(viewFromSearch(paths.changes(view).search ?? {})).toEqual(view);
    expect(paths.changes().search).toEqual({});
  });
});

describe("the words of a difference", () => {
  it("names fields as people write them", () => {
    expect(fieldName("/spec/owner")).toBe("spec.owner");
    expect(fieldName("/metadata/annotations/example.com~1a~0b")).toBe('metadata.annotations["example.com/a~b"]');
    expect(fieldName("/spec/steps/3/id")).toBe("spec.steps[3].id");
    expect(fieldName("")).toBe("the whole entity");
  });

  it("tells nothing from null, and says how large what it does not show is", () => {
    expect(valueText(undefined, undefined)).toBeUndefined();
    expect(valueText(null, undefined)).toBe("null");
    expect(valueText("text", undefined)).toBe("text");
    expect(valueText(["a"], undefined)).toBe('["a"]');
    expect(valueText(undefined, { sha256: "0", bytes: 12 })).toContain("12");
  });
});

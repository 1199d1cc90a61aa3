import { describe, expect, it } from "vitest";
import { placeOf } from "./place";

describe("placeOf", () => {
  it.each([
    [undefined, undefined, undefined],
    ["nothing", 3, undefined],
    ["url:", 3, undefined],
    ["file:/srv/catalog-info.yaml", undefined, { text: "/srv/catalog-info.yaml" }],
    ["file:C:\\a.yaml", 12, { text: "C:\\a.yaml:12" }],
    ["url:https://git.example.org/a/catalog-info.yaml", 12, { text: "https://git.example.org/a/catalog-info.yaml:12", href: "https://git.example.org/a/catalog-info.yaml#L12" }],
    ["url:https://git.example.org/a.yaml#x", 2, { text: "https://git.example.org/a.yaml#x:2", href: "https://git.example.org/a.yaml#x" }],
    ["url:javascript:alert(1)", 1, { text: "javascript:alert(1):1" }],
    ["plugin:reports", undefined, { text: "reports" }],
  ])("%s at %s", (location, line, want) => expect(placeOf(location, line)).toEqual(want));
});

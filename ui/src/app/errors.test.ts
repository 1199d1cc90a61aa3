import { describe, expect, it } from "vitest";
import { isMissingChunk } from "./errors";

describe("isMissingChunk", () => {
  it.each([
    [new TypeError("Failed to fetch dynamically imported module: http://x/assets/a.js"), true],
    [new TypeError("error loading dynamically imported module"), true],
    [new TypeError("Importing a module script failed."), true],
    [new Error("Unable to preload CSS for /assets/a.css"), true],
    [new TypeError("x is not a function"), false],
    ["text", false],
  ])("%s: %s", (error, want) => expect(isMissingChunk(error)).toBe(want));
});

import { describe, expect, it } from "vitest";
import type { LocationAnalysis } from "@/api/types";
import { addressMistake, findingsOf, nameFor } from "./descriptor";

const url = "https://git.example.com/gauges/catalog-info.yaml";
const origin = { "backstage.io/managed-by-origin-location": `url:${url}` };
const found = (name: string): LocationAnalysis["existingEntityFiles"][number] => ({
  location: { type: "url", target: url },
  isRegistered: false,
  entity: { apiVersion: "backstage.io/v1alpha1", kind: "Resource", metadata: { name, annotations: origin } },
});
const problem = (line: number, message: string, entityRef = "") => ({ line, entityRef, name: "InputError", message, warning: false });
const generated = { entity: { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name: "catalog-info.yaml" } } };

describe("addressMistake", () => {
  it.each([
    ["", "empty"],
    ["  ", "empty"],
    ["catalog-info.yaml", "relative"],
    ["//git.example.com/x", "relative"],
    ["ftp://git.example.com/x", "scheme"],
    ["file:///etc/passwd", "scheme"],
    ["http://git.example.com", undefined],
    [` ${url} `, undefined],
  ])("%j: %s", (text, want) => expect(addressMistake(text)).toBe(want));
});

describe("findingsOf", () => {
  it("puts a problem at its entity, at its line, or at the whole place", () => {
    const { found: list, leftOut, unread } = findingsOf(
      {
        existingEntityFiles: [found("archive"), found("cache")],
        generateEntities: [],
        problems: [problem(7, `${url}:9: spec.owner is missing`, "resource:default/cache"), problem(12, "no such kind"), problem(0, "the host is slow")],
      },
      url,
    );
    expect(list.map((entry) => entry.problems.map(({ line, message }) => `${line} ${message}`))).toEqual([[], ["9 spec.owner is missing"]]);
    expect(leftOut.map(({ line }) => line)).toEqual([12]);
    expect(unread.map(({ message }) => message)).toEqual(["The host is slow"]);
  });
  it("suggests a descriptor where nothing is, named after its repository", () => {
    expect(findingsOf({ existingEntityFiles: [], generateEntities: [{ ...generated, fields: [] }], problems: [problem(0, `${url} does not exist (404)`)] }, url).suggestion?.metadata.name).toBe("gauges");
  });
  it.each([
    ["a host that may not be read", problem(0, "reading it is not allowed; name the host under backend.reading.allow or integrations")],
    ["a file that is there and wrong", problem(3, "the document is a string; an entity is an object")],
  ])("suggests nothing for %s", (_, one) => expect(findingsOf({ existingEntityFiles: [], generateEntities: [{ ...generated, fields: [] }], problems: [one] }, url).suggestion).toBeUndefined());
  it("knows a registered location, and its origin as the server spells it", () => {
    const [entry] = [found("archive")];
    expect(findingsOf({ existingEntityFiles: [{ ...entry, isRegistered: true }], generateEntities: [], problems: [] }, url.toUpperCase())).toMatchObject({ registered: true, origin: `url:${url}` });
  });
});

describe("nameFor", () => {
  it.each([
    ["https://git.example.com/gauges/catalog-info.yaml", "gauges"],
    ["https://github.example.com/locks/ferry-times/blob/main/catalog-info.yaml", "ferry-times"],
    ["https://gitlab.example.com/locks/ferry-times/-/blob/main/catalog-info.yaml", "ferry-times"],
    ["https://github.example.com/locks/ferry-times/blob/main/services/tide/catalog-info.yml", "tide"],
    ["https://git.example.com/locks/ferry-times.git", "ferry-times"],
    ["https://git.example.com/locks/ferry%20times/catalog-info.yaml", "ferry-times"],
    ["https://git.example.com/catalog-info.yaml", undefined],
    ["https://git.example.com", undefined],
  ])("%s: %s", (address, want) => expect(nameFor(address)).toBe(want));
});

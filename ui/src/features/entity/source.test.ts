import { describe, expect, it } from "vitest";
import { annotationUrl, definitionLanguage, locationTarget } from "./source";

describe("locationTarget", () => {
  it.each([
    ["url:https://a.example:8080/x", { type: "url", target: "https://a.example:8080/x" }],
    ["file:", { type: "file", target: "" }],
    [":x", undefined],
    ["plain", undefined],
    [undefined, undefined],
  ])("%s", (ref, want) => expect(locationTarget(ref)).toEqual(want));
});

describe("annotationUrl", () => {
  const entity = (value: string) => ({ apiVersion: "v1", kind: "API", metadata: { name: "x", annotations: { key: value } } });
  it.each([
    ["url:https://a.example/x/", "https://a.example/x/"],
    ["https://a.example", "https://a.example"],
    ["url:javascript:alert(1)", undefined],
    ["javascript:alert(1)", undefined],
    ["file:/etc/x", undefined],
  ])("%s", (value, want) => expect(annotationUrl(entity(value), "key")).toBe(want));
});

describe("definitionLanguage", () => {
  it.each([["graphql", "", "graphql"], ["GRPC", "", "protobuf"], ["openapi", ' {"a":1}', "json"], ["asyncapi", "asyncapi: 3.0.0", "yaml"], [undefined, "<wsdl/>", "xml"], ["other", "a: b", "yaml"]])("%s of %j is %s", (type, text, want) => expect(definitionLanguage(type, text)).toBe(want));
});

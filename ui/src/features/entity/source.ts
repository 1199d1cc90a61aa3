import type { Entity } from "@/api/types";
import { isSafeExternalUrl } from "@/lib/paths";

/** The target of a location ref, `url:https://…`: everything after the first colon. */
export function locationTarget(ref: string | undefined): { type: string; target: string } | undefined {
  const colon = ref?.indexOf(":") ?? -1;
  return ref === undefined || colon < 1 ? undefined : { type: ref.slice(0, colon), target: ref.slice(colon + 1) };
}

/** An http link out of an annotation, when it holds one. */
export function annotationUrl(entity: Entity, key: string): string | undefined {
  const value = entity.metadata.annotations?.[key];
  if (value === undefined) return undefined;
  const target = locationTarget(value);
  const url = target?.type === "url" ? target.target : value;
  return isSafeExternalUrl(url) ? url : undefined;
}

/** The language that a definition of this API type is written in. */
export function definitionLanguage(type: string | undefined, definition: string): string {
  switch (type?.toLowerCase()) {
    case "graphql":
      return "graphql";
    case "grpc":
      return "protobuf";
    case "openapi":
    case "asyncapi":
      return definition.trimStart().startsWith("{") ? "json" : "yaml";
    default:
      return definition.trimStart().startsWith("<") ? "xml" : "yaml";
  }
}

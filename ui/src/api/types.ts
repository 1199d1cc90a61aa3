import type { components } from "./schema";

type Schemas = components["schemas"];

export type Entity = Schemas["Entity"];
export type EntityRelation = Schemas["EntityRelation"];
export type EntityStatusItem = Schemas["EntityStatusItem"];
export type EntityPage = Schemas["EntityPage"];
export type EntityQuery = Schemas["EntityQuery"];
export type EntityFacets = Schemas["EntityFacets"];
export type Location = Schemas["Location"];
export type Plugin = Schemas["Plugin"];
export type PluginDetail = Schemas["PluginDetail"];
export type PluginReview = Schemas["PluginReview"];
export type PluginEvent = Schemas["PluginEvent"];
export type PluginRecording = Schemas["Recording"];
export type PluginUsage = Schemas["PluginUsage"];
export type Session = Schemas["Session"];
export type AppInfo = Schemas["AppInfo"];
export type Readiness = Schemas["Readiness"];

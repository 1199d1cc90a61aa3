import { ORIGIN } from "@/api/locations";
import type { LocationAnalysis, LocationProblem } from "@/api/types";
import type { Entity } from "@/api/types";
import { refOf } from "@/lib/entity-ref";

/** Why a text is no address that can be registered. */
export type AddressMistake = "empty" | "relative" | "scheme";

export function addressMistake(text: string): AddressMistake | undefined {
  if (text.trim() === "") return "empty";
  try {
    return ["http:", "https:"].includes(new URL(text.trim()).protocol) ? undefined : "scheme";
  } catch {
    return "relative";
  }
}

export interface FoundEntity {
  entity: Entity;
  ref: string;
  problems: LocationProblem[];
}

/** An analysis sorted by what its parts are about. */
export interface Findings {
  found: FoundEntity[];
  /** Documents that would be left out. */
  leftOut: LocationProblem[];
  /** What is wrong with the place as a whole. */
  unread: LocationProblem[];
  registered: boolean;
  /** The origin of what it brings, as the annotation of its entities says it. */
  origin: string;
  /** Reading the place is not allowed, whatever is there. */
  refused: boolean;
  /** What a descriptor could say, when there may be none. */
  suggestion: Entity | undefined;
}

export function findingsOf(analysis: LocationAnalysis, url: string): Findings {
  const problems = analysis.problems.map((problem) => plain(problem, url));
  const found = analysis.existingEntityFiles.map(({ entity }) => ({ entity, ref: refOf(entity), problems: problems.filter(({ entityRef }) => entityRef === refOf(entity)) }));
  const rest = problems.filter((problem) => !found.some((entry) => entry.problems.includes(problem)));
  const isWhole = ({ line, entityRef }: LocationProblem) => line === 0 && entityRef === "";
  const unread = rest.filter(isWhole);
  const leftOut = rest.filter((problem) => !isWhole(problem));
  const refused = unread.some(({ message }) => message.includes("backend.reading.allow"));
  const proposed = analysis.generateEntities[0]?.entity;
  const suggests = found.length === 0 && leftOut.length === 0 && !refused && proposed !== undefined;
  return {
    found,
    leftOut,
    unread,
    refused,
    origin: found[0]?.entity.metadata.annotations?.[ORIGIN] ?? `url:${url}`,
    registered: analysis.existingEntityFiles.some(({ isRegistered }) => isRegistered),
    suggestion: suggests ? { ...proposed, metadata: { ...proposed.metadata, name: nameFor(url) ?? proposed.metadata.name } } : undefined,
  };
}

/** A message begins with the place, which the page has said already, and often with a line nearer than the document's. */
function plain(problem: LocationProblem, url: string): LocationProblem {
  if (!problem.message.startsWith(`${url}:`)) return { ...problem, message: problem.message.replace(/^[a-z](?=[a-z]* )/, (letter) => letter.toUpperCase()) };
  const rest = problem.message.slice(url.length + 1);
  const exact = /^(\d+): /.exec(rest);
  return exact ? { ...problem, line: Number(exact[1]), message: rest.slice(exact[0].length) } : { ...problem, message: rest.trimStart() };
}

// https://host/owner/repository/blob/main/folder/…, with a "-" before blob on some hosts.
const VIEW = /^(.+?)\/(?:-\/)?(?:blob|tree|raw|src)\/[^/]+(.*)$/;
const NOT_A_NAME = /[^A-Za-z0-9._-]/g;

/** The name of the folder or else the repository that a descriptor lies in, as the name of an entity. */
export function nameFor(url: string): string | undefined {
  const path = new URL(url).pathname.replace(/\/[^/]+\.ya?ml$/i, "");
  const [, repository, folder] = VIEW.exec(path) ?? [undefined, path, ""];
  const last = (text = "") => text.split("/").findLast((part) => part !== "");
  const name = decode(last(folder) ?? last(repository) ?? "").replace(/\.git$/, "").replace(NOT_A_NAME, "-").slice(0, 63).replace(/^[-_.]+|[-_.]+$/g, "");
  return name === "" ? undefined : name;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where an entity stands: not there, there by this location, or there by another that keeps it. */
export type Standing = "absent" | "here" | "elsewhere";

export function standingOf(present: Entity | null, origin: string): Standing {
  if (present === null) return "absent";
  return present.metadata.annotations?.[ORIGIN] === origin ? "here" : "elsewhere";
}

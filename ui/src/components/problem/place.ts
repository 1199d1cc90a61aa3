import { isSafeExternalUrl } from "@/lib/paths";

/** Where a problem is, for people: the path or address, the line, and a link where a browser can open it. */
export interface Place {
  text: string;
  href?: string;
}

/** The place of a problem from its location, `url:https://…` or `file:/…`, and its line. Undefined without one. */
export function placeOf(location: string | undefined, line: number | undefined): Place | undefined {
  const colon = location?.indexOf(":") ?? -1;
  if (location === undefined || colon < 1) return undefined;
  const target = location.slice(colon + 1);
  if (target === "") return undefined;
  const text = line === undefined ? target : `${target}:${line}`;
  if (location.slice(0, colon) !== "url" || !isSafeExternalUrl(target)) return { text };
  // Code hosts open a file at a line by this fragment.
  return { text, href: line === undefined || target.includes("#") ? target : `${target}#L${line}` };
}

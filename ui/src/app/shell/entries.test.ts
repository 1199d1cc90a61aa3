import { IconApi } from "@tabler/icons-react";
import { describe, expect, it } from "vitest";
import { paths, type Target } from "@/lib/paths";
import { isCurrent } from "./entries";

const entry = (target: Target) => ({ title: "", target, icon: IconApi });

describe("isCurrent", () => {
  it.each([
    [paths.home(), "/", undefined, true],
    [paths.home(), "/catalog", undefined, false],
    [paths.catalog(), "/catalog", undefined, true],
    [paths.catalog(), "/catalog", "kind:api", false],
    [paths.apis(), "/catalog", "kind:api owner:me", true],
    [paths.apis(), "/catalog", "kind:component", false],
    [paths.apis(), "/catalog/default/api/pay", undefined, true],
    [paths.catalog(), "/catalog/default/component/pay", undefined, true],
    [paths.catalog(), "/catalog/-/org", undefined, false],
    [paths.catalog(), "/catalog/-/problems", undefined, true],
    [paths.org(), "/catalog/-/org", undefined, true],
    [paths.plugins(), "/plugins/catalog", undefined, true],
    [paths.plugins(), "/pluginsx", undefined, false],
  ])("%j on %s with %s: %s", (target, pathname, query, want) => expect(isCurrent(entry(target), pathname, query)).toBe(want));
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { queryFromBackstage } from "./backstage-links";
import { canonicalRef, formatRef, parseRef, refOf, shortRef } from "./entity-ref";
import { toCsv } from "./export";
import { hrefOf, isSafeExternalUrl, paths } from "./paths";
import { parseSearch, stringifySearch } from "./search-params";
import { isBoolean, isStringList, stored } from "./storage";
import { relativeTime } from "./time";
import { formatBytes, formatCount, formatMillis, plural } from "./units";

describe("entity refs", () => {
  it.each([
    ["component:default/a", { kind: "component", namespace: "default", name: "a" }],
    ["Component:a", { kind: "component", namespace: "default", name: "a" }],
    ["API:Prod/Pay", { kind: "api", namespace: "prod", name: "Pay" }],
  ])("parses %s", (text, want) => expect(parseRef(text)).toEqual(want));
  it.each(["", "a", "a:b:c", "kind:", "kind:ns/", "a/b/c"])("refuses %j", (text) => expect(parseRef(text)).toBeUndefined());
  it("shortens and completes to the same ref", () => {
    const part = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/);
    fc.assert(fc.property(part, part, part, (kind, namespace, name) => {
      const ref = formatRef({ kind, namespace, name });
      expect(canonicalRef(shortRef(ref, "group"), { kind: "group" })).toBe(ref);
    }));
  });
  it("names an entity without a namespace", () => expect(refOf({ kind: "API", metadata: { name: "Pay" } })).toBe("api:default/pay"));
});

describe("paths", () => {
  it.each([
    [paths.home(), "/"],
    [paths.catalog(), "/catalog"],
    [paths.catalog({ query: "kind:api owner:a", sort: "-name", page: 2 }), "/catalog?q=kind%3Aapi+owner%3Aa&sort=-name&page=2"],
    [paths.catalog({ query: "", page: 1 }), "/catalog?q="],
    [paths.apis(), "/catalog?q=kind%3Aapi"],
    [paths.entity("component:default/a"), "/catalog/default/component/a"],
    [paths.entity({ kind: "api", namespace: "prod", name: "x y" }, "definition"), "/catalog/prod/api/x%20y/definition"],
    [paths.entity("nonsense"), "/catalog?q=%22nonsense%22"],
    [paths.plugin("a/b"), "/plugins/a%2Fb"],
  ])("%j is %s", (target, want) => expect(hrefOf(target)).toBe(want));
  it.each([["https://a.example/x", true], ["http://a", true], ["mailto:a@b.example", true], ["javascript:alert(1)", false], ["data:text/html,x", false], ["/relative", false], ["", false]])("link to %j: %s", (url, safe) => expect(isSafeExternalUrl(url)).toBe(safe));
});

describe("Backstage's catalog links", () => {
  it.each([
    ["?filters[kind]=component", "kind:component"],
    ["?filters%5Bkind%5D=api&filters%5Buser%5D=all", "kind:api"],
    ["?filters[user]=owned&filters[kind]=component", "kind:component owner:me"],
    ["?filters[kind]=component&filters[owners][0]=group:default/team-a&filters[owners][1]=team-b&filters[tags]=java", "kind:component owner:team-a,team-b tag:java"],
    ["?filters[text]=two words", '"two words"'],
    ["?filters[unknown]=x", ""],
  ])("%s", (search, want) => expect(queryFromBackstage(parseSearch(search))).toBe(want));
  it("leaves our own links alone", () => expect(queryFromBackstage({ q: "kind:api" })).toBeUndefined());
});

describe("search parameters", () => {
  it("come back as they were", () => {
    fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 2, maxLength: 3 }))), (search) => {
      expect(parseSearch(stringifySearch(search))).toEqual(search);
    }));
  });
  it("drop what is undefined", () => expect(stringifySearch({ a: undefined, b: "1" })).toBe("?b=1"));
});

describe("time and units", () => {
  const now = new Date("2026-01-15T12:00:00Z");
  it.each([["2026-01-15T11:59:30Z", "just now"], ["2026-01-15T11:00:00Z", "1 hour ago"], ["2026-01-14T12:00:00Z", "yesterday"], ["2025-12-01T12:00:00Z", "last month"], ["2026-01-17T12:00:00Z", "in 2 days"]])("%s is %s", (then, want) => expect(relativeTime(new Date(then), now)).toBe(want));
  it.each([[0, "0\u00a0B"], [1023, "1023\u00a0B"], [5_452_595, "5.2\u00a0MiB"], [134_217_728, "128\u00a0MiB"], [33_554_432, "32\u00a0MiB"]])("%d bytes", (bytes, want) => expect(formatBytes(bytes)).toBe(want));
  it.each([[0, "0\u00a0ms"], [0.001, "<\u00a00.01\u00a0ms"], [0.042, "0.04\u00a0ms"], [0.42, "0.4\u00a0ms"], [12.4, "12\u00a0ms"], [120, "120\u00a0ms"], [2500, "2.5\u00a0s"], [2000, "2\u00a0s"], [300_000, "5\u00a0min"]])("%d ms", (ms, want) => expect(formatMillis(ms)).toBe(want));
  it("counts", () => {
    expect(formatCount(12345)).toBe("12,345");
    expect(plural(1, "entity", "entities")).toBe("1\u00a0entity");
    expect(plural(0, "row")).toBe("0\u00a0rows");
  });
});

describe("toCsv", () => {
  it("quotes and defuses formulas", () => {
    expect(toCsv(["name", "text"], [["a", 'say "hi", you'], ["=1+1", "two\nlines"]])).toBe('name,text\r\na,"say ""hi"", you"\r\n\'=1+1,"two\nlines"\r\n');
  });
});

describe("stored", () => {
  it("keeps a value, tells its listeners, and returns one object while nothing changes", () => {
    const list = stored("test.list", [], isStringList);
    let told = 0;
    const stop = list.subscribe(() => told++);
    list.set(["a"]);
    expect(list.get()).toEqual(["a"]);
    expect(list.get()).toBe(list.get());
    expect(told).toBe(1);
    stop();
    list.set([]);
    expect(told).toBe(1);
  });
  it("reads another shape as the fallback", () => {
    localStorage.setItem("callboard.test.flag", '{"not":"a boolean"}');
    expect(stored("test.flag", true, isBoolean).get()).toBe(true);
    localStorage.setItem("callboard.test.flag", "{broken");
    expect(stored("test.flag", true, isBoolean).get()).toBe(true);
  });
});

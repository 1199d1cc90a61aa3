import { expect, expectAccessible, expectNoSidewaysScroll, firstOfKind, settled, test } from "./fixtures";

interface Subject {
  name: string;
  path: string | { kind: string; tab?: string };
  status?: RegExp;
}

const subjects: Subject[] = [
  { name: "home", path: "/" },
  { name: "catalog", path: "/catalog" },
  { name: "catalog-everything", path: "/catalog?q=" },
  { name: "catalog-none", path: "/catalog?q=kind%3Acomponent+name%3Athere-is-no-such-name" },
  { name: "apis", path: "/catalog?q=kind%3Aapi" },
  { name: "register", path: "/catalog/-/register" },
  { name: "org", path: "/catalog/-/org" },
  { name: "org-none", path: "/catalog/-/org?filter=there-is-no-such-team" },
  { name: "problems", path: "/catalog/-/problems" },
  { name: "problems-none", path: "/catalog/-/problems?kind=there-is-no-such-kind" },
  { name: "settings", path: "/settings" },
  { name: "component", path: { kind: "component" } },
  { name: "api-definition", path: { kind: "api", tab: "definition" } },
  { name: "group", path: { kind: "group" } },
  { name: "user", path: { kind: "user" } },
  { name: "relations", path: { kind: "system", tab: "relations" } },
  { name: "relations-list", path: { kind: "component", tab: "relations?view=list&depth=2" } },
  { name: "graph", path: { kind: "component", tab: "relations?view=graph&depth=2" } },
  { name: "impact", path: { kind: "component", tab: "relations?view=graph&impact=1" } },
  { name: "graph-empty", path: "/catalog/-/graph" },
  { name: "inspect", path: { kind: "component", tab: "inspect" } },
  { name: "model", path: "/catalog/-/model" },
  { name: "model-kind", path: "/catalog/-/model?kind=component" },
  { name: "model-missing", path: "/catalog/-/model?kind=none" },
  { name: "entity-missing", path: "/catalog/default/component/there-is-no-such-name", status: /404/ },
  { name: "plugins", path: "/plugins" },
  { name: "plugin", path: "/plugins/catalog" },
  ...["permissions", "usage", "versions", "settings", "recordings"].map((tab) => ({ name: `plugin-${tab}`, path: `/plugins/catalog/${tab}` })),
  { name: "plugin-install", path: "/plugins/-/install" },
  { name: "plugin-missing", path: "/plugins/there-is-no-such-plugin", status: /404/ },
  { name: "review-missing", path: `/plugins/-/releases/sha256:${"0".repeat(64)}`, status: /404/ },
  { name: "policy", path: "/policy" },
  { name: "policy-answer", path: "/policy?user=user%3Adevelopment%2Fguest&permission=catalog.entity.refresh" },
  { name: "health", path: "/health" },
  { name: "docs-missing", path: "/docs/default/component/anything" },
  { name: "not-found", path: "/there/is/no/such/page" },
  { name: "gallery", path: "/gallery" },
];

for (const width of [1440, 390]) {
  test.describe(`${width} px`, () => {
    test.use({ viewport: { width, height: width === 390 ? 844 : 900 }, ...(width === 390 && { hasTouch: true, isMobile: true }) });
    for (const subject of subjects) {
      test(`${subject.name} is accessible in light and dark, quiet and fits`, async ({ page, watch }) => {
        if (subject.status) watch.allow(subject.status);
        const { path } = subject;
        const url = typeof path === "string" ? path : `${(await firstOfKind(page, path.kind)).path}${path.tab ? `/${path.tab}` : ""}`;
        await page.goto(url);
        await settled(page);
        for (const scheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme: scheme });
          await page.screenshot({ path: `test-results/shots/${subject.name}-${scheme}-${width}.png`, fullPage: subject.name === "gallery" });
          // Of what axe looks at, the scheme decides about colours and nothing else.
          await expectAccessible(page, scheme === "light" ? "everything" : "contrast");
        }
        await expectNoSidewaysScroll(page);
        expect(await page.title()).toMatch(/ · Callboard$/);
      });
    }
  });
}

test("every page works at 360 px", async ({ page, watch }) => {
  watch.allow(/404/);
  await page.setViewportSize({ width: 360, height: 780 });
  for (const { path } of subjects) {
    if (typeof path !== "string") continue;
    await page.goto(path);
    await settled(page);
    await expectNoSidewaysScroll(page);
  }
});

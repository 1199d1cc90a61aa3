import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";

/** Whether the tests run against a real server, whose catalog they must not assume to know. */
export const againstServer = process.env.CALLBOARD_URL !== undefined;

interface Watch {
  /** Errors that a test provokes on purpose. */
  allow: (pattern: RegExp) => void;
}

/** A page that must not log errors, break its content security policy or talk to another origin. */
export const test = base.extend<{ watch: Watch }>({
  watch: [
    async ({ page, baseURL }, use) => {
      const allowed: RegExp[] = [];
      const problems: string[] = [];
      const origin = new URL(baseURL ?? "").origin;
      page.on("console", (message) => {
        // Tests share a person, whose things two of them change at once; the page then reads the newer ones and tries again.
        const shared = message.location().url.includes("/api/app/preferences/") && message.text().includes("409");
        if (message.type() === "error" && !shared) problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(String(error)));
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith("http") && url.origin !== origin) problems.push(`request to another origin: ${request.url()}`);
      });
      await use({ allow: (pattern) => allowed.push(pattern) });
      expect(problems.filter((problem) => !allowed.some((pattern) => pattern.test(problem)))).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

export async function expectAccessible(page: Page, what: "everything" | "contrast" = "everything"): Promise<void> {
  // A popover that is still fading, or about to, has the contrast of its middle. A spinner never ends, so it is not waited for.
  await page.evaluate(async () => {
    const moves = (animation: Animation) => animation.playState === "running" && animation.effect?.getComputedTiming().endTime !== Infinity;
    for (let calm = 0; calm < 10; ) {
      await new Promise(requestAnimationFrame);
      calm = document.getAnimations().some(moves) ? 0 : calm + 1;
    }
  });
  // Describing what passed, and looking into frames of other origins, of which there are none, takes three times as long as the rest.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  if (what === "contrast") axe.withRules("color-contrast");
  else axe.withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]);
  const { violations } = await axe.analyze();
  const readable = violations.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.slice(0, 4).map((node) => `  ${node.html.slice(0, 200)}\n    ${node.failureSummary?.split("\n").slice(1, 3).join(" ") ?? ""}`).join("\n")}`);
  expect(readable.join("\n\n")).toBe("");
}

/** No part of the page is wider than the window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
}

/** The first entity of a kind in whatever catalog is served. */
export async function firstOfKind(page: Page, kind: string): Promise<{ path: string; name: string }> {
  const response = await page.request.post("/api/catalog/entities/by-query", { data: { query: { kind }, limit: 1, orderField: ["metadata.name,asc"] } });
  expect(response.ok()).toBe(true);
  const body = (await response.json()) as { items: { metadata: { name: string; namespace?: string } }[] };
  const entity = body.items[0];
  if (!entity) throw new Error(`the catalog has no ${kind}`);
  return { path: `/catalog/${entity.metadata.namespace ?? "default"}/${kind}/${entity.metadata.name}`, name: entity.metadata.name };
}

/** The heading is there and nothing loads any more. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => document.fonts.ready);
}

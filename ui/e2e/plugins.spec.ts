import type { Locator, Page } from "@playwright/test";
import { againstServer, expect, expectAccessible, expectNoSidewaysScroll, settled, test } from "./fixtures";
import { moduleIsBuilt, moduleOf } from "./module";

test.skip(!againstServer || !moduleIsBuilt, "installs a real plugin");

const ID = "greeter";

const manifest = (version: string, quota: string, more: object = {}) => ({
  apiVersion: "callboard.dev/v1",
  id: ID,
  version,
  title: "Greeter",
  description: "Greets teams.",
  owner: "group:default/platform",
  licence: "Apache-2.0",
  runtime: { memory: "32MiB" },
  capabilities: {
    catalog: { reason: "Lists the components of the team that is greeted.", scope: { read: { kinds: ["Component", "Group"] } } },
    kv: { reason: "Keeps how often each team was greeted.", scope: { quota } },
    config: { reason: "Reads the greeting." },
    identity: { reason: "Greets by name." },
    clock: { reason: "Says when the team was greeted." },
    log: { reason: "Logs each greeting with its team." },
    ...more,
  },
  permissions: [
    { name: `${ID}.greeting.read`, action: "read", description: "See the greeting of a team." },
    { name: `${ID}.greeting.create`, action: "create", description: "Greet a team." },
  ],
  routes: [
    { method: "GET", path: "/teams/{team}", permission: `${ID}.greeting.read` },
    { method: "POST", path: "/teams/{team}/greetings", permission: `${ID}.greeting.create` },
  ],
  extensions: { processors: [{ name: "tier", kinds: ["Component"], onFailure: "open" }] },
  config: { type: "object", additionalProperties: false, properties: { greeting: { type: "string", minLength: 1 }, tiers: { type: "object", additionalProperties: { type: "string" } } } },
});

const first = moduleOf(manifest("0.1.0", "1MiB"));
const second = moduleOf(manifest("0.2.0", "4MiB", { blob: { reason: "Keeps a picture of each greeting.", scope: { prefixes: ["pictures"], quota: "5MiB" } } }));

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });
const decide = (page: Page, capability: string, choice: string) => page.getByRole("radiogroup", { name: `Decide about ${capability}` }).getByText(choice, { exact: true }).click();
const tab = (page: Page, name: string) => page.getByRole("navigation", { name: "Parts of this plugin" }).getByRole("link", { name }).click();

const act = async (page: Page, name: string | RegExp) => {
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name }).click();
};

/** Brings a module through the form, up to its review. */
async function upload(page: Page, module: typeof first): Promise<void> {
  await page.getByLabel("Module").setInputFiles(module);
  await page.getByRole("button", { name: "Upload and review" }).click();
}

/** What is on the page now, in both schemes and both widths. */
async function looksRight(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page);
  }
  await page.emulateMedia({ colorScheme: null });
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 780 });
  await expectNoSidewaysScroll(page);
  if (size) await page.setViewportSize(size);
}

const purge = (page: Page) => page.request.delete(`/api/plugins/${ID}?purge=true`);

/** Recordings outlive the data of their plugin: nothing of an earlier run is left. */
async function forgetRecordings(page: Page): Promise<void> {
  const left = (await (await page.request.get(`/api/plugins/${ID}/recordings`)).json()) as { id: string }[];
  for (const { id } of left) await page.request.delete(`/api/plugins/${ID}/recordings/${id}`);
}

const greet = (page: Page) => page.request.post(`/api/${ID}/teams/streams/greetings`, { data: {} });
const greetings = async (page: Page) => ((await (await page.request.get(`/api/${ID}/teams/streams`)).json()) as { greetings: number }).greetings;

/** The dialog that has just opened; the focus is inside of it. */
async function opened(page: Page, name: string | RegExp): Promise<Locator> {
  const dialog = page.getByRole("dialog", { name });
  await expect(dialog).toBeVisible();
  await expect(dialog.locator(":focus")).toHaveCount(1);
  return dialog;
}

test("a plugin's life, from its module to its removal and back", async ({ page, watch }) => {
  test.setTimeout(300_000);
  watch.allow(/40[049]|503/);
  await purge(page);

  await test.step("the form takes a module and nothing else", async () => {
    await page.goto("/plugins");
    await page.getByRole("link", { name: "Install plugin" }).click();
    await expect(heading(page, "Install plugin")).toBeFocused();
    await expect(page.getByRole("button", { name: "Upload and review" })).toBeDisabled();
    await page.getByLabel("Module").setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("not a module") });
    await expect(page.getByRole("alert")).toContainText("no WebAssembly module");
    await expect(page.getByRole("button", { name: "Upload and review" })).toBeDisabled();
    await looksRight(page);
    await upload(page, first);
    await expect(heading(page, "Install Greeter 0.1.0")).toBeFocused({ timeout: 60_000 }); // the module is compiled first
  });

  await test.step("nothing is activated before each decision is made", async () => {
    const activate = page.getByRole("button", { name: "Activate 0.1.0" });
    await expect(activate).toBeDisabled();
    await expect(page.getByText("2 decisions are left")).toBeVisible();
    await looksRight(page);
    await decide(page, "catalog", "Allow");
    await decide(page, "kv", "Narrow");
    const scope = page.getByRole("textbox", { name: "Scope of kv" });
    await scope.fill("{");
    await expect(page.getByText("Write a JSON object")).toBeVisible();
    await expect(activate).toBeDisabled();
    await scope.fill('{"quota": "512KiB"}');
    await looksRight(page);
    await activate.click();
    await expect(page).toHaveURL(new RegExp(`/plugins/${ID}$`));
    await expect(heading(page, "Greeter")).toBeFocused();
    await expect(page.getByRole("main").getByText("Running", { exact: true }).first()).toBeVisible();
    expect((await greet(page)).status()).toBeLessThan(300);
    expect(await greetings(page)).toBe(1);
  });

  await test.step("permissions show what is used, and are taken away and given back", async () => {
    await tab(page, "Permissions");
    await expect(page.getByText(/Granted today: keep up to 512.KiB/)).toBeVisible();
    await expect(page.getByText(/^Used \d+ times/).first()).toBeVisible();
    await looksRight(page);
    await decide(page, "kv", "Don't allow");
    await page.getByRole("button", { name: "Save 1 change" }).click();
    await expect(page.getByText("Not granted")).toBeVisible();
    expect((await page.request.get(`/api/${ID}/teams/streams`)).ok()).toBe(false);
    await decide(page, "kv", "Allow");
    await page.getByRole("button", { name: "Save 1 change" }).click();
    await expect(page.getByText("Not granted")).toHaveCount(0);
    expect(await greetings(page)).toBe(1);
  });

  await test.step("usage tells who calls what, as bars and as a table", async () => {
    await tab(page, "Usage");
    await expect(page.getByRole("img", { name: /^Calls: [1-9]/ })).toBeVisible();
    await page.getByRole("button", { name: "As a table: Calls" }).click();
    await expect(page.getByRole("region", { name: /^Calls/ }).getByRole("row")).not.toHaveCount(0);
    await expect(page.getByRole("rowheader", { name: "GET /teams/{team}" })).toBeVisible();
    await looksRight(page);
  });

  await test.step("a wrong setting is refused with its place", async () => {
    await tab(page, "Settings");
    const text = page.getByRole("textbox", { name: "Configuration as JSON" });
    await text.fill('{"greeting": ""}');
    await page.getByRole("button", { name: "Save configuration" }).click();
    await expect(page.getByRole("alert")).toContainText("/greeting");
    await text.fill('{"greeting": "Welcome"}');
    await page.getByRole("button", { name: "Save configuration" }).click();
    await expect(page.getByText("The plugin sees the new configuration")).toBeVisible();
    await looksRight(page);
  });

  await test.step("a version that asks for more waits, and the one before it runs", async () => {
    await page.getByRole("link", { name: "Upload version" }).click();
    await upload(page, second);
    await expect(heading(page, "Upgrade Greeter to 0.2.0")).toBeFocused();
    const digest = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1) ?? "");
    expect((await page.request.post(`/api/plugins/${ID}/activate`, { data: { digest } })).status()).toBe(409);
    await page.goto(`/plugins/${ID}`);
    await expect(page.getByText("0.2.0 asks for more than is granted")).toBeVisible();
    expect(await greetings(page)).toBe(1);
    await looksRight(page);
    await page.getByRole("link", { name: "Review" }).click();
  });

  await test.step("a canary gets its share, then everything", async () => {
    for (const word of ["New", "Wider"]) await expect(page.getByText(word, { exact: true })).toBeVisible();
    await decide(page, "blob", "Allow");
    await decide(page, "kv", "Allow");
    await page.getByRole("combobox", { name: "Calls for the new version" }).click();
    await page.getByRole("option", { name: /^10 %/ }).click();
    await page.getByRole("button", { name: "Start with 10 %" }).click();
    await expect(page.getByText(/^0\.2\.0 serves 10 % of the calls as a canary/)).toBeVisible();
    await looksRight(page);
    await page.getByRole("button", { name: "Give it all calls" }).click();
    await expect(page.getByText("as a canary")).toHaveCount(0);
    await tab(page, "Versions");
    await expect(page.getByRole("table", { name: "Runs now" }).getByRole("row", { name: /0\.2\.0 Current/ })).toBeVisible();
    await expect(page.getByRole("table", { name: "History" }).getByText("Canary promoted").first()).toBeVisible();
    await looksRight(page);
  });

  await test.step("the version before comes back", async () => {
    await act(page, "Roll back to 0.1.0");
    const dialog = await opened(page, "Roll Greeter back to 0.1.0?");
    await looksRight(page);
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await expect(dialog).toHaveCount(0);
    await expect(page.getByRole("table", { name: "Runs now" }).getByRole("row", { name: /0\.1\.0 Current/ })).toBeVisible();
    expect(await greetings(page)).toBe(1);
  });

  await test.step("disabling closes the door at once and says why, by keyboard alone", async () => {
    await page.getByRole("button", { name: "More actions" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Disable" }).press("Enter");
    const dialog = await opened(page, "Disable Greeter?");
    await expect(dialog.getByRole("textbox", { name: "Reason" })).toBeFocused();
    await looksRight(page);
    await page.keyboard.type("floods the log");
    await page.keyboard.press("Enter");
    await expect(page.getByText("Disabled: floods the log")).toBeVisible();
    expect((await page.request.get(`/api/${ID}/teams/streams`)).status()).toBe(503);
    await looksRight(page);
    await page.getByRole("button", { name: "Enable" }).click();
    await expect(page.getByText("Disabled: floods the log")).toHaveCount(0);
    await expect.poll(async () => (await page.request.get(`/api/${ID}/teams/streams`)).status(), { timeout: 30_000 }).toBe(200);
  });

  await test.step("calls are recorded, downloaded and deleted", async () => {
    await forgetRecordings(page);
    await tab(page, "Recordings");
    await expect(page.getByText("No call was recorded")).toBeVisible();
    await act(page, "Record calls");
    const dialog = await opened(page, "Record the next calls");
    await dialog.getByRole("textbox", { name: "How many" }).fill("2");
    await dialog.getByRole("button", { name: "Record", exact: true }).click();
    await expect(dialog).toHaveCount(0);
    for (let call = 0; call < 2; call++) await greetings(page);
    const table = page.getByRole("table", { name: "Recordings" });
    await expect(table.getByRole("row")).toHaveCount(3, { timeout: 30_000 });
    await looksRight(page);
    const downloading = page.waitForEvent("download");
    await table.getByRole("link", { name: /^Download/ }).first().click();
    expect((await downloading).suggestedFilename()).not.toBe("");
    await table.getByRole("button", { name: /^Delete/ }).first().click();
    await expect(table.getByRole("row")).toHaveCount(2);
  });

  await test.step("removing keeps the data for whoever installs it again", async () => {
    await act(page, "Remove");
    const dialog = await opened(page, "Remove Greeter?");
    await looksRight(page);
    await dialog.getByRole("button", { name: "Remove" }).click();
    await expect(heading(page, "Plugins")).toBeFocused();
    await expect(page.getByText("Greeter is removed")).toBeVisible();
    expect((await page.request.get(`/api/${ID}/teams/streams`)).status()).toBe(404);
    await page.getByRole("link", { name: "Install plugin" }).click();
    await upload(page, first);
    await expect(heading(page, "Install Greeter 0.1.0 again")).toBeVisible();
    await page.getByRole("button", { name: "Activate 0.1.0" }).click();
    await expect(page).toHaveURL(new RegExp(`/plugins/${ID}$`));
    expect(await greetings(page)).toBe(1);
  });

  await test.step("deleting the data wants the plugin's id typed", async () => {
    await act(page, "Remove");
    const dialog = await opened(page, "Remove Greeter?");
    await dialog.getByRole("checkbox", { name: "Delete its data too" }).check();
    await expect(dialog.getByRole("button", { name: "Remove" })).toBeDisabled();
    await dialog.getByRole("textbox", { name: `Type ${ID} to confirm` }).fill(ID);
    await dialog.getByRole("button", { name: "Remove" }).click();
    await expect(heading(page, "Plugins")).toBeVisible();
    await settled(page);
  });
});

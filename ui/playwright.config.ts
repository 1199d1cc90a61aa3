import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

// CALLBOARD_URL points the tests at a running server; without it they start the stand-in over the built files.
const running = process.env.CALLBOARD_URL;
const port = Number(process.env.PORT ?? 7107);
const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  workers: 2,
  retries: 0,
  timeout: 90_000,
  reporter: [["list"]],
  expect: { timeout: 10_000 },
  use: {
    baseURL: running ?? `http://127.0.0.1:${port}`,
    browserName: "chromium",
    launchOptions: {
      ...(existsSync(chromium) && { executablePath: chromium }),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    },
    permissions: ["clipboard-read", "clipboard-write"],
    screenshot: "only-on-failure",
  },
  ...(running === undefined && {
    webServer: { command: "node e2e/mock/server.mjs", url: `http://127.0.0.1:${port}/.callboard/ready`, env: { PORT: String(port) }, reuseExistingServer: false },
  }),
});

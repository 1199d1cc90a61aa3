import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The server of the API while developing: `npm run dev` beside a running Callboard.
const server = process.env.CALLBOARD_URL ?? "http://127.0.0.1:7007";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  // The host replaces the placeholder with a fresh nonce in each response.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    outDir: "dist",
    assetsDir: "assets",
    // dist/.gitkeep stays: Go embeds the folder even when nothing is built.
    emptyOutDir: false,
    // A data: URL would need its own exception in the content security policy.
    assetsInlineLimit: 0,
    manifest: true,
    sourcemap: false,
    target: "es2022",
  },
  server: {
    proxy: Object.fromEntries(["/api", "/.callboard", "/healthcheck", "/openapi.json"].map((path) => [path, { target: server, changeOrigin: true }])),
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["./src/test-setup.ts"],
    css: false,
    restoreMocks: true,
  },
});

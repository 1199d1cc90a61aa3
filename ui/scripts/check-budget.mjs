// Fails when the JavaScript of the first load, compressed, exceeds the budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 250_000;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const size = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;

// The first page is the entry, everything it imports statically, and the chunk of the page itself.
function reach(keys) {
  const seen = new Set();
  const visit = (key) => {
    if (seen.has(key)) return;
    seen.add(key);
    for (const next of manifest[key].imports ?? []) visit(next);
  };
  keys.forEach(visit);
  return [...new Set([...seen].map((key) => manifest[key].file))].filter((file) => file.endsWith(".js"));
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const pages = Object.keys(manifest).filter((key) => /src\/features\/[^/]+\/\w+Page\.tsx$/.test(key) && !key.includes("/gallery/"));
if (!entry || pages.length === 0) {
  console.error("check-budget: the manifest names no entry or no pages");
  process.exit(1);
}

let failed = false;
for (const page of pages) {
  const total = reach([entry, page]).reduce((sum, file) => sum + size(file), 0);
  const verdict = total <= BUDGET ? "ok" : "OVER";
  failed ||= total > BUDGET;
  console.log(`${verdict.padEnd(5)}${(total / 1000).toFixed(1).padStart(6)} kB of ${BUDGET / 1000} kB gzipped  ${page}`);
}
process.exit(failed ? 1 : 0);

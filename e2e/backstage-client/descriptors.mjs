// What the example company says about itself, read from its files without any Callboard code:
// the tests compare the server's answers with this.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";

const root = fileURLToPath(new URL("../../", import.meta.url));

// Folders whose YAML is not descriptors: API definitions, docs, what templates copy.
const others = new Set(["api", "docs", "skeleton"]);

function* files(folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!others.has(entry.name)) yield* files(path);
    } else if (entry.name.endsWith(".yaml")) {
      yield path;
    }
  }
}

// toJS resolves aliases; a placeholder such as {$text: …} stays as it is.
const read = (path) => parseAllDocuments(readFileSync(join(root, path), "utf8")).map((document) => document.toJS());

/** Every descriptor that app-config.yaml leads to. */
export const descriptors = [...files("examples/catalog"), "catalog-info.yaml"].flatMap(read).filter((document) => document?.apiVersion && document.kind);

export const ofKind = (kind) => descriptors.filter((descriptor) => descriptor.kind === kind);

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const built = fileURLToPath(new URL("../../examples/hello/dist/plugin.wasm", import.meta.url));

/** Whether examples/hello is built, as scripts/test.sh does before these tests. */
export const moduleIsBuilt = existsSync(built);

/** The code of examples/hello with a manifest of the test's own: two versions of one plugin without building twice. */
export function moduleOf(manifest: object): { name: string; mimeType: string; buffer: Buffer } {
  // A custom section: 0, its length, its name, its content. JSON is YAML.
  const name = Buffer.from("callboard.manifest");
  const body = Buffer.concat([leb128(name.length), name, Buffer.from(JSON.stringify(manifest))]);
  return { name: "plugin.wasm", mimeType: "application/wasm", buffer: Buffer.concat([readFileSync(built), Buffer.from([0]), leb128(body.length), body]) };
}

function leb128(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
